// What the relay threads of one gRPC listener share.
// Thread safety: any thread.
#pragma once

#include "base/token_buckets.hpp"
#include "net/connection_counts.hpp"
#include "net/credentials.hpp"
#include "obs/metrics.hpp"
#include "rpc/detail/frame_guard.hpp"
#include "rpc/detail/in_progress.hpp"
#include "rpc/detail/request_budget.hpp"
#include "rpc/settings.hpp"

#include <array>
#include <atomic>
#include <cstdint>
#include <functional>
#include <limits>
#include <memory>
#include <string>

namespace unibox::rpc::detail {

class RelayMetrics {
public:
    explicit RelayMetrics(obs::Metrics& metrics);

    void CountConnection(int change) { connections_.Add(change); }
    void CountRefused(net::NoPlace why);
    // A client whose address cannot go with its connection; also a line in the log, at most one a
    // second.
    void TellUnnamed(const std::string& peer_address, const Status& why);
    // A client that was accepted and could not be served for want of a descriptor.
    void CountAcceptFailure() { accept_failures_.Add(); }
    // `first`: since a connection was accepted.
    void TellAcceptFailure(const std::string& error, bool first);
    void CountEnded(Ended why, int count = 1);

private:
    obs::Gauge& connections_;
    obs::Counter& accept_failures_;
    std::array<obs::Counter*, 3> refused_{};
    TokenBuckets unnamed_lines_{1, SystemClock()};
    std::atomic<std::int64_t> unnamed_untold_{0};
    std::array<obs::Counter*, static_cast<std::size_t>(Ended::kCount)> ended_{};
};

// Gives gRPC its end of a connection; the descriptor is gRPC's from then on.
using HandOver = std::function<void(int descriptor)>;

struct Shared {
    Shared(const Settings& the_settings, obs::Metrics& registry)
        : settings(the_settings),
          metrics(registry),
          connections(settings.connection_count_max, settings.connection_count_per_client_max),
          budget(
              settings.in_flight_bytes_max,
              settings.in_flight_bytes_max / 100 * settings.in_flight_bytes_per_client_percent
          ) {
        limits.header_block_bytes_max = std::int64_t{2} * settings.header_bytes_max;
        limits.stream_count_max =
            static_cast<std::size_t>(settings.stream_count_per_connection_max);
        limits.request_max = Millis(settings.request_ms_max);
    }

    const Settings settings;
    GuardLimits limits;
    std::unique_ptr<net::Credentials> credentials;
    RelayMetrics metrics;
    net::ConnectionCounts connections;
    RequestBudget budget;
    // For connections of our own: whether the server is there must not depend on what its clients
    // hold.
    RequestBudget own_budget{kNoLimit, kNoLimit};
    net::Client own_client;
    InProgress untaken;  // Connections with answers that their clients have yet to take;
    std::atomic<bool> finishing{false};  // from when this is set also those in the kernel.
    HandOver hand_over;                  // Set before the first connection.

private:
    static constexpr std::int64_t kNoLimit = std::numeric_limits<std::int64_t>::max();
};

}  // namespace unibox::rpc::detail
