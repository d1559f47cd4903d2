// Whoever takes API keys says the same of them: gateway and webhook-ingest on one database.
#include "crypto/hash.hpp"
#include "crypto/random.hpp"
#include "gateway/service.hpp"
#include "ingest_fixture.hpp"
#include "rpc/status_map.hpp"
#include "support/eventually.hpp"
#include "support/no_limits.hpp"
#include "support/status_matchers.hpp"
#include "unibox/v1/inbox_service.grpc.pb.h"
#include "unibox/v1/ingest_service.grpc.pb.h"

#include <catch2/catch.hpp>
#include <grpcpp/grpcpp.h>

namespace unibox::test {
namespace {

struct BothServices {
    BothServices() {
        gateway::Config config;
        config.http.listen = config.grpc.listen = "127.0.0.1:0";
        config.nats.url = ingest.nats.url();
        config.redis.url = kAwayRedis;
        config.limits = NoLimits();
        config.postgres.url = ingest.database.url("ub_gateway");
        auto started = gateway::CreateService(config, SystemClock(), metrics);
        REQUIRE_OK(started);
        gateway = std::move(started).value();
        REQUIRE_OK(gateway->Start());
        inbox_stub = v1::InboxService::NewStub(ChannelTo(gateway->address("grpc")));
        ingest_stub = v1::IngestService::NewStub(ChannelTo(ingest.service->address("grpc")));
    }
    static std::shared_ptr<grpc::Channel> ChannelTo(const std::string& address) {
        return grpc::CreateChannel(address, grpc::InsecureChannelCredentials());
    }

    // One that may do both, unless other scopes are given.
    std::string PutKey(
        const std::string& name, std::vector<std::string> scopes = {"inbox:read", "ingest:write"}
    ) {
        const Secret key = crypto::NewApiKey();
        const store::ApiKeySpec spec{name, crypto::Sha256(key.Reveal()), std::move(scopes)};
        REQUIRE_OK(store::PutApiKey(*ingest.admin, ingest.first, spec));
        return std::string(key.Reveal());
    }
    void Sql(const std::string& sql) { PgServer::Shared().Run(ingest.database.name(), sql); }

    // Each call has a valid principal if it comes to that, and changes nothing.
    Status AskGateway(const std::string& authorization) {
        grpc::ClientContext context;
        if (!authorization.empty()) context.AddMetadata("authorization", authorization);
        v1::ListConversationsResponse response;
        return rpc::FromGrpc(inbox_stub->ListConversations(&context, {}, &response));
    }
    Status AskIngest(const std::string& authorization) {
        grpc::ClientContext context;
        if (!authorization.empty()) context.AddMetadata("authorization", authorization);
        v1::IngestRequest request;
        request.set_channel_id(NewUuidV7(1).ToString());
        request.set_message_id("m");
        request.set_contact_id("c");
        request.set_text("t");
        v1::IngestResponse response;
        return rpc::FromGrpc(ingest_stub->Ingest(&context, request, &response));
    }
    bool BothAccept(const std::string& authorization) {
        return AskGateway(authorization).ok() &&
               AskIngest(authorization).reason() == "CHANNEL_NOT_FOUND";
    }
    // The reason that both give; the text is the same too, but that it names the scope.
    std::string Refusal(const std::string& authorization) {
        const Status gateway_says = AskGateway(authorization);
        const Status ingest_says = AskIngest(authorization);
        CHECK(gateway_says.code() == ingest_says.code());
        CHECK(gateway_says.reason() == ingest_says.reason());
        if (gateway_says.code() == Code::kUnauthenticated) {
            CHECK(gateway_says.message() == ingest_says.message());
        }
        return gateway_says.reason();
    }

    IngestFixture ingest;
    obs::Metrics metrics;
    std::unique_ptr<runtime::Service> gateway;
    std::unique_ptr<v1::InboxService::Stub> inbox_stub;
    std::unique_ptr<v1::IngestService::Stub> ingest_stub;
};

TEST_CASE("Credentials: both services take the same and refuse the same", "[nats][pg]") {
    BothServices both;
    const std::string good = both.PutKey("good");
    const std::string revoked = both.PutKey("revoked");
    const std::string expired = both.PutKey("expired");
    const std::string powerless = both.PutKey("powerless", {"inbox:reading", "ingest:"});
    both.Sql("UPDATE api_keys SET revoked_at = now() WHERE name = 'revoked'");
    both.Sql("UPDATE api_keys SET expires_at = now() - interval '1 s' WHERE name = 'expired'");
    std::string unknown = good;
    unknown.back() = unknown.back() == 'A' ? 'E' : 'A';

    for (const std::string scheme : {"Bearer ", "bearer ", "BEARER ", "Bearer   "}) {
        INFO(scheme);
        CHECK(both.BothAccept(scheme + good));
        CHECK(both.BothAccept(scheme + good + " "));
    }
    const std::string none;
    for (const std::string& refused :
         {none,
          good,
          "Basic " + good,
          "Bearer" + good,
          std::string("Bearer"),
          std::string("Bearer x"),
          "Bearer " + good + ", Bearer " + good,
          "Bearer " + unknown,
          "Bearer " + revoked,
          "Bearer " + expired}) {
        INFO(refused);
        CHECK(both.Refusal(refused) == "API_KEY_INVALID");
    }
    CHECK(both.Refusal("Bearer " + powerless) == "SCOPE_MISSING");
}

TEST_CASE("Credentials: one notice ends a revoked key in both services", "[nats][pg]") {
    BothServices both;
    const std::string key = "Bearer " + both.PutKey("leaving");
    const std::string kept = "Bearer " + both.PutKey("staying");
    REQUIRE(both.BothAccept(key));
    REQUIRE(both.BothAccept(kept));
    both.Sql("UPDATE api_keys SET revoked_at = now() WHERE name = 'leaving'");
    REQUIRE(Eventually(std::chrono::seconds(20), [&] {
        // Until both have their connection, a notice may be missed.
        both.ingest.TellChanges();
        return both.AskGateway(key).code() == Code::kUnauthenticated &&
               both.AskIngest(key).code() == Code::kUnauthenticated;
    }));
    CHECK(both.BothAccept(kept));
}

}  // namespace
}  // namespace unibox::test
