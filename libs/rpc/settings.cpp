#include "rpc/settings.hpp"

#include "config/field_table.hpp"

namespace unibox::rpc {

void Settings::Describe(config::FieldTable& table) {
    constexpr std::int64_t kMessageBytesMax = 64 * 1024 * 1024;
    constexpr std::int64_t kHourMs = 3'600'000;
    table.Section("grpc", "The gRPC listener.")
        .Add(
            "listen",
            &listen,
            "Address of the gRPC listener; port 0 = any free one.",
            config::HostPort()
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
            "connection_streams_max",
            &connection_streams_max,
            "Calls at once on one connection; more wait at the client.",
            config::InRange(1, 100'000)
        )
        .Add(
            "keepalive_ms",
            &keepalive_ms,
            "Silence on a connection after which the server asks whether the client is there.",
            config::InRange(1'000, kHourMs)
        )
        .Add(
            "keepalive_timeout_ms",
            &keepalive_timeout_ms,
            "How long the answer to that may take before the connection is closed.",
            config::InRange(1'000, kHourMs)
        )
        .Add(
            "deadline_default_ms",
            &deadline_default_ms,
            "Deadline of a call that has none.",
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
