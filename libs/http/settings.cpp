#include "config/field_table.hpp"
#include "http/detail/shared.hpp"
#include "http/server.hpp"

namespace unibox::http {
namespace {

constexpr std::int64_t kHourMs = 3'600'000;
constexpr std::int64_t kCountMax = 1'000'000;

config::Check Milliseconds() {
    return config::InRange(1, kHourMs);
}

}  // namespace

void Settings::Describe(config::FieldTable& table) {
    auto section = table.Section("http", "The HTTP listener.");
    Listener::Describe(section, "HTTP");
    section.AddRule([this] {
               return net::Credentials::Check({tls, detail::kAlpn});
           })
        .Add(
            "net_thread_count",
            &net_thread_count,
            "Threads that read and write connections.",
            config::InRange(1, 64)
        );
    DescribeLimits(section);
    DescribeTimes(section);
}

void Settings::DescribeLimits(config::SectionFields& section) {
    section
        .Add(
            "connection_count_max",
            &connection_count_max,
            "Open connections; one more is answered 503 and closed.",
            config::InRange(1, kCountMax)
        )
        .Add(
            "connection_count_per_client_max",
            &connection_count_per_client_max,
            "Open connections of one client network (IPv4 /24, IPv6 /64); 0 = no limit, for a "
            "listener behind a proxy.",
            config::InRange(0, kCountMax)
        )
        .Add(
            "in_flight_request_count_max",
            &in_flight_request_count_max,
            "Requests being read or handled; one more is answered 503 with Retry-After.",
            config::InRange(1, kCountMax)
        )
        .Add(
            "in_flight_bytes_max",
            &in_flight_bytes_max,
            "Bodies being read or handled; above it 503 with Retry-After.",
            config::InRange(1 << 20, 1LL << 40)
        )
        .Add(
            "in_flight_bytes_per_client_percent",
            &in_flight_bytes_per_client_percent,
            "Part of in_flight_bytes_max that the bodies of one client network may hold; above it "
            "503 with Retry-After. 100 = all of it, for a listener behind a proxy.",
            config::InRange(1, 100)
        )
        .Add(
            "head_bytes_max",
            &head_bytes_max,
            "Request line and fields; more is answered 431.",
            config::InRange(256, 64 << 10)
        )
        .Add(
            "header_count_max",
            &header_count_max,
            "Fields of a request; more is answered 431.",
            config::InRange(1, 1000)
        )
        .Add(
            "target_bytes_max",
            &target_bytes_max,
            "Path and query; more is answered 414.",
            config::InRange(64, 32 << 10)
        )
        .Add(
            "request_count_per_connection_max",
            &request_count_per_connection_max,
            "Requests after which a kept-alive connection is closed.",
            config::InRange(1, 1LL << 40)
        );
}

void Settings::DescribeTimes(config::SectionFields& section) {
    section
        .Add(
            "head_timeout_ms",
            &head_timeout_ms,
            "From the first byte of a head (or the connection, TLS handshake included) to its end.",
            Milliseconds()
        )
        .Add(
            "body_timeout_ms",
            &body_timeout_ms,
            "In each such time a body must grow by what body_bytes_per_s_min gives, or be "
            "complete; "
            "else 408.",
            Milliseconds()
        )
        .Add(
            "body_bytes_per_s_min",
            &body_bytes_per_s_min,
            "Slowest rate of a long body, measured over each body_timeout_ms.",
            config::InRange(1, 1LL << 40)
        )
        .Add(
            "body_total_ms_max",
            &body_total_ms_max,
            "From the end of the head to the end of the body, at any rate; then 408.",
            Milliseconds()
        )
        .Add(
            "idle_timeout_ms",
            &idle_timeout_ms,
            "A kept-alive connection without a request is closed after it.",
            Milliseconds()
        )
        .Add(
            "handler_timeout_ms",
            &handler_timeout_ms,
            "A request that was not answered by then is answered 503.",
            Milliseconds()
        )
        .Add(
            "write_timeout_ms",
            &write_timeout_ms,
            "A client that takes nothing of its answer for so long is cut off.",
            Milliseconds()
        );
}

}  // namespace unibox::http
