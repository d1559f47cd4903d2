// Replies as message-writer commits them, without anything around it: its statements alone, in
// transactions of many, everything decided before. Thread safety: one thread.
#pragma once

#include "bench/writer/replay.hpp"
#include "support/pg_server.hpp"
#include "unibox/event/v1/inbound.pb.h"
#include "unibox/writer/v1/command.pb.h"

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace unibox::bench {

struct ReplyBacklog {
    int reply_count = 20'000;
    int conversation_count = 4'000;
    std::string text;
};

// What one reply leaves behind besides its own row, as it is stored.
struct ReplyBytes {
    std::string feed;     // its batch in the outbox, for the feed
    std::string job;      // the same for who sends it
    std::string digest;   // of its request key
    std::string answer;   // of its request key
    std::string changes;  // of the audit
};

struct BatchRun {
    std::int64_t reply_count = 0;
    double seconds = 0;
    double batch_p50_ms = 0;  // from BEGIN to the end of COMMIT
    double batch_p99_ms = 0;
    double own_cpu_s = 0;
    double postgres_cpu_s = 0;
};

// On `server`, in databases of its own: each run begins with the same conversations.
class ReplyBatches {
public:
    // As message-writer's default: commands.lane_count.
    static constexpr std::size_t kLaneCount = 2;

    ReplyBatches(test::PgServer& server, const ReplyBacklog& backlog);

    const ReplyBytes& bytes() const { return bytes_; }
    // On kLaneCount connections at once. The first run with a size decides all of it before, in
    // another database, which is not timed.
    BatchRun Run(std::size_t batch_size);

private:
    using Replays = std::vector<std::vector<Replay>>;  // of each lane

    const Replays& Decided(std::size_t batch_size);

    test::PgServer& server_;
    std::vector<event::v1::InboundEvent> customers_;          // their messages
    std::vector<std::vector<writer::v1::Command>> commands_;  // of each lane
    ReplyBytes bytes_;
    std::map<std::size_t, Replays> decided_;  // by the size of batches
};

}  // namespace unibox::bench
