// What each role may do, tried with its own login.
#include "store_fixture.hpp"

namespace unibox::store {
namespace {

using test::StoreFixture;

struct Attempt {
    const char* role;
    const char* sql;
};

TEST_CASE("Roles: what is not theirs is refused with 42501", "[pg][store]") {
    StoreFixture fixture;
    const Attempt attempts[] = {
        {"ub_writer", "SELECT * FROM api_keys"},
        {"ub_writer", "SELECT * FROM channel_secrets"},
        {"ub_writer", "SELECT token_hash FROM channels"},
        {"ub_writer", "SELECT * FROM tenants"},
        {"ub_writer", "SELECT * FROM directory"},
        {"ub_writer", "SELECT * FROM provider_app_secrets"},
        {"ub_writer", "UPDATE channels SET name = 'x'"},
        {"ub_writer", "DELETE FROM messages"},
        {"ub_writer", "DELETE FROM conversations"},
        {"ub_writer", "TRUNCATE ext_ref"},
        {"ub_writer",
         "INSERT INTO ingest_gap (generation, partition, first_seq, last_seq, "
         "acknowledged_by) VALUES (1, 1, 1, 1, 'me')"},
        {"ub_writer",
         "INSERT INTO ingest_burial (generation, partition, stream_created, last_break, first_seq, "
         "last_seq, undecodable_count, buried_by, reason) VALUES (1, 1, now(), 0, 1, 1, 1, 'me', "
         "'so')"},
        {"ub_writer", "UPDATE ingest_burial SET last_seq = 9"},
        {"ub_writer", "SELECT * FROM ub_find_api_key('x')"},
        {"ub_gateway", "INSERT INTO contacts SELECT * FROM contacts"},
        {"ub_gateway", "UPDATE conversations SET status = 1"},
        {"ub_gateway", "UPDATE conversation_counters SET last_seq = 1"},
        {"ub_gateway", "DELETE FROM messages"},
        {"ub_gateway", "SELECT 1 FROM messages FOR UPDATE"},
        {"ub_gateway", "SELECT * FROM api_keys"},
        {"ub_gateway", "SELECT token_hash FROM channels"},
        {"ub_gateway", "SELECT * FROM jwt_issuers"},
        {"ub_gateway", "SELECT * FROM operator_jwt_issuers"},
        {"ub_gateway", "SELECT * FROM directory"},
        {"ub_ingest", "SELECT * FROM ub_find_jwt_issuers('{a}', '{b}')"},
        {"ub_ingest", "SELECT * FROM ub_find_tenants('{a}')"},
        {"ub_writer", "SELECT * FROM jwt_issuers"},
        {"ub_gateway", "SELECT * FROM outbox"},
        {"ub_gateway", "SELECT * FROM ext_ref"},
        {"ub_gateway", "SELECT ub_make_partitions()"},
        {"ub_gateway", "SELECT ub_make_partition('messages', now())"},
        {"ub_gateway", "SELECT ub_drop_old_leaves('ext_ref')"},
        {"ub_gateway", "SELECT ub_drop_old_ext_ref()"},
        {"ub_writer", "UPDATE time_partitioned SET kept = '1 day'"},
        {"ub_admin", "DELETE FROM time_partitioned"},
        {"ub_admin", "SELECT ub_audit_add(NULL, '', '', '', NULL, NULL, '')"},
        {"ub_gateway", "SELECT * FROM ub_detached_leaves()"},
        {"ub_gateway", "SELECT * FROM ub_find_channel(1, gen_random_uuid())"},
        {"ub_ingest", "SELECT * FROM tenants"},
        {"ub_ingest", "SELECT * FROM channels"},
        {"ub_ingest", "SELECT * FROM directory"},
        {"ub_ingest", "SELECT * FROM provider_apps"},
        {"ub_ingest", "SELECT * FROM messages"},
        {"ub_ingest", "SELECT * FROM schema_migrations"},
        {"ub_ingest", "SELECT ub_make_partitions()"},
        {"ub_admin", "INSERT INTO messages SELECT * FROM messages"},
        {"ub_admin", "DELETE FROM tenants"},
        {"ub_admin", "UPDATE ingest_burial SET buried_by = 'nobody'"},
        {"ub_admin", "DELETE FROM ingest_burial"},
        {"ub_admin", "UPDATE schema_migrations SET checksum = ''"},
    };
    for (const Attempt& attempt : attempts) {
        CAPTURE(attempt.role, attempt.sql);
        CHECK(fixture.Run(attempt.role, attempt.sql, 1).status().reason() == "42501");
    }
}

TEST_CASE("Roles: administration by API may do what it needs in one tenant", "[pg][store]") {
    StoreFixture fixture;
    const Attempt attempts[] = {
        {"ub_console", "SELECT key_hash FROM api_keys"},
        {"ub_console", "SELECT sealed FROM channel_secrets"},
        {"ub_console", "SELECT verify_token_sealed FROM provider_apps"},
        {"ub_console", "SELECT * FROM provider_app_secrets"},
        {"ub_console", "SELECT * FROM jwt_issuers"},
        {"ub_console", "SELECT * FROM admin_audit"},
        {"ub_console", "SELECT * FROM messages"},
        {"ub_console", "SELECT * FROM contacts"},
        {"ub_console", "UPDATE tenants SET slug = 'x'"},
        {"ub_console", "INSERT INTO tenants (tenant_id, slug, name) VALUES (1, 'x', 'x')"},
        {"ub_console", "UPDATE api_keys SET key_hash = 'x'"},
        {"ub_console", "DELETE FROM api_keys"},
        {"ub_console", "DELETE FROM agents"},
        {"ub_console", "UPDATE provider_apps SET slug = 'x'"},
        {"ub_console", "UPDATE directory SET tenant = 1"},
        // Another tenant's entries, and kinds that are not its own.
        {"ub_console", "INSERT INTO directory (kind, key_hash, tenant) VALUES (1, 'x', 2)"},
        {"ub_console", "INSERT INTO directory (kind, key_hash, tenant) VALUES (4, 'x', 1)"},
        {"ub_console", "SELECT * FROM ub_find_api_key('x')"},
        {"ub_gateway", "SELECT * FROM ub_tenant_audit(1, '', '', now(), now(), 1)"},
        {"ub_gateway", "SELECT * FROM labels"},
        {"ub_writer", "SELECT * FROM webhook_endpoints"},
    };
    for (const Attempt& attempt : attempts) {
        CAPTURE(attempt.role, attempt.sql);
        CHECK(fixture.Run(attempt.role, attempt.sql, 1).status().reason() == "42501");
    }
    // Another tenant's entry can neither be seen nor removed.
    REQUIRE_OK(fixture.Owner("INSERT INTO directory (kind, key_hash, tenant) VALUES (1, 'x', 2)"));
    const std::string count = "SELECT count(*) FROM directory";
    CHECK(fixture.Run("ub_console", count, 1).value()[0].Int64(0) == 0);
    CHECK(fixture.Run("ub_console", count, 2).value()[0].Int64(0) == 1);
    CHECK(fixture.Run("ub_console", "DELETE FROM directory", 1).value().affected() == 0);
}

TEST_CASE("Roles: what commands leave is changed by nobody, people by one", "[pg][store]") {
    StoreFixture fixture;
    const Attempt attempts[] = {
        {"ub_writer", "UPDATE agents SET role = 3"},
        {"ub_writer", "INSERT INTO channel_members SELECT * FROM channel_members"},
        {"ub_writer", "UPDATE command_audit SET actor_name = 'nobody'"},
        {"ub_writer", "DELETE FROM command_audit"},
        {"ub_writer", "UPDATE snoozes SET snooze_time = now()"},
        {"ub_gateway", "SELECT * FROM request_keys"},
        {"ub_gateway", "SELECT * FROM snoozes"},
        {"ub_gateway", "UPDATE agents SET role = 3"},
        {"ub_gateway", "INSERT INTO team_members SELECT * FROM team_members"},
        {"ub_gateway", "DELETE FROM command_audit"},
        {"ub_gateway", "SELECT ub_fence_slot(0, 1, 1)"},
        {"ub_admin", "SELECT * FROM request_keys"},
        {"ub_admin", "SELECT * FROM snoozes"},
        {"ub_admin", "UPDATE command_audit SET actor_name = 'nobody'"},
        {"ub_admin", "DELETE FROM command_audit"},
        {"ub_ingest", "SELECT * FROM agents"},
        {"ub_gateway", "SELECT * FROM message_search"},
        {"ub_gateway", "SELECT * FROM contact_search"},
        {"ub_gateway", "SELECT * FROM search_pending"},
        {"ub_writer",
         "INSERT INTO search_pending (kind, key_count, tenants, objects) "
         "VALUES (2, 0, '{}', '{}')"},
        {"ub_writer", "SELECT ub_search_new_contacts()"},
        {"ub_admin", "DELETE FROM message_search"},
        {"ub_admin", "UPDATE search_walk SET seq = 1"},
        {"ub_gateway", "UPDATE conversation_tallies SET unread_count = 0"},
        {"ub_gateway", "INSERT INTO inbox_volumes SELECT * FROM inbox_volumes"},
        {"ub_admin", "DELETE FROM conversation_tallies"},
        {"ub_console", "SELECT * FROM inbox_volumes"},
        {"ub_gateway", "DELETE FROM saved_views"},
        {"ub_writer", "SELECT * FROM saved_views"},
    };
    for (const Attempt& attempt : attempts) {
        CAPTURE(attempt.role, attempt.sql);
        CHECK(fixture.Run(attempt.role, attempt.sql, 1).status().reason() == "42501");
    }
}

TEST_CASE("Roles: nothing that the writer and the gateway ask is compiled", "[pg][store]") {
    StoreFixture fixture;
    const auto uncompiled = fixture.Owner(
        "SELECT rolname FROM pg_roles WHERE rolname IN ('ub_writer', 'ub_gateway') "
        "AND 'jit=off' = ANY (rolconfig)"
    );
    REQUIRE_OK(uncompiled);
    CHECK(uncompiled->size() == 2);
}

TEST_CASE("Roles: none reads a leaf, makes a table or becomes another", "[pg][store]") {
    StoreFixture fixture;
    const auto leaves =
        fixture.Owner("SELECT c.relname FROM pg_class c WHERE c.relispartition AND c.relkind = 'r'"
        );
    REQUIRE_OK(leaves);
    REQUIRE(leaves->size() == 1 + 6 * 5);
    for (const std::string role :
         {"ub_writer", "ub_ingest", "ub_gateway", "ub_admin", "ub_console"}) {
        for (const pg::Row leaf : *leaves) {
            const std::string name(leaf.Text(0));
            CAPTURE(role, name);
            CHECK(fixture.Run(role, "SELECT * FROM " + name, 1).status().reason() == "42501");
        }
        CAPTURE(role);
        CHECK(fixture.Run(role, "CREATE TABLE mine (a int)").status().reason() == "42501");
        CHECK(fixture.Run(role, "SET ROLE ub_owner").status().reason() == "42501");
        CHECK(fixture.Run(role, "SET ROLE ub_lookup").status().reason() == "42501");
        CHECK(fixture.Run(role, "SET ROLE ub_search").status().reason() == "42501");
        const auto leaf_made = fixture.Run(
            role,
            "CREATE TABLE leaf PARTITION OF messages FOR VALUES FROM ('2001-01-01') TO "
            "('2001-02-01')"
        );
        CHECK(leaf_made.status().reason() == "42501");
    }
}

TEST_CASE("Roles: under FORCE the owner sees nothing and is told so", "[pg][store]") {
    StoreFixture fixture;
    fixture.Tenant("acme");
    auto tx = pg::SystemTx::Begin(fixture.Pool("postgres"), pg::Access::kReadWrite).value();
    REQUIRE_OK(tx.ExecuteUnprepared("SET LOCAL ROLE ub_owner"));
    REQUIRE(tx.ExecuteUnprepared("SELECT count(*) FROM tenants").value()[0].Int64(0) == 0);
    REQUIRE_OK(tx.ExecuteUnprepared("SET LOCAL row_security = off"));
    REQUIRE(tx.ExecuteUnprepared("SELECT count(*) FROM tenants").status().reason() == "42501");
}

TEST_CASE(
    "Roles: the writer moves a conversation between leaves through its parent", "[pg][store]"
) {
    StoreFixture fixture;
    const std::string insert =
        "INSERT INTO conversations (tenant_id, conversation_id, channel_id, thread_key, "
        "contact_id, "
        "provider, status, last_activity_at, created_at, version) VALUES (5, "
        "'00000000-0000-7000-8000-00000000000$', '00000000-0000-7000-8000-0000000000cc', 't', "
        "'00000000-0000-7000-8000-0000000000aa', 2, 1, now(), now(), 1) ON CONFLICT DO NOTHING";
    const auto insert_as = [&](char id) {
        std::string sql = insert;
        sql.replace(sql.find('$'), 1, 1, id);
        return fixture.Run("ub_writer", sql).value().affected();
    };
    REQUIRE(insert_as('1') == 1);
    REQUIRE(insert_as('2') == 0);  // One open conversation a thread.
    REQUIRE_OK(fixture.Run("ub_writer", "UPDATE conversations SET status = 4, closed_at = now()"));
    REQUIRE(fixture.Number("SELECT count(*) FROM conversations_live") == 0);
    REQUIRE(insert_as('2') == 1);
    REQUIRE(fixture.Number("SELECT count(*) FROM conversations") == 2);
    const auto reopened = fixture.Run(
        "ub_writer", "UPDATE conversations SET closed_at = 'infinity' WHERE status = 4"
    );
    REQUIRE(reopened.status().reason() == "23505");  // The thread has an open one already.
}

// Every tenant table with a row of two tenants: a role sees and changes its transaction's tenant
// alone.
TEST_CASE("Roles: another tenant's rows do not exist", "[pg][store]") {
    StoreFixture fixture;
    REQUIRE_OK(fixture.Owner(
        "DO $$ DECLARE t bigint; i uuid := gen_random_uuid(); BEGIN FOREACH t IN ARRAY ARRAY[7, 8] "
        "LOOP INSERT INTO tenants (tenant_id, slug, name) VALUES (t, 't' || t, 'T'); "
        "INSERT INTO channels (tenant_id, channel_id, slug, name, provider, route_key) "
        "VALUES (t, i, 'c', 'C', 2, ''); "
        "INSERT INTO channel_secrets (tenant_id, channel_id, secret_id, sealed, fingerprint) "
        "VALUES (t, i, i, 's', 'f'); "
        "INSERT INTO api_keys (tenant_id, key_id, name, key_hash, scopes) "
        "VALUES (t, i, 'k', 'h', '{}'); "
        "INSERT INTO jwt_issuers (tenant_id, issuer_id, name, issuer, audience, algorithms, "
        "jwks_url) VALUES (t, i, 'j', 'i', 'a', '{ES256}', 'https://i/'); "
        "INSERT INTO contacts (tenant_id, contact_id, channel_id, contact_key, created_at, "
        "updated_at) VALUES (t, i, i, 'c', now(), now()); "
        "INSERT INTO threads (tenant_id, channel_id, thread_key, contact_id, created_at) "
        "VALUES (t, i, 't', i, now()); "
        "INSERT INTO conversations (tenant_id, conversation_id, channel_id, thread_key, "
        "contact_id, "
        "provider, status, last_activity_at, created_at, version) "
        "VALUES (t, i, i, 't', i, 2, 1, now(), now(), 1); "
        "INSERT INTO conversation_counters (tenant_id, conversation_id) VALUES (t, i); "
        "INSERT INTO messages (tenant_id, conversation_id, seq, created_at, message_id, "
        "channel_id, "
        "direction, kind, body, received_at, version) "
        "VALUES (t, i, 1, now(), i, i, 1, 1, 'secret', now(), 1); "
        "INSERT INTO ext_ref (tenant_id, channel_id, event_key, seen_at) VALUES (t, i, i, now()); "
        "INSERT INTO parked_events (tenant_id, channel_id, target_key, event_key, event, "
        "parked_at) "
        "VALUES (t, i, i, i, 'e', now()); END LOOP; END $$"
    ));
    const std::map<std::string, std::vector<std::string>> readable = {
        {"ub_gateway",
         {"tenants",
          "channels",
          "contacts",
          "threads",
          "conversations",
          "conversation_counters",
          "messages"}},
        {"ub_admin",
         {"tenants",
          "channels",
          "channel_secrets",
          "api_keys",
          "jwt_issuers",
          "contacts",
          "threads",
          "conversations",
          "conversation_counters",
          "messages",
          "ext_ref",
          "parked_events"}}};
    for (const auto& [role, tables] : readable) {
        for (const std::string& table : tables) {
            CAPTURE(role, table);
            const std::string count = "SELECT count(tenant_id) FROM " + table;
            CHECK(fixture.Run(role, count, 7).value()[0].Int64(0) == 1);
            CHECK(fixture.Run(role, count + " WHERE tenant_id = 8", 7).value()[0].Int64(0) == 0);
            CHECK(fixture.Run(role, count, 9).value()[0].Int64(0) == 0);
            CHECK(fixture.Run(role, count).value()[0].Int64(0) == 0);  // No tenant, no rows.
        }
    }
    const std::string rename = "UPDATE channels SET name = 'mine'";
    REQUIRE(fixture.Run("ub_admin", rename + " WHERE tenant_id = 8", 7).value().affected() == 0);
    REQUIRE(fixture.Run("ub_admin", rename, 7).value().affected() == 1);
    const auto stolen = fixture.Run("ub_admin", "UPDATE channels SET tenant_id = 9", 7);
    REQUIRE(stolen.status().reason() == "42501");
    REQUIRE(fixture.Run("ub_writer", "SELECT count(*) FROM messages").value()[0].Int64(0) == 2);
}

TEST_CASE("Roles: another tenant's people and what they did do not exist", "[pg][store]") {
    StoreFixture fixture;
    REQUIRE_OK(fixture.Owner(
        "DO $$ DECLARE t bigint; i uuid := gen_random_uuid(); BEGIN FOREACH t IN ARRAY ARRAY[7, 8] "
        "LOOP INSERT INTO channels (tenant_id, channel_id, slug, name, provider, route_key) "
        "VALUES (t, i, 'c', 'C', 2, ''); "
        "INSERT INTO agents (tenant_id, agent_id, external_id, name, role) "
        "VALUES (t, i, 'a', 'A', 1); "
        "INSERT INTO teams (tenant_id, team_id, slug, name) VALUES (t, i, 's', 'S'); "
        "INSERT INTO team_members (tenant_id, team_id, agent_id) VALUES (t, i, i); "
        "INSERT INTO channel_members (tenant_id, channel_id, agent_id) VALUES (t, i, i); "
        "INSERT INTO labels (tenant_id, label_id, name, color, description) "
        "VALUES (t, i, 'l', '', ''); "
        "INSERT INTO attribute_definitions (tenant_id, attribute_id, name, display_name, type, "
        "options) VALUES (t, i, 'd', 'D', 1, '{}'); "
        "INSERT INTO canned_replies (tenant_id, reply_id, slug, body) VALUES (t, i, 'r', 'R'); "
        "INSERT INTO webhook_endpoints (tenant_id, endpoint_id, slug, url, events, sealed_secrets) "
        "VALUES (t, i, 'w', 'https://w/', '{}', '{s}'); "
        "INSERT INTO command_audit (tenant_id, at, command_id, conversation_id, actor_kind, "
        "action, changes) VALUES (t, now(), i, i, 1, 'append', ''); END LOOP; END $$"
    ));
    for (const std::string role : {"ub_gateway", "ub_admin"}) {
        for (const std::string table :
             {"agents", "teams", "team_members", "channel_members", "command_audit"}) {
            CAPTURE(role, table);
            const std::string count = "SELECT count(tenant_id) FROM " + table;
            CHECK(fixture.Run(role, count, 7).value()[0].Int64(0) == 1);
            CHECK(fixture.Run(role, count + " WHERE tenant_id = 8", 7).value()[0].Int64(0) == 0);
            CHECK(fixture.Run(role, count).value()[0].Int64(0) == 0);  // No tenant, no rows.
            CHECK(fixture.Run("ub_writer", count).value()[0].Int64(0) == 2);
        }
    }
    for (const std::string role : {"ub_admin", "ub_console"}) {
        for (const std::string table :
             {"agents",
              "teams",
              "team_members",
              "channel_members",
              "labels",
              "attribute_definitions",
              "canned_replies",
              "webhook_endpoints"}) {
            CAPTURE(role, table);
            const std::string count = "SELECT count(tenant_id) FROM " + table;
            CHECK(fixture.Run(role, count, 7).value()[0].Int64(0) == 1);
            CHECK(fixture.Run(role, count + " WHERE tenant_id = 8", 7).value()[0].Int64(0) == 0);
            CHECK(fixture.Run(role, count).value()[0].Int64(0) == 0);
        }
        const auto stolen = fixture.Run(role, "UPDATE labels SET tenant_id = 9", 7);
        CHECK(stolen.status().reason() == "42501");
    }
    const std::string rename = "UPDATE agents SET name = 'mine'";
    REQUIRE(fixture.Run("ub_admin", rename + " WHERE tenant_id = 8", 7).value().affected() == 0);
    REQUIRE(fixture.Run("ub_admin", rename, 7).value().affected() == 1);
    const auto stolen = fixture.Run("ub_admin", "UPDATE teams SET tenant_id = 9", 7);
    CHECK(stolen.status().reason() == "42501");
}

}  // namespace
}  // namespace unibox::store
