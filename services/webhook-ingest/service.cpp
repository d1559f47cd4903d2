#include "webhook-ingest/service.hpp"

#include "async/fair_pool.hpp"
#include "auth/authenticator.hpp"
#include "base/token_buckets.hpp"
#include "crypto/sealed_box.hpp"
#include "limits/limiter.hpp"
#include "nats/connection.hpp"
#include "obs/log.hpp"
#include "obs/waiting_gauge.hpp"
#include "pg/pool.hpp"
#include "redis/client.hpp"
#include "rpc/server.hpp"
#include "store/directory/lookups.hpp"
#include "store/streams/generations.hpp"
#include "subjects/subjects.hpp"
#include "webhook-ingest/cached_directory.hpp"
#include "webhook-ingest/event_publisher.hpp"
#include "webhook-ingest/event_window.hpp"
#include "webhook-ingest/grpc_api.hpp"
#include "webhook-ingest/ingest_log.hpp"
#include "webhook-ingest/log_history.hpp"

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

namespace unibox::ingest {
namespace {

// Of the threads of a lane, what those with much work share; the rest is for who has little.
constexpr std::size_t kBacklogPercent = 75;
constexpr std::int64_t kAnswerGraceMs = 500;  // For the answer of the deadline itself to get out.

async::FairLimits LaneLimits(const WorkSettings& work, int threads) {
    const auto thread_count = static_cast<std::size_t>(threads);
    const auto waiting_max = static_cast<std::size_t>(work.queue_count_max);
    return {
        .thread_count = thread_count,
        .backlog_thread_count = std::max<std::size_t>(1, thread_count * kBacklogPercent / 100),
        .waiting_max = waiting_max,
        .flow_waiting_max = waiting_max};
}

// As channels are looked up, and believed.
auth::Options AuthOptions(const Config& config) {
    auth::Options options;
    options.cache = config.lookups;
    options.lookup_queue_count_max = static_cast<std::size_t>(config.work.queue_count_max);
    return options;
}

IntakeSettings WithWindow(IntakeSettings settings, const nats::PublisherSettings& publisher) {
    settings.in_flight_msgs_max = publisher.window_count_max - publisher.window_count_max / 16;
    settings.in_flight_bytes_max = publisher.window_bytes_max;
    return settings;
}

// No webhook waits for much longer than its deadline, whatever it waits for.
http::Settings HttpSettings(const Config& config) {
    http::Settings settings = config.http;
    settings.handler_timeout_ms =
        std::min(settings.handler_timeout_ms, config.intake.deadline_ms + kAnswerGraceMs);
    settings.retry_after_s = config.intake.retry_after_s;
    return settings;
}

// What connects lazily, and what can fail to be made.
struct Connections {
    crypto::SealedBox box;
    std::unique_ptr<pg::Pool> pool;
    std::unique_ptr<nats::Connection> nats;
    std::unique_ptr<nats::Publisher> publisher;
    std::unique_ptr<redis::Client> redis;
};

Result<Connections> Connect(const Config& config, obs::Metrics& metrics) {
    UNIBOX_ASSIGN_OR_RETURN(auto box, crypto::SealedBox::FromKeyFile(config.secrets_key_file));
    UNIBOX_ASSIGN_OR_RETURN(auto pool, pg::Pool::Create(config.postgres, metrics));
    UNIBOX_ASSIGN_OR_RETURN(auto nats, nats::Connection::Connect(config.nats, metrics));
    UNIBOX_ASSIGN_OR_RETURN(
        auto publisher, nats::Publisher::Create(*nats, config.publisher, metrics)
    );
    UNIBOX_ASSIGN_OR_RETURN(auto redis, redis::Client::Create(config.redis, metrics));
    return Connections{
        std::move(box), std::move(pool), std::move(nats), std::move(publisher), std::move(redis)};
}

// In the order of dependence: what is below uses what is above.
struct Objects {
    Objects(const Config& the_config, Connections made, const Clock& clock, obs::Metrics& metrics)
        : config(the_config),
          box(std::move(made.box)),
          pool(std::move(made.pool)),
          store_directory(MakeStoreDirectory(*pool)),
          connection(std::move(made.nats)),
          publisher(std::move(made.publisher)),
          window(Millis(config.duplicate_window_ms), config.duplicate_window_count_max, clock),
          redis(std::move(made.redis)),
          limiter(*redis, config.limits, clock, metrics),
          failed_lookups(config.lookups.failed_network_count_max, clock),
          history(*connection, window, metrics),
          log(
              *connection,
              [this] { return store::ListLogGenerations(*pool); },
              history,
              clock,
              Millis(config.log_refresh_interval_ms),
              metrics
          ),
          known_lane(
              "look-up-known",
              LaneLimits(config.work, (config.work.lookup_thread_count + 1) / 2),
              clock,
              obs::WaitingGauge(metrics, "unibox_ingest_waiting", "look-up-known")
          ),
          unknown_lane(
              "look-up-new",
              LaneLimits(config.work, (config.work.lookup_thread_count + 1) / 2),
              clock,
              obs::WaitingGauge(metrics, "unibox_ingest_waiting", "look-up-new")
          ),
          body_lane(
              "body-work",
              LaneLimits(config.work, config.work.body_thread_count),
              clock,
              obs::WaitingGauge(metrics, "unibox_ingest_waiting", "body-work")
          ),
          directory(
              config.lookups,
              *store_directory,
              box,
              async::LookupLanes{known_lane, unknown_lane, failed_lookups},
              clock,
              metrics
          ),
          authenticator(
              AuthOptions(config),
              [this](const std::vector<std::string>& hashes, SteadyTime deadline) {
                  return store::FindApiKeys(*pool, hashes, deadline);
              },
              clock,
              metrics
          ),
          events(*publisher, log, history, window, metrics),
          intake(
              WithWindow(config.intake, config.publisher),
              directory,
              authenticator,
              events,
              *publisher,
              limiter,
              body_lane,
              clock,
              metrics
          ),
          calls(config.grpc, metrics),
          api(intake, calls) {}

