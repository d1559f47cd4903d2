#include "support/pg_replica.hpp"

#include <fmt/format.h>

namespace unibox::test {

std::vector<std::string> PgReplica::PrimarySettings() {
    return {
        "wal_level = replica",
        "max_wal_senders = 10",
        "wal_keep_size = 256MB",
        "hot_standby = on",
        // What a standby may wait for the primary before it asks again.
        "wal_retrieve_retry_interval = 100ms",
        "wal_receiver_status_interval = 1s"};
}

PgReplica::PgReplica(const PgServer& primary) : PgServer(Empty()) {
    RunTool(
        {"pg_basebackup",
         "-h",
         "127.0.0.1",
         "-p",
         std::to_string(primary.port()),
         "-U",
         "postgres",
         "-D",
         data().string(),
         "-X",
         "stream",
         "-c",
         "fast",
         "-R",
         "--no-sync"}
    );
    Start();
}

void PgReplica::Pause() {
    Run("postgres", "SELECT pg_wal_replay_pause()");
}
void PgReplica::Resume() {
    Run("postgres", "SELECT pg_wal_replay_resume()");
}
void PgReplica::Promote() {
    RunTool({"pg_ctl", "promote", "-w", "-t", "60", "-D", data().string()});
}

void PgReplica::Follow(const PgServer& primary) {
    Run("postgres",
        fmt::format(
            "ALTER SYSTEM SET primary_conninfo = 'host=127.0.0.1 port={} user=postgres'",
            primary.port()
        ));
    Run("postgres", "SELECT pg_reload_conf()");
}

}  // namespace unibox::test
