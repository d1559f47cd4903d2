#include "nats/settings.hpp"

#include "config/field_table.hpp"
#include "config/mask.hpp"

namespace unibox::nats {

void Settings::Describe(config::FieldTable& table) {
    using config::InRange;
    using config::NotEmpty;
    table.Section("nats", "Connection to NATS JetStream.")
        .AddUrl(
            "url",
            &url,
            "Servers, separated by commas: nats://host:port, tls://host:port.",
            config::MaskServers,
            NotEmpty()
        )
        .Add("name", &name, "Name of the connection in the server's monitoring.", NotEmpty())
        .Add("creds_file", &creds_file, "File with JWT and nkey; read again at each connect.")
        .Add("user", &user, "User name, with password_file.")
        .AddSecretFile("password_file", &password, "File with the user's password.")
        .AddSecretFile("token_file", &token, "File with an access token.")
        .Add("tls", &tls, "Require TLS (also on for tls:// URLs and with certificates).")
        .Add("tls_ca_file", &tls_ca_file, "Authorities to trust; empty: those of the system.")
        .Add("tls_cert_file", &tls_cert_file, "Client certificate, with tls_key_file.")
        .Add("tls_key_file", &tls_key_file, "Key of the client certificate.")
        .Add("inbox_prefix", &inbox_prefix, "First tokens of reply subjects.", NotEmpty())
        .Add(
            "connect_timeout_ms", &connect_timeout_ms, "Limit of one connect.", InRange(10, 60'000)
        )
        .Add(
            "ping_interval_ms",
            &ping_interval_ms,
            "Pause between pings; one unanswered for as long means a dead connection.",
            InRange(10, 600'000)
        )
        .Add(
            "reconnect_wait_ms",
            &reconnect_wait_ms,
            "Pause between two connects, plus jitter.",
            InRange(1, 60'000)
        )
        .Add(
            "request_timeout_ms",
            &request_timeout_ms,
            "Limit of one call of the JetStream API.",
            InRange(10, 60'000)
        )
        .Add(
            "flush_interval_us",
            &flush_interval_us,
            "Writes are gathered at most so long; 0: never.",
            InRange(0, 10'000)
        )
        .Add(
            "write_buffer_bytes_max",
            &write_buffer_bytes_max,
            "What may wait to be sent before publishing without acknowledgement is refused.",
            InRange(1024 * 1024, 1024LL * 1024 * 1024)
        );
}

}  // namespace unibox::nats
