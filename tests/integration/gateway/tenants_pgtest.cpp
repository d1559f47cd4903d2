// No tenant reads what is another's: through the API, and with SQL of its own where row-level
// security alone stands between. Every check is made twice: the owner does see it.
#include "gateway_fixture.hpp"
#include "pg/transaction.hpp"
#include "rpc/status_map.hpp"
#include "support/status_matchers.hpp"

#include <catch2/catch.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <string>
#include <vector>

using namespace unibox;  // NOLINT(google-build-using-namespace)
using test::GatewayFixture;
using test::TestTenant;

namespace {

// Who works there, and what they did.
void FillPeople(GatewayFixture& fixture, const test::TestTenant& tenant) {
    fixture.Sql(fmt::format(
        "INSERT INTO agents (tenant_id, agent_id, external_id, name, role) "
        "VALUES ({0}, '{1}', 'sub', 'Ada', 1);"
        "INSERT INTO teams (tenant_id, team_id, slug, name) VALUES ({0}, '{1}', 't', 'Team');"
        "INSERT INTO team_members (tenant_id, team_id, agent_id) VALUES ({0}, '{1}', '{1}');"
        "INSERT INTO channel_members (tenant_id, channel_id, agent_id) "
        "VALUES ({0}, '{2}', '{1}');"
        "INSERT INTO command_audit (tenant_id, at, command_id, conversation_id, actor_kind, "
        "action, changes) VALUES ({0}, now(), gen_random_uuid(), gen_random_uuid(), 2, "
        "'set_status', '');"
        "INSERT INTO conversation_tallies VALUES ({0}, '{2}', 1, '{1}', '{1}', 0, 1, 1, 1, 1);"
        "INSERT INTO saved_views VALUES ({0}, '{1}', '{1}', 'v', '', 0, 0);"
        "INSERT INTO inbox_volumes VALUES "
        "({0}, 1, now(), '{2}', '{1}', 0, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1)",
        tenant.id.value,
        NewUuidV7(1).ToString(),
        tenant.channel
    ));
}

// What its administrators made, and what search knows.
void FillSettings(GatewayFixture& fixture, const test::TestTenant& tenant) {
    fixture.Sql(fmt::format(
        "INSERT INTO labels (tenant_id, label_id, name, color, description) "
        "VALUES ({0}, '{1}', 'vip', '', '');"
        "INSERT INTO attribute_definitions (tenant_id, attribute_id, name, display_name, type, "
        "options) VALUES ({0}, '{1}', 'order', 'Order', 1, '{{}}');"
        "INSERT INTO canned_replies (tenant_id, reply_id, slug, body) "
        "VALUES ({0}, '{1}', 'hi', 'Hello');"
        "INSERT INTO webhook_endpoints (tenant_id, endpoint_id, slug, url, events, "
        "sealed_secrets) VALUES ({0}, '{1}', 'w', 'https://w/', '{{}}', '{{x}}');"
        "INSERT INTO message_search (tenant_id, conversation_id, seq, created_at, channel_id, "
        "words) VALUES ({0}, '{1}', 1, now(), '{2}', '');"
        "INSERT INTO contact_search (tenant_id, contact_id, channel_id, folded, grams) "
        "VALUES ({0}, '{1}', '{2}', '', '')",
        tenant.id.value,
        NewUuidV7(1).ToString(),
        tenant.channel
    ));
}

// Something in every tenant table: five conversations, the fifth of them closed, three messages in
// the first. AddTenant made the rows of tenants and api_keys.
void FillEverything(GatewayFixture& fixture, const TestTenant& tenant) {
    fixture.AddConversations(tenant, 1, 5, false);
    const std::string id = tenant.id.ToString();
    const std::string first = GatewayFixture::ConversationUuid(tenant, 1);
    const std::string fifth = GatewayFixture::ConversationUuid(tenant, 5);
    fixture.Sql(fmt::format(
        "INSERT INTO messages (tenant_id, conversation_id, seq, created_at, message_id, "
        "channel_id, "
        "direction, kind, body, received_at, version) SELECT {0}, '{1}', n, now(), "
        "gen_random_uuid(), '{2}', 1, 1, 'Secret ' || n, now(), n FROM generate_series(1, 3) n",
        id,
        first,
        tenant.channel
    ));
    fixture.Sql(fmt::format(
        "UPDATE conversation_counters SET last_seq = 3, first_message_at = m.first, "
        "last_message_at = m.last FROM (SELECT min(created_at) AS first, max(created_at) AS last "
        "FROM messages WHERE tenant_id = {0}) m WHERE tenant_id = {0} AND conversation_id = '{1}'",
        id,
        first
    ));
    for (const std::string table : {"conversations", "conversation_counters"}) {
        fixture.Sql(fmt::format(
            "UPDATE {} SET {} closed_at = date_trunc('day', now()) WHERE tenant_id = {} AND "
            "conversation_id = '{}'",
            table,
            table == "conversations" ? "status = 4," : "",
            id,
            fifth
        ));
    }
    fixture.Sql(fmt::format(
        "INSERT INTO channels (tenant_id, channel_id, slug, name, provider, route_key) "
        "VALUES ({0}, '{1}', 'c', 'c', 1, 'r');"
        "INSERT INTO channel_secrets (tenant_id, channel_id, secret_id, sealed, fingerprint) "
        "VALUES ({0}, '{1}', gen_random_uuid(), 'x', 'x');"
        "INSERT INTO jwt_issuers (tenant_id, issuer_id, name, issuer, audience, algorithms, "
        "jwks_url) VALUES ({0}, '{1}', 'j', 'i', 'a', '{{ES256}}', 'https://i/');"
        "INSERT INTO threads (tenant_id, channel_id, thread_key, contact_id, created_at) "
        "VALUES ({0}, '{1}', 't', '{2}', now());"
        "INSERT INTO ext_ref (tenant_id, channel_id, event_key, seen_at) "
        "VALUES ({0}, '{1}', gen_random_uuid(), now());"
        "INSERT INTO contact_moves (tenant_id, channel_id, contact_key, contact_id, moved_at) "
        "VALUES ({0}, '{1}', 'k', '{2}', now());"
        "INSERT INTO parked_events (tenant_id, channel_id, target_key, event_key, event, "
        "parked_at) "
        "VALUES ({0}, '{1}', gen_random_uuid(), gen_random_uuid(), 'x', now())",
        id,
        tenant.channel,
        GatewayFixture::ContactUuid(tenant, 1)
    ));
    FillPeople(fixture, tenant);
    FillSettings(fixture, tenant);
}

// Counts rows of `owner` in raw SQL as a role, in a transaction of whichever tenant.
class RawReader {
public:
    RawReader(GatewayFixture& fixture, std::string_view role) {
        auto pool = pg::Pool::Create(fixture.settings(role), metrics_);
        REQUIRE_OK(pool);
        pool_ = std::move(pool).value();
    }

