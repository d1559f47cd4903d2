// How to reach Redis. Thread safety: a value.
#pragma once

#include "base/status.hpp"

#include <cstdint>
#include <filesystem>
#include <string>

namespace unibox::config {
class FieldTable;
class SectionFields;
}  // namespace unibox::config

namespace unibox::redis {

// What stands behind the URL: mode "single", "sentinel", "cluster".
enum class Mode { kSingle, kSentinel, kCluster };

struct Settings {
    std::string mode = "single";
    // redis://[user:password@]host:port[/database], rediss:// with TLS. Mode "single": one server;
    // "sentinel": sentinels, separated by commas; "cluster": some nodes of the cluster.
    std::string url = "redis://127.0.0.1:6379";
    std::string name = "unibox";  // Shown by CLIENT LIST, and the label of the metrics.
    std::string user;             // Of the ACL, with password_file; empty: the default user.
    std::filesystem::path password_file;       // Read again at each connect. Wins over the URL's.
    std::string sentinel_master = "mymaster";  // What the sentinels call the master.
    std::string sentinel_user;                 // For the sentinels themselves.
    std::filesystem::path sentinel_password_file;

    bool tls = false;           // Also on with rediss:// and with any of the files.
    std::string tls_ca_file;    // Trust these authorities; empty: the system's.
    std::string tls_cert_file;  // Client certificate (mutual TLS), with tls_key_file.
    std::string tls_key_file;
    std::string tls_server_name;  // In the server's certificate; empty: the host connected to.

    std::int64_t connection_count = 1;          // To each node.
    std::int64_t connect_timeout_ms = 2'000;    // TCP, TLS, login and the rest of the greeting.
    std::int64_t answer_timeout_ms = 2'000;     // Commands under way, and not a byte for so long.
    std::int64_t ping_interval_ms = 5'000;      // Of a connection that has nothing else to do.
    std::int64_t reconnect_first_ms = 50;       // Pause before the next attempt; doubles,
    std::int64_t reconnect_ms_max = 2'000;      // up to this.
    std::int64_t topology_interval_ms = 5'000;  // Sentinels, or a node, asked who is what.
    std::int64_t command_count_max = 10'000;    // Under way; beyond: RESOURCE_EXHAUSTED.
    std::int64_t command_bytes_max = 16 << 20;  // The same, in bytes.
    std::int64_t reply_bytes_max = 16 << 20;    // Of one reply; a larger one ends the connection.

    // The fields as section "redis" of a service's configuration.
    void Describe(config::FieldTable& table);
    // INVALID_ARGUMENT with the field: what Describe's rule refuses.
    Status Check() const;
    Mode ParsedMode() const;  // Of a mode that Check accepts.
    bool UsesTls() const;

private:
    void DescribeTls(config::SectionFields& section);
    void DescribeTimes(config::SectionFields& section);
    void DescribeLimits(config::SectionFields& section);
};

}  // namespace unibox::redis
