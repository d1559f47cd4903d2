#include "rpc/client_settings.hpp"

#include "config/field_table.hpp"
#include "rpc/detail/client_channel.hpp"

namespace unibox::rpc {
namespace {

constexpr std::int64_t kMessageBytesMax = 64 * 1024 * 1024;
constexpr std::int64_t kMinuteMs = 60'000;

}  // namespace

void ClientSettings::Describe(
    config::FieldTable& table, std::string_view section, std::string_view server
) {
    auto fields = table.Section(std::string(section), "Calls to " + std::string(server) + ".");
    fields
        .Add(
            "target",
            &target,
            "host:port, a name of which every address is a server, or several IPv4 addresses "
            "separated by commas."
        )
        .Add(
            "tls_ca_file",
            &tls_ca_file,
            "PEM authorities that the server's certificate must come from; empty = no TLS."
        )
        .Add(
            "tls_cert_file",
            &tls_cert_file,
            "PEM certificate chain for a server that asks for one, with tls_key_file; read again "
            "when it has changed."
        )
        .Add("tls_key_file", &tls_key_file, "PEM key of the certificate.")
        .Add(
            "tls_server_name",
            &tls_server_name,
            "The name in the server's certificate; empty = the host of target."
        )
        .Add(
            "plaintext_allowed",
            &plaintext_allowed,
            "Speak without TLS also to other machines: where a mesh encrypts."
        )
        .AddRule([this] { return detail::CheckClient(*this); });
    DescribeAttempts(fields);
}

void ClientSettings::DescribeAttempts(config::SectionFields& section) {
    section
        .Add(
            "attempt_count_max",
            &attempt_count_max,
            "Attempts of a call that may be repeated, the first included.",
            config::InRange(2, 5)
        )
        .Add(
            "retry_first_ms",
            &retry_first_ms,
            "Pause before the second attempt; it doubles with each.",
            config::InRange(1, kMinuteMs)
        )
        .Add("retry_ms_max", &retry_ms_max, "Longest such pause.", config::InRange(1, kMinuteMs))
        .Add(
            "connect_timeout_ms",
            &connect_timeout_ms,
            "One attempt to connect to a server.",
            config::InRange(10, kMinuteMs)
        )
        .Add(
            "reconnect_ms_max",
            &reconnect_ms_max,
            "Longest pause between two of them.",
            config::InRange(100, kMinuteMs)
        )
        .Add(
            "keepalive_interval_ms",
            &keepalive_interval_ms,
            "Silence on a connection after which the client asks whether the server is there.",
            config::InRange(10'000, 60 * kMinuteMs)
        )
        .Add(
            "keepalive_timeout_ms",
            &keepalive_timeout_ms,
            "How long the answer to that may take before the connection is given up.",
            config::InRange(100, kMinuteMs)
        )
        .Add(
            "receive_bytes_max",
            &receive_bytes_max,
            "Largest response message.",
            config::InRange(1024, kMessageBytesMax)
        )
        .Add(
            "send_bytes_max",
            &send_bytes_max,
            "Largest request message.",
            config::InRange(1024, kMessageBytesMax)
        );
}

}  // namespace unibox::rpc
