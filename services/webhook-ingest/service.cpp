#include "webhook-ingest/service.hpp"

#include "async/fair_pool.hpp"
#include "auth/authenticator.hpp"
#include "base/token_buckets.hpp"
#include "crypto/sealed_box.hpp"
#include "nats/connection.hpp"
#include "obs/log.hpp"
#include "obs/waiting_gauge.hpp"
#include "pg/pool.hpp"
#include "rpc/server.hpp"
#include "store/directory/lookups.hpp"
#include "store/streams/generations.hpp"
#include "webhook-ingest/endpoints.hpp"
#include "webhook-ingest/event_publisher.hpp"
#include "webhook-ingest/event_window.hpp"
#include "webhook-ingest/grpc_api.hpp"
#include "webhook-ingest/ingest_log.hpp"
#include "webhook-ingest/log_history.hpp"
#include "wire/subjects.hpp"

#include <algorithm>

namespace unibox::ingest {
namespace {

// Of the threads of a lane, what those with much work share; the rest is for who has little.
constexpr std::size_t kBacklogPercent = 75;
constexpr std::int64_t kAnswerGraceMs = 500;  // For the answer of the deadline itself to get out.

// As channels are looked up, and believed.
auth::Options AuthOptions(const Config& config) {
    auth::Options options;
    options.cache = config.lookups;
    options.lookup_queue_count_max = config.worker_queue_count_max;
    return options;
}

}  // namespace

// In the order in which they are built; each refers to those above it only.
struct WebhookIngest::Parts {
    Parts(
        const Config& the_config, const Clock& clock, obs::Metrics& metrics, crypto::SealedBox key
    )
        : config(the_config),
          steady(clock),
          registry(metrics),
          box(std::move(key)),
          window(config.duplicate_window_ms, config.duplicate_window_count_max, clock),
          limiter(config.rate_tenant_count_max, clock),
          failed_lookups(config.lookups.failed_network_count_max, clock) {}

    Status Connect();
    Status Serve();
    http::Settings HttpSettings() const;
    std::unique_ptr<async::FairPool> Lane(const std::string& name, std::size_t thread_count);