    // Of the tenant tables, those of which the role may read anything.
    std::vector<std::string> Tables() {
        const auto rows = Run(
            "",
            "SELECT relname::text FROM pg_class WHERE relnamespace = 'public'::regnamespace AND "
            "relforcerowsecurity AND NOT relispartition AND relname <> 'directory' AND "
            "has_column_privilege(oid, 'tenant_id', 'SELECT') ORDER BY relname"
        );
        std::vector<std::string> names;
        for (const auto row : rows) names.emplace_back(row.Text(0));
        return names;
    }
    std::int64_t Count(const std::string& table, TenantId owner, const std::string& reader) {
        const std::string sql =
            "SELECT count(tenant_id) FROM " + table + " WHERE tenant_id = " + owner.ToString();
        return Run(reader, sql)[0].Int64(0);
    }

private:
    pg::Rows Run(const std::string& tenant_setting, const std::string& sql) {
        auto tx = pg::SystemTx::Begin(*pool_, pg::Access::kReadOnly);
        REQUIRE_OK(tx);
        REQUIRE_OK(tx->ExecuteUnprepared(
            "SELECT set_config('app.tenant_id', '" + tenant_setting + "', true)"
        ));
        auto rows = tx->ExecuteUnprepared(sql);
        REQUIRE_OK(rows);
        return std::move(rows).value();
    }

    obs::Metrics metrics_;
    std::unique_ptr<pg::Pool> pool_;
};

}  // namespace

