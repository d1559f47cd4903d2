#include "pg/settings.hpp"

#include "config/field_table.hpp"
#include "pg/connection_string.hpp"

namespace unibox::pg {

void Settings::Describe(config::FieldTable& table) {
    table.Section("postgres", "The database.")
        .AddUrl(
            "url",
            &url,
            "Connection: URI or keywords, as libpq reads them.",
            MaskConnectionString,
            {"postgresql://… or keyword=value …",
             [](const config::Value& value) {
                 return IsConnectionString(std::get<std::string>(value));
             }}
        )
        .Add(
            "connection_count_max",
            &connection_count_max,
            "Connections at most.",
            config::InRange(1, 1000)
        )
        .Add(
            "acquire_timeout_ms",
            &acquire_timeout_ms,
            "Longest wait for a free connection.",
            config::InRange(1, 600'000)
        )
        .Add(
            "connect_timeout_ms",
            &connect_timeout_ms,
            "Longest time to connect, TLS and login included.",
            config::InRange(1, 600'000)
        )
        .Add(
            "statement_timeout_ms",
            &statement_timeout_ms,
            "The server cancels a statement that runs longer.",
            config::InRange(1, 86'400'000)
        )
        .Add(
            "lock_timeout_ms",
            &lock_timeout_ms,
            "The server cancels a statement that waits longer for a lock; 0 = never.",
            config::InRange(0, 86'400'000)
        )
        .Add(
            "idle_in_tx_timeout_ms",
            &idle_in_tx_timeout_ms,
            "The server ends a transaction whose client is silent for longer.",
            config::InRange(100, 86'400'000)
        )
        .Add(
            "io_timeout_ms",
            &io_timeout_ms,
            "Longest wait for the server's answer before the connection is given up.",
            config::InRange(1, 86'400'000)
        )
        .Add(
            "prepared",
            &prepared,
            "Use named prepared statements; false behind PgBouncer in transaction mode."
        );
}

}  // namespace unibox::pg