    const Config config;
    const Clock& steady;
    obs::Metrics& registry;
    const crypto::SealedBox box;
    EventWindow window;
    TokenBuckets limiter;
    TokenBuckets failed_lookups;
    std::unique_ptr<pg::Pool> pool;
    std::unique_ptr<Directory> directory;
    std::unique_ptr<nats::Connection> connection;
    std::unique_ptr<LogHistory> history;
    std::unique_ptr<IngestLog> log;
    std::unique_ptr<async::FairPool> known_lane;
    std::unique_ptr<async::FairPool> unknown_lane;
    std::unique_ptr<async::FairPool> body_workers;
    std::unique_ptr<Endpoints> endpoints;
    std::unique_ptr<auth::Authenticator> authenticator;
    std::unique_ptr<nats::Publisher> publisher;
    std::unique_ptr<EventPublisher> events;
    std::unique_ptr<Ingest> ingest;
    std::unique_ptr<rpc::Calls> calls;
    std::unique_ptr<GrpcApi> api;
    std::unique_ptr<http::Server> http;
    std::unique_ptr<rpc::Server> grpc;
    std::string http_address;
    std::string grpc_address;
};

Result<std::unique_ptr<WebhookIngest>> WebhookIngest::Create(
    const Config& config, const Clock& clock, obs::Metrics& metrics
) {
    UNIBOX_ASSIGN_OR_RETURN(auto box, crypto::SealedBox::FromKeyFile(config.secrets_key_file));
    auto parts = std::make_unique<Parts>(config, clock, metrics, std::move(box));
    return std::unique_ptr<WebhookIngest>(new WebhookIngest(std::move(parts)));
}

WebhookIngest::WebhookIngest(std::unique_ptr<Parts> parts) : parts_(std::move(parts)) {}
WebhookIngest::~WebhookIngest() {
    Stop(Millis(0));
}

Status WebhookIngest::Parts::Connect() {
    UNIBOX_ASSIGN_OR_RETURN(pool, pg::Pool::Create(config.postgres, registry));
    directory = MakeStoreDirectory(*pool);
    UNIBOX_ASSIGN_OR_RETURN(connection, nats::Connection::Connect(config.nats, registry));
    UNIBOX_ASSIGN_OR_RETURN(
        publisher, nats::Publisher::Create(*connection, config.publisher, registry)
    );
    history = std::make_unique<LogHistory>(*connection, window, registry);
    UNIBOX_RETURN_IF_ERROR(history->Start());
    log = std::make_unique<IngestLog>(
        *connection,
        [this] { return store::ListLogGenerations(*pool); },
        *history,
        steady,
        config.log_refresh_ms,
        registry
    );
    const Status seen = log->Start();
    if (!seen.ok()) {
        obs::Log(obs::Level::kWarn, "the ingest log cannot be seen yet", {{"error", seen}});
    }
    const Status server = nats::Streams(*connection).CheckServer(config.payload_bytes_max);
    return server.code() == Code::kFailedPrecondition ? server : Status();
}

Status WebhookIngest::Parts::Serve() {
    known_lane = Lane("look-up-known", (config.worker_thread_count + 1) / 2);
    unknown_lane = Lane("look-up-new", (config.worker_thread_count + 1) / 2);
    body_workers = Lane("body-work", config.body_thread_count);
    endpoints = std::make_unique<Endpoints>(
        config.lookups,
        *directory,
        box,
        async::LookupLanes{*known_lane, *unknown_lane, failed_lookups},
        steady,
        registry
    );
    authenticator = std::make_unique<auth::Authenticator>(
        AuthOptions(config),
        [this](const std::vector<std::string>& hashes, SteadyTime deadline) {
            return store::FindApiKeys(*pool, hashes, deadline);
        },
        steady,
        registry
    );
    events = std::make_unique<EventPublisher>(*publisher, *log, *history, window, registry);
    IngestSettings settings = config.ingest;
    settings.in_flight_msgs_max = config.publisher.window_msgs - config.publisher.window_msgs / 16;
    settings.in_flight_bytes_max = config.publisher.window_bytes;
    ingest = std::make_unique<Ingest>(
        settings,
        *endpoints,
        *authenticator,
        *events,
        *publisher,
        limiter,
        *body_workers,
        steady,
        registry
    );
    UNIBOX_RETURN_IF_ERROR(connection->WatchChanges(wire::kChannelsChanged, [this] {
        endpoints->Forget();
        authenticator->Forget();
    }));
    UNIBOX_RETURN_IF_ERROR(connection->Subscribe(
        wire::kStreamsChanged, [this](std::string_view, std::string_view) { log->StreamsChanged(); }
    ));
    UNIBOX_ASSIGN_OR_RETURN(
        http, http::Server::Start(HttpSettings(), Routes(*ingest, config.bodies), steady, registry)
    );
    calls = std::make_unique<rpc::Calls>(config.grpc, registry);
    api = std::make_unique<GrpcApi>(*ingest, *calls);
    UNIBOX_ASSIGN_OR_RETURN(
        grpc,
        rpc::Server::Start(
            config.grpc, {{v1::IngestService::service_full_name(), api.get()}}, registry
        )
    );
    http_address = http->address();
    grpc_address = grpc->address();
    return {};
}

std::unique_ptr<async::FairPool> WebhookIngest::Parts::Lane(
    const std::string& name, std::size_t thread_count
) {
    async::FairLimits limits;
    limits.thread_count = thread_count;
    limits.backlog_thread_count = std::max<std::size_t>(1, thread_count * kBacklogPercent / 100);
    limits.waiting_max = config.worker_queue_count_max;
    limits.flow_waiting_max = config.worker_queue_count_max;
    return std::make_unique<async::FairPool>(
        name, limits, steady, obs::WaitingGauge(registry, "unibox_ingest_waiting", name)
    );
}

// No webhook waits for much longer than its deadline, whatever it waits for.
http::Settings WebhookIngest::Parts::HttpSettings() const {
    http::Settings settings = config.http;
    settings.handler_timeout_ms =
        std::min(settings.handler_timeout_ms, config.ingest.deadline_ms + kAnswerGraceMs);
    settings.retry_after_s = config.ingest.retry_after_s;
    return settings;
}

Status WebhookIngest::Start() {
    UNIBOX_RETURN_IF_ERROR(parts_->Connect());
    return parts_->Serve();
}

void WebhookIngest::AnnounceStop() {
    if (parts_->grpc) parts_->grpc->SetServing(false);
    if (parts_->http) parts_->http->AnnounceStop();
}

// Intake first, then what serves it: nothing is asked of a part that is gone.
void WebhookIngest::Stop(Millis grace) {
    Parts& parts = *parts_;
    if (parts.http) parts.http->StopAccepting();
    if (parts.grpc) parts.grpc->Stop(grace);
    if (parts.http) parts.http->Stop(grace);
    if (parts.authenticator) parts.authenticator->Stop();
    if (parts.known_lane) parts.known_lane->Stop();
    if (parts.unknown_lane) parts.unknown_lane->Stop();
    if (parts.body_workers) parts.body_workers->Stop();
    parts.publisher.reset();
    if (parts.log) parts.log->Stop();
    parts.connection.reset();  // Its subscriptions use the parts; they end with it.
}

Status WebhookIngest::Alive() const {
    return parts_->grpc->Alive();
}
std::string WebhookIngest::http_address() const {
    return parts_->http_address;
}
std::string WebhookIngest::grpc_address() const {
    return parts_->grpc_address;
}

}  // namespace unibox::ingest
