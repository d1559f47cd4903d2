// The floor of a reply: pgbench, whose script does in one transaction what a plain program would do
// for it, a statement after the other, in the same tables: lock and advance the counters, read what
// has to be checked and told, change the conversation, insert the message, the audit's row, the
// outbox's two and the request key's. No web server, no protobuf, no group commit.
// What fails ends the program with the reason. Thread safety: one thread.
#pragma once

#include "bench/commands/reply_batches.hpp"
#include "support/pg_server.hpp"
#include "support/temp_dir.hpp"

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

namespace unibox::bench {

struct PlainRun {
    std::int64_t reply_count = 0;
    double replies_per_s = 0;  // without the time in which connections are made
    double p50_ms = 0;
    double p99_ms = 0;
    double pgbench_cpu_s = 0;
    double postgres_cpu_s = 0;
};

class PlainReplies {
public:
    // In the conversations that the database has, so many. What is opaque is as in `bytes`.
    PlainReplies(
        test::PgServer& server,
        const std::string& database_name,
        std::size_t conversation_count,
        const ReplyBytes& bytes,
        const std::string& text
    );

    // With prepared statements, so many clients in a closed loop.
    PlainRun Run(int client_count, int run_s);

private:
    std::vector<std::string> Arguments(int client_count, int run_s) const;

    test::PgServer& server_;
    std::string database_name_;
    std::vector<std::string> variables_;  // name=value
    test::TempDir dir_;
};

}  // namespace unibox::bench
