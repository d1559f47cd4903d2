#include "gateway/service.hpp"

#include "auth/authenticator.hpp"
#include "crypto/sealed_box.hpp"
#include "gateway/admin/admin.hpp"
#include "gateway/admission.hpp"
#include "gateway/agent_sources.hpp"
#include "gateway/call_limits.hpp"
#include "gateway/commands.hpp"
#include "gateway/grpc_api.hpp"
#include "gateway/http_api.hpp"
#include "gateway/inbox.hpp"
#include "gateway/methods.hpp"
#include "gateway/openapi.hpp"
#include "gateway/search.hpp"
#include "gateway/stats.hpp"
#include "gateway/views.hpp"
#include "http/server.hpp"
#include "limits/limiter.hpp"
#include "nats/connection.hpp"
#include "obs/outage_log.hpp"
#include "obs/waiting_gauge.hpp"
#include "pg/read_router.hpp"
#include "redis/client.hpp"
#include "rpc/client.hpp"
#include "rpc/dispatch.hpp"
#include "rpc/server.hpp"
#include "store/directory/lookups.hpp"
#include "store/inbox/reads.hpp"
#include "subjects/subjects.hpp"

#include <algorithm>
#include <optional>
#include <utility>
#include <vector>

namespace unibox::gateway {
namespace {

async::FairLimits WorkLimits(
    const WorkSettings& settings, int thread_count, int backlog_thread_count
) {
    const auto waiting = static_cast<std::size_t>(settings.queue_count_max);
    const auto percent = static_cast<std::size_t>(settings.tenant_queue_percent);
    return {
        .thread_count = static_cast<std::size_t>(thread_count),
        .backlog_thread_count = static_cast<std::size_t>(backlog_thread_count),
        .waiting_max = waiting,
        .flow_waiting_max = std::max<std::size_t>(waiting * percent / 100, 1)};
}

constexpr Millis kTellMax{2'000};

async::FairLimits ConsoleLimits(const Config& config) {
    WorkSettings settings = config.work;
    settings.queue_count_max = config.console.queue_count_max;
    return WorkLimits(settings, config.console.thread_count, config.console.thread_count);
}

// What administration works with; nothing connects yet.
Result<AdminParts> AdminPartsOf(const Config& config, obs::Metrics& metrics) {
    AdminParts parts;
    if (!config.secrets_key_file.empty()) {
        UNIBOX_ASSIGN_OR_RETURN(auto box, crypto::SealedBox::FromKeyFile(config.secrets_key_file));
        parts.box = std::make_shared<const crypto::SealedBox>(std::move(box));
    }
    if (config.console.url.empty()) return parts;
    pg::Settings settings = config.postgres;
    settings.url = config.console.url;
    settings.connection_count_max = config.console.connection_count_max;
    UNIBOX_ASSIGN_OR_RETURN(parts.pool, pg::Pool::Create(settings, metrics));
    return parts;
}

async::FairLimits SearchLimits(const Config& config) {
    WorkSettings settings = config.work;
    settings.queue_count_max = config.search.queue_count_max;
    return WorkLimits(settings, config.search.thread_count, config.search.thread_count);
}

Result<std::unique_ptr<pg::Pool>> SearchPool(const Config& config, obs::Metrics& metrics) {
    pg::Settings settings = config.postgres;
    settings.connection_count_max = config.search.connection_count_max;
    settings.statement_timeout_ms = config.search.statement_timeout_ms;
    return pg::Pool::Create(settings, metrics);
}

// What gRPC clients take with their own defaults (4 MiB), and what may be sent here.
std::size_t PageBytesMax(const rpc::Settings& grpc) {
    const auto sendable = static_cast<std::size_t>(grpc.send_bytes_max);
    return std::min(store::kPageBytesMax, sendable - sendable / 4);
}

// A key is believed for known_ms_max, and not a moment longer: without PostgreSQL there is nothing
// to be read with it.
auth::Options AuthOptions(const Config& config) {
    const ApiKeySettings& api_keys = config.api_keys;
    auth::Options options;
    options.cache.refresh_ms = api_keys.known_ms_max;
    options.cache.known_ms_max = api_keys.known_ms_max;
    options.cache.stale_ms_max = api_keys.known_ms_max;
    options.cache.unknown_ms_max = api_keys.unknown_ms_max;
    options.cache.retry_ms = 0;
    options.cache.known_count_max = static_cast<std::size_t>(api_keys.known_count_max);
    options.cache.unknown_count_max = static_cast<std::size_t>(api_keys.unknown_count_max);
    options.cache.failed_per_s = api_keys.failed_per_s;
    options.cache.failed_burst = api_keys.failed_burst;
    options.cache.failed_network_count_max =
        static_cast<std::size_t>(api_keys.failed_network_count_max);
    options.lookup_thread_count = static_cast<std::size_t>(api_keys.lookup_thread_count);
    options.lookup_queue_count_max = static_cast<std::size_t>(api_keys.lookup_queue_count_max);
    options.lookup_max = std::min(options.lookup_max, Millis(config.grpc.deadline_default_ms));
    options.agents = AgentOptionsOf(config.agent_tokens);
    return options;
}

auth::Authenticator::FindKeys KeysIn(pg::Pool& pool) {
    return [&pool](const std::vector<std::string>& hashes, SteadyTime deadline) {
        return store::FindApiKeys(pool, hashes, deadline);
    };
}

// What the gateway speaks with. Nothing of it has to be there yet.
struct Peers {
    std::unique_ptr<pg::Pool> pool;
    std::unique_ptr<pg::ReadRouter> reads;
    std::unique_ptr<pg::Pool> search_pool;
    auth::AgentSources agents;
    std::unique_ptr<nats::Connection> connection;
    std::unique_ptr<rpc::Client> writer;
    std::unique_ptr<redis::Client> redis;
    AdminParts admin;
};

Result<Peers> PeersOf(const Config& config, obs::Metrics& metrics) {
    Peers peers;
    UNIBOX_ASSIGN_OR_RETURN(peers.pool, pg::Pool::Create(config.postgres, metrics));
    UNIBOX_ASSIGN_OR_RETURN(
        peers.reads, pg::ReadRouter::Create(*peers.pool, config.postgres, config.reads, metrics)
    );
    UNIBOX_ASSIGN_OR_RETURN(peers.search_pool, SearchPool(config, metrics));
    UNIBOX_ASSIGN_OR_RETURN(peers.agents, AgentSourcesOf(config, *peers.pool));
    UNIBOX_ASSIGN_OR_RETURN(peers.connection, nats::Connection::Connect(config.nats, metrics));
    const auto methods = WriterMethods(Millis(config.writer.deadline_ms_max));
    UNIBOX_ASSIGN_OR_RETURN(
        peers.writer, rpc::Client::Create(config.writer.client, methods, metrics)
    );
    UNIBOX_ASSIGN_OR_RETURN(peers.redis, redis::Client::Create(config.redis, metrics));
    UNIBOX_ASSIGN_OR_RETURN(peers.admin, AdminPartsOf(config, metrics));
    return peers;
}

// In the order of dependence: what is below uses what is above.
struct Objects {
    Objects(const Config& the_config, Peers given, const Clock& clock, obs::Metrics& metrics)
        : config(the_config),
          pool(std::move(given.pool)),
          reads(std::move(given.reads)),
          search_pool(std::move(given.search_pool)),
          authenticator(
              AuthOptions(config), KeysIn(*pool), clock, metrics, std::move(given.agents)
          ),
          inbox(*reads, clock, PageBytesMax(config.grpc)),
          search(*search_pool, clock, Millis(config.search.time_ms_max)),
          stats(*reads, clock),
          writer(std::move(given.writer)),
          commands(*writer, clock),
          admin(Telling(std::move(given.admin)), clock),
          views(*reads, admin, clock),
          work(
              "work",
              WorkLimits(config.work, config.work.thread_count, config.work.backlog_thread_count),
              clock,
              obs::WaitingGauge(metrics, "unibox_gateway_waiting", "work")
          ),
          changes(
              "changes",
              WorkLimits(
                  config.work,
                  config.work.change_thread_count,
                  config.work.change_backlog_thread_count
              ),
              clock,
              obs::WaitingGauge(metrics, "unibox_gateway_waiting", "changes")
          ),
          administration(
              "administration",
              ConsoleLimits(config),
              clock,
              obs::WaitingGauge(metrics, "unibox_gateway_waiting", "administration")
          ),
          searches(
              "searches",
              SearchLimits(config),
              clock,
              obs::WaitingGauge(metrics, "unibox_gateway_waiting", "searches")
          ),
          calls(config.grpc, metrics),
          redis(std::move(given.redis)),
          limiter(*redis, config.limits.counting, clock, metrics),
          call_limits(config.limits),
          admission(
              calls,
              authenticator,
              limiter,
              call_limits,
              {work, changes, administration, searches},
              metrics
          ),
          connection(std::move(given.connection)),
          untold("services could not be told of a change of administration", clock) {}

    Status WatchKeys();
    AdminParts Telling(AdminParts parts);
    void TellChange();

    const Config config;
    const std::unique_ptr<pg::Pool> pool;
    const std::unique_ptr<pg::ReadRouter> reads;
    const std::unique_ptr<pg::Pool> search_pool;
    auth::Authenticator authenticator;
    Inbox inbox;
    Search search;
    Stats stats;
    const std::unique_ptr<rpc::Client> writer;
    Commands commands;
    Admin admin;
    Views views;
    async::FairPool work;
    async::FairPool changes;
    async::FairPool administration;
    async::FairPool searches;
    rpc::Calls calls;
    const std::unique_ptr<redis::Client> redis;
    limits::Limiter limiter;
    const CallLimits call_limits;
    Admission admission;
    MethodTable methods;
    std::unique_ptr<GrpcApi> grpc_api;
    std::unique_ptr<nats::Connection> connection;  // Null once stopped.
    obs::OutageLog untold;
    std::unique_ptr<rpc::Server> grpc;
    std::unique_ptr<http::Server> http;
};

// The same notice that webhook-ingest hears.
Status Objects::WatchKeys() {
    return connection->WatchChanges(subjects::kChannelsChanged, [this] { authenticator.Forget(); });
}

AdminParts Objects::Telling(AdminParts parts) {
    parts.tell = [this] { TellChange(); };
    return parts;
}

// Here it holds at once, elsewhere when they hear of it; without NATS when their caches expire.
void Objects::TellChange() {
    authenticator.Forget();
    const Status told = connection->TellChange(subjects::kChannelsChanged, kTellMax);
    if (!told.ok()) untold.Warn(told);
}

std::vector<runtime::Part> PartsOf(Objects& objects, const Clock& clock, obs::Metrics& metrics) {
    const auto start_grpc = [&objects, &metrics] {
        return rpc::Server::Start(objects.config.grpc, objects.grpc_api->services(), metrics);
    };
    const auto start_http =
        [&objects, &clock, &metrics]() -> Result<std::unique_ptr<http::Server>> {
        UNIBOX_ASSIGN_OR_RETURN(auto routes, HttpRoutes(objects.methods, objects.admission));
        UNIBOX_ASSIGN_OR_RETURN(auto openapi, OpenApiRoute(objects.methods));
        routes.push_back(std::move(openapi));
        return http::Server::Start(objects.config.http, std::move(routes), clock, metrics);
    };
    return {
        {.name = "work",
         .stop =
             [&objects](Millis) {
                 objects.searches.Stop();
                 objects.changes.Stop();
                 objects.work.Stop();
             }},
        // They feed the work threads.
        {.name = "keys",
         .start = [&objects] { return objects.WatchKeys(); },
         .stop =
             [&objects](Millis) {
                 objects.administration.Stop();  // It tells of changes by the connection.
                 objects.connection.reset();
                 objects.authenticator.Stop();
                 objects.redis->Stop();
             }},
        runtime::ListenerPart("grpc", objects.grpc, start_grpc),
        runtime::ListenerPart("http", objects.http, start_http)};
}

}  // namespace

Result<std::unique_ptr<runtime::Service>> CreateService(
    const Config& config, const Clock& clock, obs::Metrics& metrics
) {
    UNIBOX_ASSIGN_OR_RETURN(auto peers, PeersOf(config, metrics));
    const auto objects = std::make_shared<Objects>(config, std::move(peers), clock, metrics);
    UNIBOX_ASSIGN_OR_RETURN(
        objects->methods,
        MethodTable::Create(MethodsOf(
            {objects->inbox,
             objects->commands,
             objects->admin,
             objects->search,
             objects->stats,
             objects->views}
        ))
    );
    objects->grpc_api = std::make_unique<GrpcApi>(objects->methods, objects->admission);
    return std::make_unique<runtime::Service>(objects, PartsOf(*objects, clock, metrics));
}

}  // namespace unibox::gateway
