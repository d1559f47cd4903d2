#include "store/schema/migrate.hpp"

#include "base/strings.hpp"
#include "pg/sqlstate.hpp"
#include "pg/transaction.hpp"
#include "store/schema/detail/embedded_migrations.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <fstream>
#include <map>
#include <sstream>
#include <thread>

namespace unibox::store {
namespace {

using Applied = std::map<std::int32_t, std::pair<std::string, std::string>>;  // name, checksum

constexpr std::int64_t kAdvisoryKey = 7'521'000;
constexpr Millis kDay{86'400'000};

constexpr pg::Statement kLimits{
    "migrate_limits",
    "SELECT set_config('lock_timeout', $1, true), set_config('statement_timeout', '0', true), "
    "set_config('idle_in_transaction_session_timeout', '0', true), "
    "set_config('row_security', 'off', true)"};
constexpr pg::Statement kLock{"migrate_lock", "SELECT pg_advisory_lock($1)"};
constexpr pg::Statement kCreateTable{
    "migrate_create",
    "CREATE TABLE IF NOT EXISTS schema_migrations (number int PRIMARY KEY, name text NOT NULL, "
    "checksum text NOT NULL, applied_at timestamptz NOT NULL DEFAULT now())"};
constexpr pg::Statement kTableExists{
    "migrate_exists", "SELECT to_regclass('public.schema_migrations') IS NOT NULL"};
constexpr pg::Statement kApplied{
    "migrate_applied", "SELECT number, name, checksum FROM schema_migrations ORDER BY number"};
constexpr pg::Statement kRecord{
    "migrate_record", "INSERT INTO schema_migrations (number, name, checksum) VALUES ($1, $2, $3)"};
constexpr pg::Statement kHasAudit{
    "migrate_has_audit", "SELECT to_regproc('public.ub_audit') IS NOT NULL"};
constexpr pg::Statement kAudit{
    "migrate_audit",
    "SELECT ub_audit(NULL, 'schema', $1::int::text, NULL, jsonb_build_object('name', $2::text), "
    "'done')"};
constexpr pg::Statement kHasPartitions{
    "migrate_has_partitions", "SELECT to_regproc('public.ub_make_partitions') IS NOT NULL"};
constexpr pg::Statement kPartitions{"migrate_partitions", "SELECT ub_make_partitions()"};
constexpr pg::Statement kVersion{"schema_version", "SELECT ub_schema_version()"};

std::string Checksum(std::string_view text) {
    std::uint64_t hash = 14'695'981'039'346'656'037ULL;
    for (const char byte : text) {
        hash = (hash ^ static_cast<unsigned char>(byte)) * 1'099'511'628'211ULL;
    }
    return fmt::format("{:016x}", hash);
}

// "0001_tables.sql" and its text.
Result<Migration> MakeMigration(std::string_view file, std::string_view sql) {
    const bool fits = file.size() > 9 && file[4] == '_' && file.ends_with(".sql");
    const auto number = ParseInt64(file.substr(0, 4));
    if (!fits || !number || *number < 1) {
        return InvalidArgument(
            "migration " + std::string(file) + " is not named like 0001_name.sql"
        );
    }
    return Migration{
        static_cast<std::int32_t>(*number),
        std::string(file.substr(0, file.size() - 4)),
        std::string(sql),
        Checksum(sql)};
}

Result<pg::SystemTx> BeginLimited(pg::Session& session, Millis lock_timeout) {
    UNIBOX_ASSIGN_OR_RETURN(auto tx, pg::SystemTx::Begin(session, pg::Access::kReadWrite));
    const auto limits = pg::Params::Of(std::to_string(lock_timeout.count()));
    UNIBOX_RETURN_IF_ERROR(tx.Execute(kLimits, limits).status());
    return tx;
}

// The lock belongs to the session: it survives the transactions that follow.
Status TakeAdvisoryLock(pg::Session& session, const MigrateOptions& options) {
    const auto deadline = std::chrono::steady_clock::now() + options.advisory_wait_max;
    while (true) {
        UNIBOX_ASSIGN_OR_RETURN(auto tx, BeginLimited(session, Millis(1'000)));
        const auto locked = tx.Execute(kLock, pg::Params::Of(kAdvisoryKey));
        if (locked.ok()) return tx.Commit();
        if (locked.status().reason() != pg::kLockNotAvailable) return locked.status();
        if (std::chrono::steady_clock::now() >= deadline) {
            return Status(Code::kAborted, "another migration is still running");
        }
    }
}

Result<Applied> ReadApplied(pg::Session& session, const MigrateOptions& options) {
    UNIBOX_ASSIGN_OR_RETURN(auto tx, BeginLimited(session, options.lock_timeout));
    UNIBOX_ASSIGN_OR_RETURN(const auto exists, tx.Execute(kTableExists, {}));
    if (!exists[0].Bool(0)) UNIBOX_RETURN_IF_ERROR(tx.Execute(kCreateTable, {}).status());
    UNIBOX_ASSIGN_OR_RETURN(const auto rows, tx.Execute(kApplied, {}));
    Applied applied;
    for (const pg::Row row : rows) {
        applied[row.Int32(0)] = {std::string(row.Text(1)), std::string(row.Text(2))};
    }
    UNIBOX_RETURN_IF_ERROR(tx.Commit());
    return applied;
}

// What the database has must be what we have, and what it lacks must come after it.
Status CheckHistory(const Applied& applied, const std::vector<Migration>& migrations) {
    std::map<std::int32_t, const Migration*> known;
    for (const Migration& migration : migrations) {
        if (!known.emplace(migration.number, &migration).second) {
            return InvalidArgument("two migrations have the number of " + migration.name);
        }
    }
    for (const auto& [number, record] : applied) {
        const auto found = known.find(number);
        if (found == known.end()) {
            return FailedPrecondition(
                "the database has migration " + record.first +
                ", which this version does not know: it was migrated by a newer one"
            );
        }
        if (found->second->checksum != record.second) {
            return FailedPrecondition(
                "migration " + record.first + " was changed after it had been applied (" +
                record.second + " then, " + found->second->checksum +
                " now): add a new migration instead"
            );
        }
    }
    for (const auto& [number, migration] : known) {
        if (!applied.empty() && number < applied.rbegin()->first && !applied.contains(number)) {
            return FailedPrecondition(
                "migration " + migration->name + " stands before " +
                applied.rbegin()->second.first + ", which was applied already: give it a new number"
            );
        }
    }
    return {};
}

Status ApplyOnce(pg::Session& session, const Migration& migration, const MigrateOptions& options) {
    UNIBOX_ASSIGN_OR_RETURN(auto tx, BeginLimited(session, options.lock_timeout));
    UNIBOX_RETURN_IF_ERROR(tx.ExecuteScript(migration.sql));
    const auto record = pg::Params::Of(migration.number, migration.name, migration.checksum);
    UNIBOX_RETURN_IF_ERROR(tx.Execute(kRecord, record).status());
    UNIBOX_ASSIGN_OR_RETURN(const auto audited, tx.Execute(kHasAudit, {}));
    if (audited[0].Bool(0)) {
        const auto told = pg::Params::Of(migration.number, migration.name);
        UNIBOX_RETURN_IF_ERROR(tx.Execute(kAudit, told).status());
    }
    return tx.Commit();
}

// Repeats while others hold a lock that we need (or change the same role in another database).
Status Repeat(const MigrateOptions& options, const std::function<Status()>& work) {
    for (std::int32_t attempt = 1;; ++attempt) {
        Status status = work();
        const std::string& state = status.reason();
        const bool busy = state == pg::kLockNotAvailable || state == pg::kDeadlockDetected ||
                          status.message().find("concurrently updated") != std::string::npos;
        if (status.ok() || !busy || attempt >= options.attempts_max) return status;
        std::this_thread::sleep_for(options.retry_pause);
    }
}

Result<std::int32_t> MakePartitions(pg::Session& session, const MigrateOptions& options) {
    std::int32_t made = 0;
    UNIBOX_RETURN_IF_ERROR(Repeat(options, [&]() -> Status {
        UNIBOX_ASSIGN_OR_RETURN(auto tx, BeginLimited(session, options.lock_timeout));
        UNIBOX_ASSIGN_OR_RETURN(const auto exists, tx.Execute(kHasPartitions, {}));
        if (!exists[0].Bool(0)) return {};
        UNIBOX_ASSIGN_OR_RETURN(const auto rows, tx.ExecuteAndCommit(kPartitions, {}));
        made = rows[0].Int32(0);
        return {};
    }));
    return made;
}

}  // namespace

std::vector<Migration> EmbeddedMigrations() {
    std::vector<Migration> migrations;
    for (const detail::EmbeddedFile& file : detail::EmbeddedFiles()) {
        migrations.push_back(MakeMigration(file.name, file.sql).value());
    }
    return migrations;
}

Result<std::vector<Migration>> ReadMigrations(const std::filesystem::path& folder) {
    std::vector<Migration> migrations;
    std::error_code error;
    for (const auto& entry : std::filesystem::directory_iterator(folder, error)) {
        if (entry.path().extension() != ".sql") continue;
        std::ifstream file(entry.path(), std::ios::binary);
        std::ostringstream text;
        text << file.rdbuf();
        if (!file) return InvalidArgument("cannot read " + entry.path().string());
        UNIBOX_ASSIGN_OR_RETURN(
            auto migration, MakeMigration(entry.path().filename().string(), text.str())
        );
        migrations.push_back(std::move(migration));
    }
    if (error) return InvalidArgument("cannot read " + folder.string() + ": " + error.message());
    std::sort(migrations.begin(), migrations.end(), [](const Migration& a, const Migration& b) {
        return a.name < b.name;
    });
    UNIBOX_RETURN_IF_ERROR(CheckHistory({}, migrations));
    return migrations;
}

Result<MigrateReport> Migrate(
    pg::Session& session, const std::vector<Migration>& migrations, const MigrateOptions& options
) {
    session.SetIoTimeout(kDay);
    UNIBOX_RETURN_IF_ERROR(TakeAdvisoryLock(session, options));
    const std::int64_t connection = session.connection_count();
    UNIBOX_ASSIGN_OR_RETURN(const Applied applied, ReadApplied(session, options));
    UNIBOX_RETURN_IF_ERROR(CheckHistory(applied, migrations));
    MigrateReport report;
    for (const Migration& migration : migrations) {
        report.version = std::max(report.version, migration.number);
        if (applied.contains(migration.number)) continue;
        Status status = Repeat(options, [&] { return ApplyOnce(session, migration, options); });
        if (!status.ok()) return std::move(status).WithContext("migration " + migration.name);
        report.applied.push_back(migration.name);
    }
    UNIBOX_ASSIGN_OR_RETURN(report.partitions_made, MakePartitions(session, options));
    if (session.connection_count() != connection) {
        return Unavailable("the connection was lost, and the lock with it: run the migration again"
        );
    }
    return report;
}

std::int32_t NewestMigration() {
    std::int32_t newest = 0;
    for (const Migration& migration : EmbeddedMigrations()) {
        newest = std::max(newest, migration.number);
    }
    return newest;
}

Status SchemaIsCurrent(pg::Pool& pool) {
    UNIBOX_ASSIGN_OR_RETURN(auto tx, pg::SystemTx::Begin(pool, pg::Access::kReadOnly));
    const auto rows = tx.ExecuteAndCommit(kVersion, {});
    if (!rows.ok() && rows.status().reason() == pg::kUndefinedFunction) {
        return FailedPrecondition("the database has no schema of Unibox: run uniboxctl migrate");
    }
    if (!rows.ok()) return rows.status();
    const std::int32_t version = (*rows)[0].Int32(0);
    if (version < NewestMigration()) {
        return FailedPrecondition(fmt::format(
            "the schema has version {}, this program needs {}: run uniboxctl migrate",
            version,
            NewestMigration()
        ));
    }
    return {};
}

}  // namespace unibox::store
