#include "message-writer/writing.hpp"

#include "message-writer/command_lanes.hpp"
#include "message-writer/feed_history.hpp"
#include "message-writer/keeper.hpp"
#include "message-writer/partition_owner.hpp"
#include "message-writer/relays.hpp"
#include "message-writer/search_indexer.hpp"
#include "message-writer/snooze_alarm.hpp"
#include "store/schema/migrate.hpp"

#include <unistd.h>

#include <memory>
#include <utility>
#include <vector>

namespace unibox::writer {
namespace {

std::string OwnerName(const OwnershipSettings& settings, const Clock& clock) {
    if (!settings.owner.empty()) return settings.owner;
    char host[256] = {};
    if (::gethostname(host, sizeof host - 1) != 0) host[0] = '\0';
    // A process id can come back within a lease; its owner must not be taken for the old one.
    return std::string(host) + ":" + std::to_string(::getpid()) + ":" +
           NewUuidV7(clock.UnixMillis()).ToString().substr(24);
}

// What connects lazily, and what can fail to be made; each uses those above it.
struct Made {
    std::unique_ptr<pg::Pool> pool;
    std::unique_ptr<nats::Connection> connection;
    std::shared_ptr<FeedHistory> feed;
    std::unique_ptr<Relays> relays;
};

Result<Made> Make(const Config& config, const Clock& clock, obs::Metrics& metrics) {
    Made made;
    UNIBOX_ASSIGN_OR_RETURN(made.pool, pg::Pool::Create(config.postgres, metrics));
    UNIBOX_ASSIGN_OR_RETURN(
        made.connection, nats::Connection::Connect(config.nats, metrics, clock)
    );
    made.feed = std::make_shared<FeedHistory>(*made.pool, *made.connection, metrics, clock);
    const RelaySettings relaying{.publish_deadline = Millis(config.outbox.publish_timeout_ms)};
    UNIBOX_ASSIGN_OR_RETURN(
        made.relays,
        Relays::Create(*made.connection, kOutboxStreams, relaying, metrics, clock, made.feed.get())
    );
    return made;
}

}  // namespace

// In the order of dependence: what is below uses what is above. Only the lanes call what is below
// them (ownership and upkeep), once these are there.
struct Writing::Objects {
    Objects(
        const Config& the_config,
        Made made,
        const Clock& clock,
        obs::Metrics& registry,
        StageHook on_stage
    )
        : config(the_config),
          metrics(registry),
          pool(std::move(made.pool)),
          connection(std::move(made.connection)),
          feed(std::move(made.feed)),
          relays(std::move(made.relays)),
          environment{
              .config = config,
              .owner = OwnerName(config.ownership, clock),
              .pool = *pool,
              .connection = *connection,
              .relays = *relays,
              .metrics = metrics,
              .on_stage = std::move(on_stage),
              .registry = registry,
              .clock = clock,
              .log_highs = log_highs,
              .on_lost = [this] { partitions.Wake(); },
              .on_log_full = [this] { keeper->Relieve(); }},
          partitions(environment, lanes),
          commands(environment),
          snoozes(*pool, commands, clock) {}

    Status SchemaIsCurrent() const;
    Status CreateLanes();
    void StopLanes();

    const Config config;
    WriterMetrics metrics;
    LogHighs log_highs;
    const std::unique_ptr<pg::Pool> pool;
    const std::unique_ptr<nats::Connection> connection;
    const std::shared_ptr<FeedHistory> feed;
    const std::unique_ptr<Relays> relays;
    LaneEnvironment environment;
    std::vector<std::unique_ptr<Lane>> lanes;
    PartitionOwner partitions;
    std::unique_ptr<Keeper> keeper;
    std::unique_ptr<SearchIndexer> search_indexer;
    CommandLanes commands;
    SnoozeAlarm snoozes;
};

Status Writing::Objects::SchemaIsCurrent() const {
    Status status = store::SchemaIsCurrent(*pool);
    const bool away =
        status.code() == Code::kUnavailable || status.code() == Code::kDeadlineExceeded;
    return away ? Status() : status;
}

Status Writing::Objects::CreateLanes() {
    const auto count = static_cast<std::size_t>(config.batch.lane_count);
    for (std::size_t i = 0; i < count; ++i) {
        UNIBOX_ASSIGN_OR_RETURN(auto lane, Lane::Create(environment, i));
        lanes.push_back(std::move(lane));
    }
    return {};
}

void Writing::Objects::StopLanes() {
    for (const auto& lane : lanes) lane->Stop();
}

std::vector<runtime::Part> Writing::Parts() {
    Objects& objects = *objects_;
    return {
        {.name = "schema", .start = [&objects] { return objects.SchemaIsCurrent(); }},
        {.name = "feed",
         .start =
             [&objects] { return objects.feed->Start([&objects] { objects.relays->Resume(); }); },
         // So that the lanes can still delete what is acknowledged.
         .refuse_work = [&objects] { objects.feed->Mark(); },
         .stop = [&objects](Millis) { objects.feed->Stop(); }},
        {.name = "lanes",
         .start = [&objects] { return objects.CreateLanes(); },
         .stop = [&objects](Millis) { objects.StopLanes(); }},
        {.name = "keeper",
         .start =
             [&objects] {
                 objects.keeper->Start();
                 return Status();
             },
         .stop = [&objects](Millis) { objects.keeper->Stop(); }},
        {.name = "partitions",
         .start = [&objects] { return objects.partitions.Start(); },
         // Others go on with them at once; commands are taken until everybody knows better.
         .announce_stop = [&objects] { objects.partitions.Stop(); },
         .stop = [&objects](Millis) { objects.partitions.Stop(); }},
        {.name = "commands",
         .start = [&objects] { return objects.commands.Start(); },
         .stop = [&objects](Millis) { objects.commands.Stop(); }},
        {.name = "snoozes",
         .start =
             [&objects] {
                 objects.snoozes.Start();
                 return Status();
             },
         .stop = [&objects](Millis) { objects.snoozes.Stop(); }},
        {.name = "search-index",
         .start =
             [&objects] {
                 objects.search_indexer->Start();
                 return Status();
             },
         .stop = [&objects](Millis) { objects.search_indexer->Stop(); }}};
}

CommandLanes& Writing::commands() {
    return objects_->commands;
}

Writing::Writing(std::unique_ptr<Objects> objects) : objects_(std::move(objects)) {}

Writing::~Writing() = default;

Result<std::unique_ptr<Writing>> Writing::Create(
    const Config& config, const Clock& clock, obs::Metrics& metrics, StageHook on_stage
) {
    if (config.ownership.interval_ms * 3 > config.ownership.lease_ms) {
        return InvalidArgument("ownership.interval_ms must be at most a third of ownership.lease_ms"
        )
            .WithField("ownership.interval_ms");
    }
    UNIBOX_ASSIGN_OR_RETURN(Made made, Make(config, clock, metrics));
    auto objects =
        std::make_unique<Objects>(config, std::move(made), clock, metrics, std::move(on_stage));
    UNIBOX_ASSIGN_OR_RETURN(
        objects->keeper,
        Keeper::Create(
            objects->config, *objects->pool, *objects->connection, objects->metrics, clock
        )
    );
    UNIBOX_ASSIGN_OR_RETURN(
        objects->search_indexer,
        SearchIndexer::Create(objects->config, *objects->pool, objects->metrics, clock)
    );
    return std::unique_ptr<Writing>(new Writing(std::move(objects)));
}

}  // namespace unibox::writer