    Status StartLog();
    Status WatchNotices();

    const Config config;
    const crypto::SealedBox box;
    const std::unique_ptr<pg::Pool> pool;
    const std::unique_ptr<Directory> store_directory;
    std::unique_ptr<nats::Connection> connection;  // Null once stopped;
    std::unique_ptr<nats::Publisher> publisher;    // and so is this.
    EventWindow window;
    const std::unique_ptr<redis::Client> redis;
    limits::Limiter limiter;
    TokenBuckets failed_lookups;
    LogHistory history;
    IngestLog log;
    async::FairPool known_lane;
    async::FairPool unknown_lane;
    async::FairPool body_lane;
    CachedDirectory directory;
    auth::Authenticator authenticator;
    EventPublisher events;
    Intake intake;
    rpc::Calls calls;
    GrpcApi api;
    std::unique_ptr<http::Server> http;
    std::unique_ptr<rpc::Server> grpc;
};

Status Objects::StartLog() {
    UNIBOX_RETURN_IF_ERROR(history.Start());
    const Status seen = log.Start();
    if (!seen.ok()) {
        obs::Log(obs::Level::kWarn, "the ingest log cannot be seen yet", {{"error", seen}});
    }
    const Status server = nats::Streams(*connection).CheckServer(config.payload_bytes_max);
    return server.code() == Code::kFailedPrecondition ? server : Status();
}

Status Objects::WatchNotices() {
    UNIBOX_RETURN_IF_ERROR(connection->WatchChanges(subjects::kChannelsChanged, [this] {
        directory.Forget();
        authenticator.Forget();
    }));
    return connection->Subscribe(
        subjects::kStreamsChanged,
        [this](std::string_view, std::string_view) { log.StreamsChanged(); }
    );
}

std::vector<runtime::Part> PartsOf(Objects& objects, const Clock& clock, obs::Metrics& metrics) {
    const auto start_http = [&objects, &clock, &metrics] {
        return http::Server::Start(
            HttpSettings(objects.config),
            Routes(objects.intake, objects.config.bodies),
            clock,
            metrics
        );
    };
    const auto start_grpc = [&objects, &metrics] {
        return rpc::Server::Start(
            objects.config.grpc, {{v1::IngestService::service_full_name(), &objects.api}}, metrics
        );
    };
    return {
        {.name = "log",
         .start = [&objects] { return objects.StartLog(); },
         .stop =
             [&objects](Millis) {
                 objects.publisher.reset();
                 objects.log.Stop();
                 objects.connection.reset();  // With it, what it tells.
             }},
        {.name = "lanes",
         .stop =
             [&objects](Millis) {
                 objects.authenticator.Stop();
                 objects.redis->Stop();
                 objects.known_lane.Stop();
                 objects.unknown_lane.Stop();
                 objects.body_lane.Stop();
             }},
        {.name = "notices", .start = [&objects] { return objects.WatchNotices(); }},
        runtime::ListenerPart("http", objects.http, start_http),
        runtime::ListenerPart("grpc", objects.grpc, start_grpc)};
}

}  // namespace

Result<std::unique_ptr<runtime::Service>> CreateService(
    const Config& config, const Clock& clock, obs::Metrics& metrics
) {
    UNIBOX_ASSIGN_OR_RETURN(Connections made, Connect(config, metrics));
    const auto objects = std::make_shared<Objects>(config, std::move(made), clock, metrics);
    return std::make_unique<runtime::Service>(objects, PartsOf(*objects, clock, metrics));
}

}  // namespace unibox::ingest
