// What administration changes is told in the audit, in the same transaction, whoever does it.
#include "store/admin/audit.hpp"
#include "store/admin/log_generations.hpp"
#include "store/admin/partition_repairs.hpp"
#include "store/admin/restored.hpp"
#include "store/directory/lookups.hpp"
#include "store/schema/periods.hpp"
#include "store/writer/partitions.hpp"
#include "store_fixture.hpp"

#include <algorithm>

namespace unibox::store {
namespace {

using test::StoreFixture;

constexpr std::int64_t kDayMs = 86'400'000;
// But for the rows of the migrations.
constexpr const char* kCount = "SELECT count(*) FROM admin_audit WHERE kind <> 'schema'";

std::vector<AuditRow> All(StoreFixture& fixture) {
    auto rows = ListAudit(fixture.admin(), {});
    REQUIRE_OK(rows);
    const auto of_migration = [](const AuditRow& row) { return row.entry.kind == "schema"; };
    rows->erase(std::remove_if(rows->begin(), rows->end(), of_migration), rows->end());
    return std::move(rows).value();
}

TEST_CASE("Audit: what was changed, from what to what", "[pg][store]") {
    StoreFixture fixture;
    const TenantId acme = fixture.Tenant("acme");
    TenantSpec spec{"acme", "Acme", 300, 1000};
    REQUIRE_OK(PutTenant(fixture.admin(), spec));
    spec.disabled = true;
    REQUIRE_OK(PutTenant(fixture.admin(), spec));
    spec.disabled = false;
    REQUIRE_OK(PutTenant(fixture.admin(), spec));
    REQUIRE_OK(PutTenant(fixture.admin(), spec));  // Nothing.
    const auto rows = All(fixture);
    REQUIRE(rows.size() == 4);
    for (const AuditRow& row : rows) {
        CHECK(row.entry.tenant == acme);
        CHECK(row.entry.kind == "tenant");
        CHECK(row.entry.object == acme.ToString());
        CHECK(row.name == "acme");
        CHECK(row.entry.outcome == "done");
        CHECK(row.actor == "ub_admin");  // No command says who.
        CHECK(row.db_user == "ub_admin");
        CHECK(row.verb.empty());
    }
    CHECK(rows[3].entry.old_json.empty());
    CHECK(
        rows[3].entry.new_json ==
        R"({"name": "Tenant acme", "plan": "", "slug": "acme", "ingest_burst": 1000, )"
        R"("retention_days": 0, "ingest_rate_per_s": 200})"
    );
    CHECK(rows[2].entry.old_json == R"({"name": "Tenant acme", "ingest_rate_per_s": 200})");
    CHECK(rows[2].entry.new_json == R"({"name": "Acme", "ingest_rate_per_s": 300})");
    CHECK(rows[1].entry.old_json == R"({"disabled_at": null})");
    CHECK(rows[0].entry.old_json == rows[1].entry.new_json);
    CHECK(rows[0].entry.new_json == R"({"disabled_at": null})");
}

TEST_CASE("Audit: of secrets only that they changed", "[pg][store]") {
    StoreFixture fixture;
    const TenantId acme = fixture.Tenant("acme");
    ChannelSpec spec = StoreFixture::Channel("wa", "111");
    spec.token_hash = std::string(32, 'A');
    const auto channel = PutChannel(fixture.admin(), acme, spec).value().channel;
    spec.token_hash = std::string(32, 'B');
    REQUIRE_OK(PutChannel(fixture.admin(), acme, spec));
    for (const std::string secret : {"C", "D"}) {
        const NewSecret sealed{std::string(40, secret[0]), std::string(32, secret[0])};
        REQUIRE_OK(PutChannelSecret(fixture.admin(), acme, channel, sealed, Millis(1000)));
    }
    REQUIRE_OK(PutApiKey(fixture.admin(), acme, {"k", std::string(32, 'E'), {"inbox:read"}}));
    REQUIRE_OK(RevokeApiKey(fixture.admin(), acme, "k"));
    const Uuid app = NewUuidV7(1);
    REQUIRE_OK(PutApp(fixture.admin(), app, {"meta", "meta"}, std::string(40, 'F')));
    REQUIRE_OK(PutApp(fixture.admin(), app, {"meta", "meta"}, std::string(40, 'G')));
    const NewSecret app_secret{std::string(40, 'H'), std::string(32, 'H')};
    REQUIRE_OK(PutAppSecret(fixture.admin(), app, app_secret, Millis(0)));
    std::vector<std::string> told;
    for (const AuditRow& row : All(fixture)) {
        told.push_back(row.entry.kind + ": " + row.entry.old_json + " > " + row.entry.new_json);
    }
    const auto has = [&](const std::string& start, const std::string& part) {
        return std::any_of(told.begin(), told.end(), [&](const std::string& row) {
            return row.starts_with(start) && row.find(part) != std::string::npos;
        });
    };
    CHECK(has("channel: {\"token_hash\": \"(secret)\"} > ", "{\"token_hash\": \"(changed)\"}"));
    CHECK(has("channel_secret:  > ", "\"sealed\": \"(secret)\""));
    CHECK(has("channel_secret: {\"expires_at\": \"infinity\"} > ", "expires_at"));
    CHECK(has("api_key:  > ", "\"scopes\": [\"inbox:read\"]"));
    CHECK(has("api_key: {\"revoked_at\": null} > ", "revoked_at"));
    CHECK(has("app: {\"verify_token_sealed\": \"(secret)\"} > ", "(changed)"));
    CHECK(has("app_secret:  > ", "\"fingerprint\": \"(secret)\""));
    const auto text =
        fixture.Owner("SELECT lower(string_agg(a::text, ' ')) FROM admin_audit a").value();
    for (const char byte : {'A', 'B', 'C', 'D', 'E', 'F', 'G', 'H'}) {
        CAPTURE(byte);
        const std::string raw(4, static_cast<char>(byte + 'a' - 'A'));
        std::string hex;
        for (int i = 0; i < 4; ++i) hex += "4" + std::to_string(byte - '@');
        CHECK(text[0].Text(0).find(raw) == std::string_view::npos);
        CHECK(text[0].Text(0).find(hex) == std::string_view::npos);
    }
}

TEST_CASE("Audit: there is a row if and only if the change was committed", "[pg][store]") {
    StoreFixture fixture;
    fixture.Tenant("acme");
    const std::int64_t before = fixture.Number(kCount);
    auto tx = pg::SystemTx::Begin(fixture.Pool("postgres"), pg::Access::kReadWrite).value();
    REQUIRE_OK(tx.ExecuteUnprepared("UPDATE tenants SET name = 'other'"));
    REQUIRE(tx.ExecuteUnprepared(kCount).value()[0].Int64(0) == before + 1);
    { const auto rolled_back = std::move(tx); }
    CHECK(fixture.Number(kCount) == before);
    // By hand, too.
    REQUIRE_OK(fixture.Owner("UPDATE tenants SET name = 'other'"));
    CHECK(fixture.Number(kCount) == before + 1);
    CHECK(All(fixture)[0].actor == "postgres");
}

TEST_CASE("Audit: who acts is told by the transaction", "[pg][store]") {
    StoreFixture fixture;
    obs::Metrics metrics;
    pg::Settings settings = fixture.database().settings("ub_admin");
    settings.actor = pg::Actor{"jane@desk", "partitions skip", "r-1"};
    const auto pool = pg::Pool::Create(settings, metrics).value();
    REQUIRE_OK(PutTenant(*pool, {"acme", "Acme"}));
    REQUIRE_OK(EnsurePartition(fixture.writer(), {1, 3}, 1'700'000'000'000));
    REQUIRE_OK(SkipGap(*pool, {1, 3}, 5, "jane"));
    REQUIRE_OK(ResetPartition(*pool, {1, 3}, 1'700'000'000'000, 2));
    REQUIRE_OK(RecordLogGeneration(*pool, {1, 8}));
    REQUIRE_OK(RecordLogGeneration(*pool, {1, 8}));  // It stands.
    REQUIRE_OK(WriteAudit(*pool, {{}, "streams", "generation 1", "", R"({"a":1})", "begun"}));
    const auto rows = All(fixture);
    std::string kinds;
    for (const AuditRow& row : rows) {
        kinds += row.entry.kind + " ";
        CHECK(row.actor == "jane@desk");
        CHECK(row.verb == "partitions skip");
        CHECK(row.request_id == "r-1");
        CHECK(row.db_user == "ub_admin");
    }
    CHECK(kinds == "streams log_generation partition partition gap tenant ");
    CHECK(rows[0].entry.outcome == "begun");
    CHECK(rows[0].entry.new_json == R"({"a": 1})");
    CHECK_FALSE(rows[0].entry.tenant);
    CHECK(rows[2].entry.object == "1/3");
    CHECK(rows[2].entry.old_json.find(R"("last_seq": 5)") != std::string::npos);
    CHECK(rows[2].entry.new_json.find(R"("last_seq": 2)") != std::string::npos);
    CHECK(rows[4].entry.new_json.find(R"("acknowledged_by": "jane")") != std::string::npos);
    // The connections of a pool are used again: nothing stays in them.
    const auto left = fixture.Run("ub_admin", "SELECT current_setting('app.actor', true)");
    CHECK(left.value()[0].OptionalText(0).value_or("").empty());
}

TEST_CASE("Audit: of a tenant, since a time, the newest ones", "[pg][store]") {
    StoreFixture fixture;
    const TenantId one = fixture.Tenant("one");
    const TenantId two = fixture.Tenant("two");
    REQUIRE_OK(PutTenant(fixture.admin(), {"one", "Uno"}));
    const auto of_one = ListAudit(fixture.admin(), {one, 0, 100}).value();
    CHECK(of_one.size() == 2);
    CHECK(ListAudit(fixture.admin(), {two, 0, 100}).value().size() == 1);
    CHECK(ListAudit(fixture.admin(), {one, 0, 1}).value()[0].id == of_one[0].id);
    const std::int64_t later = SystemClock().UnixMillis() + kDayMs;
    CHECK(ListAudit(fixture.admin(), {one, later, 100}).value().empty());
}

TEST_CASE("Audit: rows are added, and nobody changes or removes one", "[pg][store]") {
    StoreFixture fixture;
    fixture.Tenant("acme");
    for (const std::string role : {"ub_admin", "ub_writer", "ub_gateway", "ub_ingest"}) {
        for (const std::string sql :
             {"UPDATE admin_audit SET actor = 'me'",
              "DELETE FROM admin_audit",
              "TRUNCATE admin_audit",
              "INSERT INTO admin_audit SELECT * FROM admin_audit"}) {
            CAPTURE(role, sql);
            CHECK(fixture.Run(role, sql).status().reason() == "42501");
        }
        CAPTURE(role);
        const bool reads = fixture.Run(role, "SELECT * FROM admin_audit").ok();
        CHECK(reads == (role == "ub_admin"));
        const std::string add = "SELECT ub_audit(NULL, 'x', 'y', NULL, NULL, 'done')";
        CHECK(fixture.Run(role, add).ok() == (role == "ub_admin"));
    }
}

TEST_CASE("Audit: months older than twelve go, younger ones stay", "[pg][store]") {
    StoreFixture fixture;
    const std::int64_t now = SystemClock().UnixMillis();
    for (const std::int64_t days : {399, 330}) {
        REQUIRE(EnsurePeriodFor(fixture.writer(), "admin_audit", now - days * kDayMs).value());
    }
    REQUIRE(DropOldLeaves(fixture.writer()).value() == 1);
    REQUIRE_FALSE(EnsurePeriodFor(fixture.writer(), "admin_audit", now - 330 * kDayMs).value());
    REQUIRE(DropOldLeaves(fixture.writer()).value() == 0);
}

// As after a restore of an old backup, before any writer has made the months ahead.
TEST_CASE("Audit: a month that is not there keeps nobody from working", "[pg][store]") {
    StoreFixture fixture;
    REQUIRE_OK(fixture.Owner(
        "DO $$ DECLARE l record; BEGIN FOR l IN SELECT leaf FROM ub_leaves('admin_audit') LOOP "
        "EXECUTE format('DROP TABLE %I', l.leaf); END LOOP; END $$"
    ));
    SECTION("when what changes is told by a function") {
        REQUIRE_OK(RaiseAllEpochs(fixture.admin(), 1'000));
    }
    SECTION("when it is told by a trigger") {
        fixture.Tenant("acme");
    }
    CHECK(All(fixture).size() == 1);
}

}  // namespace
}  // namespace unibox::store