TEST_CASE("Tenants: every read path as another tenant gets nothing", "[pg][gateway]") {
    GatewayFixture fixture;
    const auto owner = fixture.AddTenant("owner");
    const auto other = fixture.AddTenant("other");
    FillEverything(fixture, owner);
    const std::string list = "/v1/conversations";
    const std::string open = list + "/" + GatewayFixture::ConversationUuid(owner, 1);
    const std::string closed = list + "/" + GatewayFixture::ConversationUuid(owner, 5);
    const std::string contact = "/v1/contacts/" + GatewayFixture::ContactUuid(owner, 1);
    struct One {
        std::string target;
        std::string seen;
    };
    const std::vector<One> things = {
        {open, "Preview 1"},
        {closed, "CONVERSATION_STATUS_CLOSED"},
        {contact, "Contact 1"},
        {open + "/messages", "Secret 3"},
        {open + "/messages?order=ORDER_OLDEST_FIRST", "Secret 1"},
        {open + "/messages?afterSeq=2", "Secret 3"},
        {open + "/audit", "nextPageToken"}};
    for (const One& one : things) {
        INFO(one.target);
        const auto seen = fixture.Get(one.target, owner.key);
        CHECK(seen.status == 200);
        CHECK(seen.body.find(one.seen) != std::string::npos);
        const auto unseen = fixture.Get(one.target, other.key);
        CHECK(unseen.status == 404);
        CHECK(unseen.body.find(one.seen) == std::string::npos);
    }
    const std::string nothing = R"({"conversations":[],"nextPageToken":""})";
    for (const std::string& query :
         {std::string(),
          std::string("?status=2"),
          std::string("?status=CONVERSATION_STATUS_CLOSED"),
          std::string("?unread=true"),
          "?channelId=" + owner.channel,
          "?unread=true&channelId=" + owner.channel,
          "?status=4&channelId=" + owner.other_channel}) {
        INFO(query);
        CHECK(fixture.Get(list + query, owner.key).body.find("Preview") != std::string::npos);
        CHECK(fixture.Get(list + query, other.key).body == nothing);
    }
}

TEST_CASE("Tenants: over gRPC the same", "[pg][gateway]") {
    GatewayFixture fixture;
    const auto owner = fixture.AddTenant("grpc-owner");
    const auto other = fixture.AddTenant("grpc-other");
    FillEverything(fixture, owner);
    const std::string conversation = GatewayFixture::ConversationUuid(owner, 1);
    const auto codes_of = [&](const std::string& key) {
        std::vector<Code> codes;
        const auto add = [&](const grpc::Status& status) {
            codes.push_back(rpc::FromGrpc(status).code());
        };
        v1::GetConversationRequest get;
        get.set_conversation_id(conversation);
        v1::Conversation found;
        add(fixture.stub().GetConversation(GatewayFixture::Context(key).get(), get, &found));
        v1::ListMessagesRequest messages;
        messages.set_conversation_id(conversation);
        v1::ListMessagesResponse page;
        add(fixture.stub().ListMessages(GatewayFixture::Context(key).get(), messages, &page));
        v1::GetContactRequest contact;
        contact.set_contact_id(GatewayFixture::ContactUuid(owner, 1));
        v1::Contact person;
        add(fixture.stub().GetContact(GatewayFixture::Context(key).get(), contact, &person));
        return codes;
    };
    CHECK(codes_of(owner.key) == std::vector<Code>(3, Code::kOk));
    CHECK(codes_of(other.key) == std::vector<Code>(3, Code::kNotFound));
    const auto count_of = [&](const std::string& key) {
        v1::ListConversationsResponse page;
        const auto context = GatewayFixture::Context(key);
        REQUIRE(fixture.stub().ListConversations(context.get(), {}, &page).ok());
        return page.conversations_size();
    };
    CHECK(count_of(owner.key) == 4);  // The fifth is closed.
    CHECK(count_of(other.key) == 0);
}

TEST_CASE("Tenants: row security alone would keep them apart", "[pg][gateway]") {
    GatewayFixture fixture;
    const auto owner = fixture.AddTenant("rls-owner");
    const auto other = fixture.AddTenant("rls-other");
    FillEverything(fixture, owner);
    std::vector<std::string> seen;
    for (const std::string role : {"ub_gateway", "ub_admin"}) {
        RawReader reader(fixture, role);
        const auto tables = reader.Tables();
        for (const std::string& table : tables) {
            INFO(role << " reads " << table);
            CHECK(reader.Count(table, owner.id, owner.id.ToString()) > 0);
            CHECK(reader.Count(table, owner.id, other.id.ToString()) == 0);
            CHECK(reader.Count(table, owner.id, "") == 0);  // No tenant is no tenant's.
        }
        seen.insert(seen.end(), tables.begin(), tables.end());
    }
    std::sort(seen.begin(), seen.end());
    seen.erase(std::unique(seen.begin(), seen.end()), seen.end());
    CHECK(seen == RawReader(fixture, "postgres").Tables());  // None was left out.
    CHECK(seen.size() == 27);
}
