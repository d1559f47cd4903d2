#include "rpc/settings.hpp"

#include "config/field_table.hpp"
#include "net/credentials.hpp"

namespace unibox::rpc {
namespace {

constexpr std::int64_t kMessageBytesMax = 64 * 1024 * 1024;
constexpr std::int64_t kHourMs = 3'600'000;
constexpr std::int64_t kDayMs = 24 * kHourMs;

}  // namespace

void Settings::Describe(config::FieldTable& table) {
    auto section = table.Section("grpc", "The gRPC listener.");
    Listener::Describe(section, "gRPC");
    section.AddRule([this] {
               return net::Credentials::Check({tls, kAlpn});
           })
        .Add(
            "net_thread_count",
            &net_thread_count,
            "Threads that carry bytes between connections and gRPC.",
            config::InRange(1, 64)
        );
    DescribeConnections(section);
    DescribeRequests(section);
}

void Settings::DescribeConnections(config::SectionFields& section) {
    section
        .Add(
            "connection_count_max",
            &connection_count_max,
            "Open connections, three file descriptors each; one more is closed at once.",
            config::InRange(1, 1'000'000)
        )
        .Add(
            "connection_count_per_client_max",
            &connection_count_per_client_max,
            "Open connections of one client network (IPv4 /24, IPv6 /64); 0 = no limit, for a "
            "listener behind a proxy.",
            config::InRange(0, 1'000'000)
        )
        .Add(
            "stream_count_per_connection_max",
            &stream_count_per_connection_max,
            "Calls at once on one connection; more wait at the client.",
            config::InRange(1, 100'000)
        )
        .Add(
            "handshake_timeout_ms",
            &handshake_timeout_ms,
            "From the connection to HTTP/2's first bytes; then it is closed.",
            config::InRange(1, kHourMs)
        )
        .Add(
            "keepalive_interval_ms",
            &keepalive_interval_ms,
            "Silence on a connection after which the server asks whether the client is there.",
            config::InRange(1'000, kHourMs)
        )
        .Add(
            "keepalive_timeout_ms",
            &keepalive_timeout_ms,
            "How long the answer to that, or a client that takes nothing of its answers, may take "
            "before the connection is closed.",
            config::InRange(1'000, kHourMs)
        )
        .Add(
            "idle_timeout_ms",
            &idle_timeout_ms,
            "A connection without calls is closed after it.",
            config::InRange(1'000, kDayMs)
        )
        .Add(
            "connection_age_ms_max",
            &connection_age_ms_max,
            "A connection takes no new calls after it, give or take a tenth, so that clients come "
            "to new servers; they connect again by themselves.",
            config::InRange(1'000, 365 * kDayMs)
        )
        .Add(
            "connection_age_grace_ms",
            &connection_age_grace_ms,
            "How long the calls that run then may go on.",
            config::InRange(0, kDayMs)
        )
        .Add(
            "probe_interval_ms",
            &probe_interval_ms,
            "How often the server asks itself, over its own listener, whether it is there; "
            "after three questions without an answer /livez says no.",
            config::InRange(10, kHourMs)
        );
}

void Settings::DescribeRequests(config::SectionFields& section) {
    section
        .Add(
            "header_bytes_max",
            &header_bytes_max,
            "Largest metadata of a call, 32 bytes more for each entry; a call with more is "
            "refused, a connection that sends twice as much is closed.",
            config::InRange(1024, 1 << 20)
        )
        .Add(
            "receive_bytes_max",
            &receive_bytes_max,
            "Largest request message.",
            config::InRange(1024, kMessageBytesMax)
        )
        .Add(
            "send_bytes_max",
            &send_bytes_max,
            "Largest response message.",
            config::InRange(1024, kMessageBytesMax)
        )
        .Add(
            "request_ms_max",
            &request_ms_max,
            "From the first byte of a request to its last; then the call is ended with CANCELLED, "
            "a stream of reflection too.",
            config::InRange(1, kHourMs)
        )
        .Add(
            "in_flight_bytes_max",
            &in_flight_bytes_max,
            "What requests being read or handled may hold, as gRPC holds it: their bytes twice, "
            "16 KiB for each call and 8 bytes for each byte of metadata; above it calls are ended "
            "with CANCELLED.",
            config::InRange(1 << 20, 1LL << 40)
        )
        .Add(
            "in_flight_bytes_per_client_percent",
            &in_flight_bytes_per_client_percent,
            "Part of in_flight_bytes_max that the requests of one client network may hold. 100 = "
            "all of it, for a listener behind a proxy.",
            config::InRange(1, 100)
        )
        .Add(
            "memory_bytes_max",
            &memory_bytes_max,
            "Memory that gRPC may take for connections and calls, as it counts itself; near it "
            "gRPC reads less and ends calls. A second line behind in_flight_bytes_max.",
            config::InRange(16 << 20, 1LL << 40)
        )
        .Add(
            "deadline_default_ms",
            &deadline_default_ms,
            "Deadline of a call that has none, from the end of its request.",
            config::InRange(1, kHourMs)
        )
        .Add(
            "deadline_ms_max",
            &deadline_ms_max,
            "A client's deadline later than this is cut to it.",
            config::InRange(1, kHourMs)
        );
}

}  // namespace unibox::rpc
