// Settings of a gRPC client of another service of ours.
// Thread safety: values.
#pragma once

#include "base/tls_file_names.hpp"

#include <cstdint>
#include <string>
#include <string_view>

namespace unibox::config {
class FieldTable;
class SectionFields;
}  // namespace unibox::config

namespace unibox::rpc {

struct ClientSettings {
    // "host:port", a name of which every address is a server (a headless service), or several
    // IPv4 addresses, "10.0.0.1:9092,10.0.0.2:9092".
    std::string target = "127.0.0.1:9092";
    // PEM authorities that the server's certificate must come from; "" = no TLS.
    std::string tls_ca_file;
    // The own certificate and its key, where the server asks for one. All three files are read
    // again when they have changed.
    std::string tls_cert_file;
    std::string tls_key_file;
    // The name in the server's certificate; "" = the host of `target`.
    std::string tls_server_name;
    bool plaintext_allowed = false;  // Without TLS, also to other machines.

    int attempt_count_max = 4;  // Of a call of an idempotent method, the first included; 2 to 5.
    int retry_first_ms = 50;    // Doubles with each attempt, each give or take a fifth;
    int retry_ms_max = 1'000;   // up to this.
    int connect_timeout_ms = 2'000;
    int reconnect_ms_max = 2'000;        // Longest pause between attempts to connect.
    int keepalive_interval_ms = 20'000;  // The server takes a ping every 10 s.
    int keepalive_timeout_ms = 5'000;
    int receive_bytes_max = 4 * 1024 * 1024;
    int send_bytes_max = 4 * 1024 * 1024;

    // Adds the fields as section `section`.
    void Describe(config::FieldTable& table, std::string_view section, std::string_view server);

private:
    void DescribeAttempts(config::SectionFields& section);
};

}  // namespace unibox::rpc
