// Reads from a replica that stands still: who changed something sees it, whatever the transport.
#include "gateway_fixture.hpp"
#include "pg/transaction.hpp"
#include "rpc/status_map.hpp"
#include "support/eventually.hpp"
#include "support/pg_replica.hpp"
#include "support/recording_writer.hpp"
#include "support/status_matchers.hpp"

#include <catch2/catch.hpp>
#include <fmt/format.h>

#include <memory>
#include <string>
#include <vector>

using namespace unibox;  // NOLINT(google-build-using-namespace)
using namespace std::chrono_literals;
using test::GatewayFixture;
using test::HasCode;

namespace {

struct ReplicatedGateway {
    ReplicatedGateway() : fixture(primary, ConfigFor(replica, writer)) {
        writer.AnswerWith([this](const auto& /*heard*/, writer::v1::ApplyResponse& response) {
            return Change(response);
        });
        tenant = fixture.AddTenant("replicated");
        writes = fixture.AddKey(tenant, "writes", "inbox:write");
        fixture.AddConversations(tenant, 1, 3, false);
        conversation = "/v1/conversations/" + GatewayFixture::ConversationUuid(tenant, 2);
    }

    static gateway::Config ConfigFor(
        const test::PgReplica& replica, const test::RecordingWriter& writer
    ) {
        auto config = GatewayFixture::DefaultConfig();
        config.writer.client.target = writer.address();
        config.reads.urls = {fmt::format("postgresql://ub_gateway@127.0.0.1:{}", replica.port())};
        config.reads.lag_ms_max = 60'000;
        config.reads.probe_interval_ms = 20;
        return config;
    }

    // What message-writer does, as far as this test looks.
    Status Change(writer::v1::ApplyResponse& response) {
        fixture.Sql("UPDATE conversation_counters SET version = version + 1");
        fixture.Sql("UPDATE conversations SET version = version + 1, preview = 'changed'");
        auto pool = pg::Pool::Create(fixture.settings("postgres"), metrics).value();
        UNIBOX_ASSIGN_OR_RETURN(auto tx, pg::SystemTx::Begin(*pool, pg::Access::kReadOnly));
        UNIBOX_ASSIGN_OR_RETURN(
            const auto rows, tx.ExecuteUnprepared("SELECT pg_current_wal_flush_lsn()::text")
        );
        response.set_consistency_token(std::string(rows[0].Text(0)));
        return {};
    }
    std::string ChangeOverHttp() {
        const auto response = Send("POST", conversation + ":open", writes, {});
        REQUIRE(response.status == 200);
        const auto token = response.Find("Consistency-Token");
        REQUIRE(token.has_value());
        return std::string(*token);
    }

