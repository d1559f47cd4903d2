// Settings of a gRPC server.
// Thread safety: values.
#pragma once

#include "config/listener.hpp"

#include <cstddef>
#include <cstdint>
#include <string>

namespace unibox::rpc {

// File descriptors of a connection: the client's socket and both ends of the pair behind it.
constexpr std::int64_t kFilesPerConnection = 3;
// The one protocol that is spoken over TLS.
inline constexpr const char* kAlpn = "h2";

struct Settings : config::Listener {
    int net_thread_count = 1;
    int connection_count_max = 2'000;
    // Of one client: an IPv4 /24 or an IPv6 /64; 0 = no such limit (behind a proxy).
    int connection_count_per_client_max = 500;
    int stream_count_per_connection_max = 256;
    // From the connection to HTTP/2's preface.
    int handshake_timeout_ms = 5'000;
    int header_bytes_max = 8 * 1024;
    int receive_bytes_max = 64 * 1024;
    int send_bytes_max = 16 * 1024 * 1024;
    int request_ms_max = 10'000;  // From the first byte of a request to its last.
    // What the requests of all connections hold, as reckoned: see FrameGuard.
    std::int64_t in_flight_bytes_max = 256LL << 20;
    // Of it, what those of one client network may hold; 100 = all (behind a proxy).
    std::int64_t in_flight_bytes_per_client_percent = 50;
    // gRPC's own idea of its memory (grpc::ResourceQuota).
    std::int64_t memory_bytes_max = 1LL << 30;
    int keepalive_interval_ms = 60'000;
    int keepalive_timeout_ms = 20'000;
    int idle_timeout_ms = 300'000;
    int connection_age_ms_max = 3'600'000;
    int connection_age_grace_ms = 60'000;
    int probe_interval_ms = 5'000;
    int deadline_default_ms = 10'000;  // For calls without a deadline.
    int deadline_ms_max = 60'000;      // A later deadline is cut to this.

    // Section "grpc".
    void Describe(config::FieldTable& table);

private:
    void DescribeConnections(config::SectionFields& section);
    void DescribeRequests(config::SectionFields& section);
};

}  // namespace unibox::rpc
