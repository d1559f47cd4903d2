// What the net threads of one server share: settings, routes, counts and metrics.
// Thread safety: any thread.
#pragma once

#include "base/clock.hpp"
#include "http/request_head.hpp"
#include "http/router.hpp"
#include "http/server.hpp"
#include "net/connection_counts.hpp"
#include "net/credentials.hpp"
#include "net/transport.hpp"

#include <array>
#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace unibox::obs {
class Counter;
class Gauge;
class Histogram;
}  // namespace unibox::obs

namespace unibox::http::detail {

using net::Client;
using net::IoResult;
using net::Transport;

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

// How a streamed body ended.
enum class StreamEnd { kWhole, kClientGone, kProducerGone, kProducerSilent, kWriteTimeout, kCount };

class ServerMetrics {
public:
    ServerMetrics(obs::Metrics& metrics, std::string listener, const std::vector<Route>& routes);

    void CountRefusal(Refusal refusal);
    void CountConnection(int change);
    void CountSession(int change);
    void CountStreamEnd(StreamEnd end);
    // `route_index` may be routes.size() for requests without a route.
    void CountResponse(std::size_t route_index, int status, double seconds);
    void CountUnanswered();
    void CountAbandoned();
    // `first`: since a connection was accepted.
    void TellAcceptFailure(const std::string& error, bool first);
    // A changed certificate was taken into use, or could not be.
    void TellCertificateChange(const Status& change);

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
    std::array<obs::Counter*, static_cast<std::size_t>(StreamEnd::kCount)> stream_ends_{};
    obs::Gauge* connections_ = nullptr;
    obs::Gauge* sessions_ = nullptr;
    obs::Counter* unanswered_ = nullptr;
    obs::Counter* abandoned_ = nullptr;
    obs::Counter* accept_failures_ = nullptr;
};

// The one protocol that is spoken.
inline constexpr const char* kAlpn = "http/1.1";

struct Shared {
    Shared(
        Settings the_settings,
        Router the_router,
        const Clock& the_clock,
        obs::Metrics& registry,
        std::string listener
    )
        : settings(std::move(the_settings)),
          clock(the_clock),
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
    const Clock& clock;
    const Router router;
    HeadLimits limits;
    std::unique_ptr<net::Credentials> credentials;
    ServerMetrics metrics;
    net::ConnectionCounts connections;
    const std::int64_t in_flight_bytes_per_client_max;
    std::atomic<std::int64_t> in_flight_requests{0};
    std::atomic<std::int64_t> in_flight_bytes{0};
    std::atomic<bool> draining{false};
};

}  // namespace unibox::http::detail