    http::Response Send(
        const std::string& method,
        const std::string& target,
        const std::string& key,
        std::vector<http::Header> headers
    ) {
        headers.push_back({"Authorization", "Bearer " + key});
        const std::string url = "http://" + fixture.gateway().address("http") + target;
        auto response = http::Send(method, url, headers, "", Millis(60'000));
        REQUIRE_OK(response);
        return std::move(response).value();
    }
    http::Response Read(const std::string& target, std::vector<http::Header> headers = {}) {
        return Send("GET", target, tenant.key, std::move(headers));
    }
    double AtReplica() {
        return fixture.metrics().GetCounter(
                                    "unibox_pg_reads_total", "", {{"server", "replica"}}
        ).Get();
    }
    bool EventuallyShown(const std::string& version) {
        return test::Eventually(60s, [&] {
            const double before = AtReplica();
            const auto read = Read(conversation);
            return read.Find("ETag") == version && AtReplica() > before;
        });
    }

    test::PgServer primary{test::PgReplica::PrimarySettings()};
    test::PgReplica replica{primary};
    test::RecordingWriter writer;
    GatewayFixture fixture;
    obs::Metrics metrics;
    test::TestTenant tenant;
    std::string writes;
    std::string conversation;
};

}  // namespace

TEST_CASE("Replica: who changed something sees it while the replica is paused", "[pg][gateway]") {
    ReplicatedGateway all;
    REQUIRE(all.EventuallyShown("\"2\""));
    all.replica.Pause();
    const http::Header token{"Consistency-Token", all.ChangeOverHttp()};
    // Without it, what the replica shows is allowed to be old; and what is known is not sent again.
    CHECK(all.Read(all.conversation).Find("ETag") == "\"2\"");
    CHECK(all.Read(all.conversation, {{"If-None-Match", "\"2\""}}).status == 304);
    const auto seen = all.Read(all.conversation, {token, {"If-None-Match", "\"2\""}});
    CHECK(seen.status == 200);
    CHECK(seen.Find("ETag") == "\"3\"");
    CHECK(all.Read(all.conversation, {token, {"If-None-Match", "\"3\""}}).status == 304);
    CHECK(all.Read(all.conversation + "?consistencyToken=" + token.value).Find("ETag") == "\"3\"");
    const auto list = all.Read("/v1/conversations", {token});
    CHECK(list.status == 200);
    CHECK(list.body.find("changed") != std::string::npos);
    CHECK(all.Read("/v1/conversations").body.find("changed") == std::string::npos);

    v1::GetConversationRequest request;
    request.set_conversation_id(GatewayFixture::ConversationUuid(all.tenant, 2));
    const auto read_by_grpc = [&] {
        v1::Conversation conversation;
        const auto context = GatewayFixture::Context(all.tenant.key);
        REQUIRE_OK(
            rpc::FromGrpc(all.fixture.stub().GetConversation(context.get(), request, &conversation))
        );
        return conversation.version();
    };
    CHECK(read_by_grpc() == 2);
    request.set_consistency_token(token.value);
    CHECK(read_by_grpc() == 3);

    all.replica.Resume();
    CHECK(all.EventuallyShown("\"3\""));
}

TEST_CASE("Replica: the gateway reads without it, and without the primary", "[pg][gateway]") {
    ReplicatedGateway all;
    REQUIRE(all.EventuallyShown("\"2\""));
    const http::Header token{"Consistency-Token", all.ChangeOverHttp()};
    REQUIRE(all.EventuallyShown("\"3\""));
    all.replica.Kill9();
    CHECK(all.Read(all.conversation).Find("ETag") == "\"3\"");
    CHECK(all.Read(all.conversation, {token}).Find("ETag") == "\"3\"");
    all.replica.Start();
    REQUIRE(all.EventuallyShown("\"3\""));
    // Keys that are known, and what the token says, are enough.
    all.primary.Kill9();
    CHECK(test::Eventually(60s, [&] {
        return all.Read(all.conversation, {token}).Find("ETag") == "\"3\"";
    }));
    all.replica.Kill9();
    const auto away = all.Read(all.conversation, {token});
    CHECK(away.status == 503);
    CHECK(away.body.find("DATABASE_UNAVAILABLE") != std::string::npos);
    all.primary.Start();
    all.replica.Start();
    CHECK(test::Eventually(60s, [&] { return all.Read(all.conversation).status == 200; }));
    CHECK(all.EventuallyShown("\"3\""));
}

TEST_CASE("Replica: a token that is none is refused by each read", "[pg][gateway]") {
    GatewayFixture fixture;
    const auto tenant = fixture.AddTenant("tokens");
    fixture.AddConversations(tenant, 1, 1, false);
    const std::string one = "/v1/conversations/" + GatewayFixture::ConversationUuid(tenant, 1);
    for (const std::string& target :
         {std::string("/v1/conversations"),
          one,
          one + "/messages",
          one + "/audit",
          "/v1/contacts/" + GatewayFixture::ContactUuid(tenant, 1)}) {
        INFO(target);
        const auto refused = fixture.Get(target + "?consistencyToken=soon", tenant.key);
        CHECK(refused.status == 400);
        CHECK(refused.body.find("consistencyToken") != std::string::npos);
        CHECK(fixture.Get(target, tenant.key).status == 200);
        // With the primary alone, whatever was committed is seen.
        CHECK(fixture.Get(target + "?consistencyToken=0/1", tenant.key).status == 200);
        CHECK(fixture.Get(target + "?consistencyToken=FFFFFFFF/0", tenant.key).status == 200);
    }
}
