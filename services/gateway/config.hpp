// Settings of gateway.
// Thread safety: a value.
#pragma once

#include "http/server.hpp"
#include "pg/settings.hpp"
#include "rpc/settings.hpp"

namespace unibox::config {
class FieldTable;
}

namespace unibox::gateway {

struct AuthnSettings {
    int known_ms_max = 30'000;   // How long a key that was found is believed.
    int unknown_ms_max = 5'000;  // How long a key that was not found is not asked for again.
    int known_count_max = 50'000;
    int unknown_count_max = 10'000;

    // Section "authn".
    void Describe(config::FieldTable& table);
};

struct WorkSettings {
    int thread_count = 12;          // A few more than database connections.
    int queue_count_max = 512;      // Requests that wait; more are refused.
    int tenant_share_percent = 50;  // Of both, for one tenant.

    // Section "work".
    void Describe(config::FieldTable& table);
};

struct Config {
    Config();

    http::Settings http;
    rpc::Settings grpc;
    pg::Settings postgres;
    AuthnSettings authn;
    WorkSettings work;

    void Describe(config::FieldTable& table);
};

}  // namespace unibox::gateway
