// Forward-only SQL migrations and the question whether a schema is new enough.
//
// A migration is deploy/migrations/NNNN_name.sql. What was applied is recorded with its checksum in
// schema_migrations; a recorded file that changed or is unknown here stops everything with
// FAILED_PRECONDITION. Each file is applied in one transaction, in the order of their numbers, and
// never one below a number that was applied already.
// Thread safety: any thread; parallel runs, in other processes too, wait for each other (advisory
// lock).
#pragma once

#include "base/clock.hpp"
#include "base/status.hpp"
#include "obs/metrics.hpp"
#include "pg/pool.hpp"
#include "pg/settings.hpp"

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace unibox::store {

struct Migration {
    std::int32_t number = 0;
    std::string name;  // "0001_tables"
    std::string sql;
    std::string checksum;  // FNV-1a 64 of the text, 16 hex digits
};

// The files of deploy/migrations as they were when this library was built, in order.
std::vector<Migration> EmbeddedMigrations();
// The *.sql files of a folder. INVALID_ARGUMENT for names that do not fit and numbers that
// stand twice.
Result<std::vector<Migration>> ReadMigrations(const std::filesystem::path& folder);

struct MigrateOptions {
    // Longest wait for a table lock, which blocks others meanwhile.
    Millis lock_timeout{2'000};
    std::int32_t attempts_max = 30;  // Of each migration that ran into lock_timeout.
    Millis retry_pause{500};
    Millis advisory_wait_max{120'000};  // For another run to finish; then ABORTED.
};

struct MigrateReport {
    std::vector<std::string> applied;  // Names, in order.
    std::int32_t version = 0;          // The schema's, afterwards.
    std::int32_t partitions_made = 0;
};

// Applies what is missing, then makes the partitions of the previous, the current and the next
// three periods. `session` must belong to a superuser, or to the owner of the database with
// CREATEROLE. Its timeouts do not apply: a migration takes as long as it takes, at most a day.
Result<MigrateReport> Migrate(
    pg::Session& session,
    const std::vector<Migration>& migrations,
    const MigrateOptions& options = {}
);

// Number of the newest migration in this build.
std::int32_t NewestMigration();
// Ok if the database has at least the newest migration of this build. FAILED_PRECONDITION ("run
// uniboxctl migrate") if it is older or empty. Every role may ask.
Status SchemaIsCurrent(pg::Pool& pool);

}  // namespace unibox::store
