// A load generator for HTTP/1.1: one thread, many keep-alive connections, prebuilt requests, each
// sent once. Closed loop (as fast as the server answers) or open loop (at a given rate; latency
// then counts from the time at which a request was due, so a stalled server cannot hide:
// "coordinated omission"). Thread safety: one caller.
#pragma once

#include "base/status.hpp"

#include <cstdint>
#include <string>
#include <vector>

namespace unibox::bench {

struct LoadSettings {
    std::string host = "127.0.0.1";
    int port = 0;
    int connection_count = 64;
    double requests_per_second = 0;  // 0 = closed loop
    int timeout_ms = 30'000;         // for the whole load
};

struct LoadResult {
    double seconds = 0;
    std::int64_t ok_count = 0;       // 2xx
    std::int64_t refused_count = 0;  // any other status
    std::int64_t broken_count = 0;   // connection lost, or no answer in time
    double latency_p50_ms = 0;
    double latency_p99_ms = 0;

    double RequestsPerSecond() const {
        return seconds > 0 ? static_cast<double>(ok_count) / seconds : 0;
    }
};

// Sends every element of `requests` (complete HTTP requests as bytes) once. UNAVAILABLE if nothing
// listens.
Result<LoadResult> RunHttpLoad(
    const LoadSettings& settings, const std::vector<std::string>& requests
);

}  // namespace unibox::bench
