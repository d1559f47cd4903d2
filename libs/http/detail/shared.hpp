// What the net threads of one server share: settings, routes, counts and metrics.
// Thread safety: any thread.
#pragma once

#include "base/mutex.hpp"
#include "http/detail/transport.hpp"
#include "http/request_head.hpp"
#include "http/router.hpp"
#include "http/server.hpp"

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace unibox::obs {
class Counter;
class Gauge;
class Histogram;
}  // namespace unibox::obs

namespace unibox::http::detail {

// Why a connection or a request was refused before any handler saw it.
enum class Refusal {
    kConnectionCount,
    kConnectionCountOfClient,
    kBadHead,
    kNoRoute,
    kBodyTooLarge,
    kBadBody,
    kContentEncoding,
    kHeadTimeout,
    kBodyTimeout,
    kHandlerTimeout,
    kInFlightRequests,
    kInFlightBytes,
    kInFlightBytesOfClient,
    kCount,
};

class ServerMetrics {
public:
    ServerMetrics(obs::Metrics& metrics, std::string listener, const std::vector<Route>& routes);

    void CountRefusal(Refusal refusal);
    void CountConnection(int change);
    // `route_index` may be routes.size() for requests without a route.
    void CountResponse(std::size_t route_index, int status, double seconds);
    void CountUnanswered();

private:
    static constexpr std::size_t kStatusCount = 600;
    struct OfRoute {
        std::string label;
        obs::Histogram* seconds = nullptr;
        std::array<std::atomic<obs::Counter*>, kStatusCount> by_status{};
    };

    obs::Metrics& metrics_;
    std::string listener_;
    std::vector<std::unique_ptr<OfRoute>> routes_;
    std::array<obs::Counter*, static_cast<std::size_t>(Refusal::kCount)> refusals_{};
    obs::Gauge* connections_ = nullptr;
    obs::Counter* unanswered_ = nullptr;
};

// What one client network (IPv4 /24, IPv6 /64) holds.
struct Client {
    std::string network;
    std::int64_t connection_count = 0;  // Guarded by ConnectionCounts's mutex.
    std::atomic<std::int64_t> body_bytes{0};
};

// Counts open connections, in all and by client network.
class ConnectionCounts {
public:
    ConnectionCounts(std::int64_t count_max, std::int64_t per_client_max)
        : count_max_(count_max), per_client_max_(per_client_max) {}

    // Takes a place, or says why there is none (null). The client lives until its last place is
    // released.
    Client* Take(const std::string& client_network, Refusal* refusal);
    void Release(Client& client);
    std::int64_t Count() const;
    // False if connections were left after `wait`.
    bool WaitUntilNone(std::chrono::milliseconds wait);

private:
    const std::int64_t count_max_;
    const std::int64_t per_client_max_;
    mutable Mutex mutex_;
    std::condition_variable_any none_left_;
    std::int64_t count_ UNIBOX_GUARDED_BY(mutex_) = 0;
    std::unordered_map<std::string, Client> clients_ UNIBOX_GUARDED_BY(mutex_);
};

struct Shared {
    Shared(Settings the_settings, Router the_router, obs::Metrics& registry, std::string listener)
        : settings(std::move(the_settings)),
          router(std::move(the_router)),
          metrics(registry, std::move(listener), router.routes()),
          connections(settings.connection_count_max, settings.connection_count_per_client_max),
          in_flight_bytes_per_client_max(
              settings.in_flight_bytes_max / 100 * settings.in_flight_bytes_per_client_percent
          ) {
        limits.head_bytes_max = static_cast<std::size_t>(settings.head_bytes_max);
        limits.header_count_max = static_cast<std::size_t>(settings.header_count_max);
        limits.target_bytes_max = static_cast<std::size_t>(settings.target_bytes_max);
    }

    const Settings settings;
    const Router router;
    HeadLimits limits;
    std::shared_ptr<TlsContext> tls;  // Null: plain.
    ServerMetrics metrics;
    ConnectionCounts connections;
    const std::int64_t in_flight_bytes_per_client_max;
    std::atomic<std::int64_t> in_flight_requests{0};
    std::atomic<std::int64_t> in_flight_bytes{0};
    std::atomic<bool> draining{false};
};

}  // namespace unibox::http::detail
