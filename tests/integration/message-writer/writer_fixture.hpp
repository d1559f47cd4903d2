// A database, a nats-server with the streams, and writers in this process: events are published,
// rows and the feed come out. Thread safety: one thread.
#pragma once

#include "message-writer/config.hpp"
#include "nats/streams.hpp"
#include "support/fake_clock.hpp"
#include "support/inbound_events.hpp"
#include "support/nats_server.hpp"
#include "support/pg_server.hpp"
#include "support/process.hpp"
#include "support/temp_dir.hpp"
#include "support/writing_service.hpp"
#include "unibox/event/v1/feed.pb.h"

#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

namespace unibox::test {

class WriterFixture {
public:
    static constexpr int kPartitions = 4;

    explicit WriterFixture(PgServer& server = PgServer::Shared());
    ~WriterFixture();

    // Short leases, quick rounds; change before StartWriter.
    writer::Config config;
    // What StartWriter starts: no API, unless a test wants writer::CreateService.
    std::function<Result<
        std::unique_ptr<runtime::Service>>(const writer::Config&, const Clock&, obs::Metrics&)>
        create_writer = CreateWritingService;
    runtime::Service& StartWriter(const std::string& owner);
    void StopWriter(std::size_t index) { writers_.at(index).reset(); }
    // A writer as a process of its own, to be killed; it freezes itself at the stage if one is
    // named (the test lists the program freezing_writer).
    std::unique_ptr<Process> StartProcess(
        const std::string& owner,
        const std::string& freeze_at,
        const std::map<std::string, std::string>& more_environment = {}
    );
    static bool IsFrozen(const Process& process);

    void Publish(const std::vector<event::v1::InboundEvent>& events, int generation = 1);
    // Waits until the sum of last_seq reaches the number of events published, or 30 s.
    bool AllCommitted();
    // Waits until no row is left in the outbox.
    bool AllPublished();

    std::string Ask(const std::string& sql);
    std::int64_t Count(const std::string& sql) { return std::stoll(Ask(sql)); }
    void Run(const std::string& sql) { server_.Run(database_.name(), sql); }
    // Waits until the keeper's first round has looked at UB_EV.
    bool FeedStreamIsKnown();
    // The feed, read from UB_EV, each event id once.
    std::vector<event::v1::FeedEvent> Feed();
    // Why the feed does not tell every version of every conversation, in order; "" if it does.
    std::string FeedGap();

    nats::Streams& streams() { return *streams_; }
    nats::Connection& connection() { return *connection_; }
    NatsServer& nats() { return nats_; }
    // The server's store as it is now; and back to that, which ends its life in between.
    void CopyLog();
    void LogGoesBack();
    void RestartNats(const std::function<void()>& while_down);
    pg::Pool& pool() { return *pool_; }
    const PgDatabase& database() const { return database_; }
    void EnsureStreams(int generation = 1);
    std::int64_t published_count = 0;
    obs::Metrics registry;
    ShiftedClock clock;  // of the writers

private:
    PgServer& server_;
    PgDatabase database_;
    NatsServer nats_;
    TempDir dir_;
    const std::filesystem::path log_copy_ = dir_ / "store";
    std::unique_ptr<nats::Connection> connection_;
    std::unique_ptr<nats::Streams> streams_;
    std::unique_ptr<pg::Pool> pool_;
    std::vector<std::unique_ptr<runtime::Service>> writers_;
};

}  // namespace unibox::test
