#include "gateway_fixture.hpp"
#include "pg/transaction.hpp"
#include "rpc/status_map.hpp"
#include "store/inbox_reads.hpp"
#include "support/status_matchers.hpp"

#include <catch2/catch.hpp>

#include <string>

using namespace unibox;  // NOLINT(google-build-using-namespace)
using test::GatewayFixture;

TEST_CASE("Tenants: every read path as another tenant gets nothing", "[pg][gateway]") {
    GatewayFixture fixture;
    const auto owner = fixture.AddTenant("owner");
    const auto other = fixture.AddTenant("other");
    fixture.AddConversations(owner, 1, 5, false);
    const std::string conversation = GatewayFixture::ConversationUuid(owner, 1);
    const std::string contact = GatewayFixture::ContactUuid(owner, 1);
    const std::vector<std::string> targets = {
        "/v1/conversations/" + conversation,
        "/v1/conversations/" + conversation + "/messages",
        "/v1/contacts/" + contact};
    for (const std::string& target : targets) {
        INFO(target);
        CHECK(fixture.Get(target, owner.key).status == 200);
        CHECK(fixture.Get(target, other.key).status == 404);
    }
    const std::string nothing = R"({"conversations":[],"nextPageToken":""})";
    CHECK(fixture.Get("/v1/conversations", other.key).body == nothing);
    const auto by_channel = "/v1/conversations?channelId=" + owner.channel;
    CHECK(fixture.Get(by_channel, owner.key).body != nothing);
    CHECK(fixture.Get(by_channel, other.key).body == nothing);
    CHECK(fixture.Get("/v1/conversations?status=4", other.key).body == nothing);
    CHECK(fixture.Get("/v1/conversations?unread=true", other.key).body == nothing);
}

TEST_CASE("Tenants: row security alone would keep them apart", "[pg][gateway]") {
    auto& server = test::PgServer::Shared();
    GatewayFixture fixture(server);
    const auto owner = fixture.AddTenant("rls-owner");
    const auto other = fixture.AddTenant("rls-other");
    fixture.AddConversations(owner, 1, 5, false);
    obs::Metrics metrics;
    const auto pool = pg::Pool::Create(fixture.settings("ub_gateway"), metrics);
    REQUIRE_OK(pool);
    // Without any condition of ours.
    const pg::Statement counts[] = {
        {"conversations", "SELECT count(*) FROM conversations"},
        {"conversation_counters", "SELECT count(*) FROM conversation_counters"},
        {"contacts", "SELECT count(*) FROM contacts"},
        {"messages", "SELECT count(*) FROM messages"}};
    for (const pg::Statement& statement : counts) {
        const auto count = [&](TenantId tenant) {
            auto tx = pg::TenantTx::Begin(**pool, tenant, pg::Access::kReadOnly);
            REQUIRE_OK(tx);
            const auto rows = tx->Execute(statement, {});
            REQUIRE_OK(rows);
            return (*rows)[0].Int64(0);
        };
        INFO(statement.name);
        CHECK(count(other.id) == 0);
        CHECK(count(owner.id) == (std::string_view(statement.name) == "messages" ? 0 : 5));
    }
}
