// How to reach NATS. Thread safety: a value.
#pragma once

#include "base/secret.hpp"

#include <cstdint>
#include <string>

namespace unibox::config {
class FieldTable;
}

namespace unibox::nats {

struct Settings {
    std::string url = "nats://127.0.0.1:4222";  // One or several, separated by commas.
    std::string name = "unibox";                // Shown by the server's monitoring.
    std::string creds_file;                     // JWT and nkey; read again at each connect.
    std::string user;
    Secret password;
    Secret token;
    std::string tls_ca_file;    // Trust these authorities; empty: the system's.
    std::string tls_cert_file;  // Client certificate (mutual TLS), with tls_key_file.
    std::string tls_key_file;
    bool tls = false;                     // Also on when the URL begins with tls://.
    std::string inbox_prefix = "_INBOX";  // Lets permissions be tight; no wildcard, no final dot.
    std::int64_t connect_timeout_ms = 2000;
    std::int64_t ping_interval_ms = 10'000;  // Unanswered for as long: the connection is dead.
    std::int64_t reconnect_wait_ms = 250;    // Between two attempts, plus up to as much jitter.
    std::int64_t request_timeout_ms = 2000;  // Calls of the JetStream API.
    std::int64_t flush_interval_us = 400;    // Writes are gathered at most so long (0: never).
    std::int64_t write_buffer_bytes_max = 32LL * 1024 * 1024;  // Beyond: RESOURCE_EXHAUSTED.

    // The fields as section "nats" of a service's configuration.
    void Describe(config::FieldTable& table);
};

}  // namespace unibox::nats
