// What the service as it is put together sends to message-writer; the rest is tested without a
// database (tests/unit/gateway), and with the real writer in tests/e2e.
#include "gateway_fixture.hpp"
#include "rpc/status_map.hpp"
#include "support/recording_writer.hpp"
#include "support/status_matchers.hpp"

#include <catch2/catch.hpp>

#include <string>

using namespace unibox;  // NOLINT(google-build-using-namespace)
using test::GatewayFixture;

namespace {

const std::string kConversation = "01901f3e-0000-7000-8000-000000000001";

http::Response Close(GatewayFixture& fixture, const std::string& key) {
    const std::string url = "http://" + fixture.gateway().address("http") + "/v1/conversations/" +
                            kConversation + ":close";
    auto response =
        http::Send("POST", url, {{"Authorization", "Bearer " + key}}, "", Millis(30'000));
    REQUIRE_OK(response);
    return std::move(response).value();
}

}  // namespace

TEST_CASE("Writes: a command has its key's tenant, id and name", "[pg][gateway]") {
    test::RecordingWriter writer;
    auto config = GatewayFixture::DefaultConfig();
    config.writer.client.target = writer.address();
    GatewayFixture fixture(test::PgServer::Shared(), config);
    const auto tenant = fixture.AddTenant("writes");
    const auto key = fixture.AddKey(tenant, "helpdesk", "inbox:write");
    CHECK(Close(fixture, key).status == 200);
    v1::CloseConversationRequest request;
    request.set_conversation_id(kConversation);
    v1::ChangeConversationResponse response;
    REQUIRE_OK(rpc::FromGrpc(
        fixture.stub().CloseConversation(GatewayFixture::Context(key).get(), request, &response)
    ));
    const auto heard = writer.heard();
    REQUIRE(heard.size() == 2);
    for (const auto& one : heard) {
        const auto& header = one.command.header();
        CHECK(header.tenant_id() == tenant.id.value);
        CHECK(header.actor().kind() == v1::ACTOR_KIND_API_KEY);
        CHECK(header.actor().name() == "helpdesk");
        CHECK(header.request_key().scope() == "key:" + header.actor().id());
    }
    CHECK(Close(fixture, tenant.key).status == 403);  // It may read alone.
    CHECK(writer.heard().size() == 2);
}

TEST_CASE("Writes: the gateway starts and reads while no writer is there", "[pg][gateway]") {
    GatewayFixture fixture;
    const auto tenant = fixture.AddTenant("writerless");
    const auto key = fixture.AddKey(tenant, "writer", "inbox:write");
    const auto response = Close(fixture, key);
    CHECK(response.status == 503);
    CHECK(response.Find("Retry-After").has_value());
    CHECK(response.body.find("WRITER_UNAVAILABLE") != std::string::npos);
    CHECK(fixture.Get("/v1/conversations", tenant.key).status == 200);
}
