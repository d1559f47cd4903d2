// Settings of a PostgreSQL connection or pool, shared by every service that talks to the database.
// Thread safety: a value.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

namespace unibox::config {
class FieldTable;
}

namespace unibox::pg {

// Who acts, and with what, for the audit of what administration changes (deploy/migrations/0019).
struct Actor {
    std::string name;        // "jane@host"
    std::string verb;        // "partitions skip"
    std::string request_id;  // The same for all that one command does.
};

struct Settings {
    // libpq URI or keyword string. Keywords given here win over the defaults set by this library
    // (keepalives, tcp_user_timeout, application_name).
    // url_file gives it in a file instead: it may carry a password.
    std::string url = "postgresql://127.0.0.1:5432/unibox";
    std::int64_t connection_count_max = 8;       // Connections of a Pool at most.
    std::int64_t acquire_timeout_ms = 2'000;     // Longest wait for a free connection.
    std::int64_t connect_timeout_ms = 5'000;     // TCP, TLS and authentication together.
    std::int64_t statement_timeout_ms = 10'000;  // By the server, for each statement.
    std::int64_t lock_timeout_ms = 5'000;        // By the server, for each lock; 0 = none.
    std::int64_t idle_in_tx_timeout_ms = 5'000;  // By the server: a frozen client loses its locks.
    std::int64_t io_timeout_ms = 30'000;         // By the client: one round trip, then disconnect.
    // Named prepared statements. false = unnamed ones, for PgBouncer in transaction mode.
    bool prepared = true;
    // Told in each transaction that writes, as app.actor, app.verb and app.request_id. Of the
    // program, not of its settings; none: nothing is told.
    std::optional<Actor> actor = {};

    // Adds section "postgres" to the table of settings.
    void Describe(config::FieldTable& table);
};

}  // namespace unibox::pg
