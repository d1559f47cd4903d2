// Walks the catalogue: what every tenant table, leaf, index and function must fulfil. Each rule is
// a query that finds offenders; a second test makes an offender for each rule and sees it found.
#include "store_fixture.hpp"

namespace unibox::store {
namespace {

using test::StoreFixture;

struct Rule {
    const char* name;
    const char* offenders;  // SQL: one text column, no rows when all is well.
    const char* offence;    // SQL: makes an offender.
};

#define UNIBOX_TENANT_TABLES                                                                   \
    "WITH tenant_tables AS (SELECT c.oid, c.relname::text AS name, c.relispartition AS leaf, " \
    "c.relrowsecurity, c.relforcerowsecurity, c.relowner, c.relacl FROM pg_class c "           \
    "JOIN pg_attribute a ON a.attrelid = c.oid AND a.attname = 'tenant_id' "                   \
    "AND NOT a.attisdropped WHERE c.relkind IN ('r', 'p') "                                    \
    "AND c.relnamespace = 'public'::regnamespace) "

constexpr const char* kTable =
    "CREATE TABLE bad (tenant_id bigint NOT NULL, a int NOT NULL, PRIMARY KEY (tenant_id, a)); "
    "ALTER TABLE bad OWNER TO ub_owner; ";
constexpr const char* kGoodTable =
    "CREATE TABLE bad (tenant_id bigint NOT NULL, a int NOT NULL, PRIMARY KEY (tenant_id, a)); "
    "ALTER TABLE bad OWNER TO ub_owner; ALTER TABLE bad ENABLE ROW LEVEL SECURITY, "
    "FORCE ROW LEVEL SECURITY; CREATE POLICY p ON bad TO ub_gateway USING (tenant_id = "
    "(SELECT nullif(current_setting('app.tenant_id', true), '')::bigint)); ";

const Rule kRules[] = {
    {"row security is enabled and forced, on leaves too",
     UNIBOX_TENANT_TABLES
     "SELECT name FROM tenant_tables WHERE NOT relrowsecurity OR NOT relforcerowsecurity",
     "ALTER TABLE bad NO FORCE ROW LEVEL SECURITY"},
    {"there is a policy",
     UNIBOX_TENANT_TABLES "SELECT name FROM tenant_tables t WHERE NOT leaf "
                          "AND NOT EXISTS (SELECT FROM pg_policy p WHERE p.polrelid = t.oid)",
     "DROP POLICY p ON bad"},
    {"no policy but the writer's, the lookup's and the search's lets through other tenants",
     "SELECT tablename || '.' || policyname FROM pg_policies WHERE schemaname = 'public' AND "
     "tablename <> 'directory' AND NOT (roles <@ '{ub_writer,ub_lookup,ub_search}'::name[] "
     "AND qual = 'true') AND coalesce(qual, '') <> '(tenant_id = ( SELECT "
     "(NULLIF(current_setting(''app.tenant_id''::text, true), ''''::text))::bigint AS "
     "\"nullif\"))'",
     "CREATE POLICY q ON bad TO ub_gateway USING (true)"},
    {"what is read under a policy is also written under it",
     "SELECT tablename || '.' || policyname FROM pg_policies WHERE schemaname = 'public' "
     "AND cmd <> 'SELECT' AND with_check IS NOT NULL AND with_check <> qual",
     "CREATE POLICY q ON bad TO ub_admin USING (tenant_id = (SELECT "
     "nullif(current_setting('app.tenant_id', true), '')::bigint)) WITH CHECK (true)"},
    {"policies are permissive for named roles, never for PUBLIC",
     "SELECT tablename || '.' || policyname FROM pg_policies WHERE schemaname = 'public' "
     "AND 'public' = ANY (roles)",
     "CREATE POLICY q ON bad USING (tenant_id = 1)"},
    {"leaves have no policies and no grants",
     "SELECT c.relname::text FROM pg_class c WHERE c.relispartition AND c.relkind = 'r' AND "
     "(EXISTS (SELECT FROM pg_policy p WHERE p.polrelid = c.oid) OR EXISTS (SELECT FROM "
     "aclexplode(c.relacl) g WHERE g.grantee <> c.relowner) OR EXISTS (SELECT FROM pg_attribute a "
     "WHERE a.attrelid = c.oid AND a.attacl IS NOT NULL))",
     "GRANT SELECT ON conversations_live TO ub_gateway"},
    {"tenant_id leads every index",
     UNIBOX_TENANT_TABLES
     "SELECT i.indexrelid::regclass::text FROM pg_index i JOIN tenant_tables t ON t.oid = "
     "i.indrelid LEFT JOIN pg_attribute a ON a.attrelid = t.oid AND a.attnum = i.indkey[0] "
     "JOIN pg_opclass o ON o.oid = i.indclass[0] "
     // Of words each has its tenant in front (search/lexemes.hpp).
     "WHERE a.attname IS DISTINCT FROM 'tenant_id' AND o.opcname <> 'tsvector_ops'",
     "CREATE INDEX bad_index ON bad (a)"},
    {"no column of an index is compared by an operator that leaks",
     UNIBOX_TENANT_TABLES
     "SELECT DISTINCT i.indexrelid::regclass::text FROM pg_index i JOIN tenant_tables t "
     "ON t.oid = i.indrelid JOIN pg_opclass o ON o.oid = ANY (i.indclass) "
     "JOIN pg_amop m ON m.amopfamily = o.opcfamily AND m.amoplefttype = o.opcintype "
     "AND m.amoprighttype = o.opcintype JOIN pg_operator x ON x.oid = m.amopopr "
     "JOIN pg_proc f ON f.oid = x.oprcode WHERE NOT f.proleakproof",
     "ALTER TABLE bad ADD COLUMN n numeric; CREATE INDEX bad_index ON bad (tenant_id, n)"},
    {"tables, leaves and sequences belong to ub_owner",
     "SELECT c.relname::text FROM pg_class c WHERE c.relnamespace = 'public'::regnamespace "
     "AND c.relkind IN ('r', 'p', 'S') AND c.relowner <> 'ub_owner'::regrole "
     "AND c.relname <> 'schema_migrations'",
     "ALTER TABLE bad OWNER TO postgres"},
    {"PUBLIC may do nothing with a table",
     "SELECT c.relname::text FROM pg_class c CROSS JOIN aclexplode(c.relacl) g "
     "WHERE c.relnamespace = 'public'::regnamespace AND g.grantee = 0",
     "GRANT SELECT ON bad TO PUBLIC"},
    {"PUBLIC may execute no function",
     "SELECT p.proname::text FROM pg_proc p WHERE p.pronamespace = 'public'::regnamespace AND "
     "(p.proacl IS NULL OR EXISTS (SELECT FROM aclexplode(p.proacl) g WHERE g.grantee = 0))",
     "CREATE FUNCTION bad_f() RETURNS int LANGUAGE sql SECURITY DEFINER "
     "SET search_path = pg_catalog, pg_temp AS 'SELECT 1'"},
    {"the search_path of every function is fixed and ends in pg_temp",
     "SELECT p.proname::text FROM pg_proc p WHERE p.pronamespace = 'public'::regnamespace AND NOT "
     "EXISTS (SELECT FROM unnest(p.proconfig) s WHERE s ~ '^search_path=.*[ ,]pg_temp$')",
     "CREATE FUNCTION bad_f() RETURNS int LANGUAGE sql SECURITY DEFINER "
     "SET search_path = pg_temp, public AS 'SELECT 1'; REVOKE ALL ON FUNCTION bad_f FROM PUBLIC"},
    {"a SECURITY DEFINER function belongs to ub_owner, ub_lookup or ub_search",
     "SELECT p.proname::text FROM pg_proc p WHERE p.pronamespace = 'public'::regnamespace "
     "AND p.prosecdef AND p.proowner NOT IN ('ub_owner'::regrole, 'ub_lookup'::regrole, "
     "'ub_search'::regrole)",
     "CREATE FUNCTION bad_f() RETURNS int LANGUAGE sql SECURITY DEFINER "
     "SET search_path = public, pg_temp AS 'SELECT 1'; REVOKE ALL ON FUNCTION bad_f FROM PUBLIC"},
    {"no role of a service bypasses row security or is a member of another",
     "SELECT r.rolname::text FROM pg_roles r WHERE r.rolname LIKE 'ub\\_%' AND (r.rolsuper OR "
     "r.rolbypassrls OR r.rolcreaterole OR EXISTS (SELECT FROM pg_auth_members m "
     "WHERE m.member = r.oid))",
     "GRANT ub_lookup TO ub_gateway"},
    {"partitioned tables have no foreign keys in either direction",
     "SELECT f.conname::text FROM pg_constraint f JOIN pg_class c ON c.oid IN (f.conrelid, "
     "f.confrelid) WHERE f.contype = 'f' AND c.relkind = 'p'",
     "ALTER TABLE messages ADD CONSTRAINT bad_fk FOREIGN KEY (tenant_id) REFERENCES tenants"},
    {"there are no default partitions",
     "SELECT partdefid::regclass::text FROM pg_partitioned_table WHERE partdefid <> 0",
     "CREATE TABLE bad_default PARTITION OF ext_ref DEFAULT; "
     "ALTER TABLE bad_default ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY"},
    {"of the directory ub_console sees its tenant's entries alone",
     "SELECT policyname::text FROM pg_policies WHERE tablename = 'directory' AND "
     "'ub_console' = ANY (roles) AND NOT (qual LIKE '((tenant = ( SELECT "
     "(NULLIF(current_setting(%)) AND (kind = ANY (%)))' AND with_check = qual)",
     "CREATE POLICY q ON directory TO ub_console USING (true)"},
    // directory follows from what is audited; the others are told by the functions that an operator
    // calls (partition_repairs.hpp, restored.hpp, counts.hpp), since message-writer changes them
    // all the time.
    {"what administration writes is audited",
     "SELECT c.relname::text FROM pg_class c WHERE c.relnamespace = 'public'::regnamespace "
     "AND c.relkind IN ('r', 'p') AND c.relname NOT IN ('directory', 'ingest_partition', "
     "'writer_slots', 'feed', 'conversation_tallies', 'inbox_volumes') AND EXISTS (SELECT FROM "
     "aclexplode(c.relacl) g WHERE "
     "g.grantee IN ('ub_admin'::regrole, 'ub_console'::regrole) AND g.privilege_type IN ('INSERT', "
     "'UPDATE', 'DELETE')) "
     "AND NOT EXISTS (SELECT FROM pg_trigger t WHERE t.tgrelid = c.oid "
     "AND t.tgfoid = 'ub_audit_row'::regproc AND t.tgenabled = 'O')",
     "GRANT UPDATE ON bad TO ub_admin"},
    // Those of dead_letter are what message-writer wrote.
    {"the audit tells every column, or that it changed",
     "SELECT c.relname || '.' || a.attname FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid "
     "JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped "
     "CROSS JOIN LATERAL string_to_array(encode(t.tgargs, 'escape'), '\\000') AS args (arg) "
     "WHERE t.tgfoid = 'ub_audit_row'::regproc AND c.relname <> 'dead_letter' "
     "AND a.attname NOT IN ('tenant_id', 'created_at', arg[2]) "
     "AND a.attname <> ALL (arg[4]::text[] || arg[5]::text[])",
     "ALTER TABLE api_keys ADD COLUMN bad int"},
    {"leaves of ext_ref are unique by event, the live leaf of conversations by thread",
     "SELECT c.relname::text FROM pg_class c JOIN pg_inherits i ON i.inhrelid = c.oid "
     "WHERE (i.inhparent = 'ext_ref'::regclass OR c.relname = 'conversations_live') "
     "AND NOT EXISTS (SELECT FROM pg_constraint u WHERE u.conrelid = c.oid AND u.contype = 'u')",
     "CREATE TABLE bad_leaf PARTITION OF ext_ref FOR VALUES FROM ('2001-01-01') TO ('2001-01-08'); "
     "ALTER TABLE bad_leaf ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY"},
};

std::vector<std::string> Offenders(pg::SystemTx& tx, const Rule& rule) {
    const auto rows = tx.ExecuteUnprepared(rule.offenders);
    REQUIRE_OK(rows);
    std::vector<std::string> names;
    for (const pg::Row row : *rows) names.emplace_back(row.Text(0));
    return names;
}

TEST_CASE("Catalogue: nothing offends a rule", "[pg][store]") {
    StoreFixture fixture;
    auto tx = pg::SystemTx::Begin(fixture.Pool("postgres"), pg::Access::kReadOnly).value();
    for (const Rule& rule : kRules) {
        CAPTURE(rule.name);
        REQUIRE(Offenders(tx, rule) == std::vector<std::string>());
    }
}

TEST_CASE("Catalogue: each rule finds an offence against it", "[pg][store]") {
    StoreFixture fixture;
    for (const Rule& rule : kRules) {
        CAPTURE(rule.name);
        auto tx = pg::SystemTx::Begin(fixture.Pool("postgres"), pg::Access::kReadWrite).value();
        REQUIRE_OK(tx.ExecuteScript(kGoodTable));
        REQUIRE(Offenders(tx, rule).empty());
        REQUIRE_OK(tx.ExecuteScript(rule.offence));
        REQUIRE_FALSE(Offenders(tx, rule).empty());
    }
}

TEST_CASE("Catalogue: a bare table with tenant_id offends at once", "[pg][store]") {
    StoreFixture fixture;
    auto tx = pg::SystemTx::Begin(fixture.Pool("postgres"), pg::Access::kReadWrite).value();
    REQUIRE_OK(tx.ExecuteScript(kTable));
    REQUIRE(Offenders(tx, kRules[0]) == std::vector<std::string>{"bad"});
    REQUIRE(Offenders(tx, kRules[1]) == std::vector<std::string>{"bad"});
}

TEST_CASE("Catalogue: the tenant tables are those we know", "[pg][store]") {
    StoreFixture fixture;
    const auto rows =
        fixture.Owner(UNIBOX_TENANT_TABLES
                      "SELECT string_agg(name, ' ' ORDER BY name) FROM tenant_tables WHERE NOT leaf"
        );
    REQUIRE_OK(rows);
    REQUIRE(
        (*rows)[0].Text(0) ==
        "agents api_keys attribute_definitions canned_replies channel_members channel_secrets "
        "channels command_audit contact_moves contact_search contacts conversation_counters "
        "conversation_tallies conversations ext_ref inbox_volumes jwt_issuers labels "
        "message_search messages parked_events "
        "saved_views team_members teams tenants threads webhook_endpoints"
    );
}

}  // namespace
}  // namespace unibox::store
