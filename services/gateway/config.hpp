// Settings of gateway.
// Thread safety: a value.
#pragma once

#include "domain/tenant_limits.hpp"
#include "http/server.hpp"
#include "limits/settings.hpp"
#include "nats/settings.hpp"
#include "pg/read_settings.hpp"
#include "pg/settings.hpp"
#include "redis/settings.hpp"
#include "rpc/client_settings.hpp"
#include "rpc/settings.hpp"
#include "runtime/file_limit.hpp"

#include <array>
#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

namespace unibox::config {
class FieldTable;
class SectionFields;
}  // namespace unibox::config

namespace unibox::gateway {

struct ApiKeySettings {
    int known_ms_max = 30'000;   // How long a key that was found is believed.
    int unknown_ms_max = 5'000;  // How long a key that was not found is not asked for again.
    int known_count_max = 50'000;
    int unknown_count_max = 10'000;
    int lookup_thread_count = 2;  // For keys that are new here, and as many for the others.
    int lookup_queue_count_max = 4'096;
    // Lookups of one client network (/24, /64) that lead nowhere; 0 = no limit (behind a proxy).
    std::int64_t failed_per_s = 20;
    std::int64_t failed_burst = 100;
    int failed_network_count_max = 10'000;  // Networks that are remembered for it.

    // Section "api_keys".
    void Describe(config::FieldTable& table);
};

// Tokens of agents, and where their issuers' keys come from.
struct AgentTokenSettings {
    std::int64_t clock_skew_ms_max = 30'000;
    std::int64_t lifetime_ms_max = 24LL * 3600 * 1000;  // From iat to exp.
    int verify_thread_count = 2;
    int verify_queue_count_max = 4'096;
    int verified_count_max = 100'000;  // Tokens of which is remembered that they are signed.
    std::int64_t jwks_refresh_interval_ms = 600'000;
    std::int64_t jwks_unknown_key_interval_ms = 10'000;
    std::int64_t jwks_stale_ms_max = 24LL * 3600 * 1000;
    std::int64_t jwks_timeout_ms = 5'000;
    int jwks_thread_count = 4;
    int jwks_url_count_max = 10'000;
    bool jwks_private_addresses_allowed = false;
    bool jwks_plaintext_allowed = false;
    std::string tls_ca_file;  // "" = the system's authorities.

    // Section "agent_tokens".
    void Describe(config::FieldTable& table);

private:
    void DescribeKeys(config::SectionFields& section);
};

struct WorkSettings {
    int thread_count = 12;          // A few more than database connections.
    int backlog_thread_count = 2;   // Of these; see async/fair_queue.hpp.
    int queue_count_max = 2'048;    // Requests that wait; more are refused.
    int tenant_queue_percent = 50;  // Of these, for one tenant.
    // For what changes something: they wait for message-writer, with a queue as long as the other.
    int change_thread_count = 32;
    int change_backlog_thread_count = 16;

    // Section "work".
    void Describe(config::FieldTable& table);
};

// How many calls a second; 0 = no limit. A tenant's plan may say otherwise (docs/limits.md).
struct LimitSettings {
    limits::Settings counting;
    // In the order of domain::LimitPolicy: key, agent, tenant, and of a tenant read, write, search,
    // admin.
    std::array<domain::Rate, domain::kLimitPolicyCount> rates = {
        {{100, 200}, {20, 60}, {500, 1'000}, {400, 800}, {200, 400}, {10, 20}, {10, 50}}};
    domain::Rate anonymous{1, 10};  // Of one client network (/24, /64), without credentials.

    // Section "limits".
    void Describe(config::FieldTable& table);
};

// Searches keep PostgreSQL busy for longer than other reads: few at once, on connections of their
// own.
struct SearchSettings {
    int connection_count_max = 2;
    int thread_count = 2;
    int queue_count_max = 256;
    int time_ms_max = 300;             // Then a page is partial.
    int statement_timeout_ms = 2'000;  // Then there is none.

    // Section "search".
    void Describe(config::FieldTable& table);
};

struct WriterSettings {
    rpc::ClientSettings client;
    int deadline_ms_max = 5'000;  // A call with all its attempts.

    // Section "writer".
    void Describe(config::FieldTable& table);
};

// Administration by API: a pool of its own, so that nothing of it stops the inbox.
struct ConsoleSettings {
    std::string url;  // "" = none.
    std::int64_t connection_count_max = 2;
    int thread_count = 3;
    int queue_count_max = 256;

    // Section "console".
    void Describe(config::FieldTable& table);
};

struct Config {
    Config();

    http::Settings http;
    rpc::Settings grpc;
    pg::Settings postgres;
    pg::ReadSettings reads;
    nats::Settings nats;  // For notices that keys were changed; without it they age out.
    redis::Settings redis;
    LimitSettings limits;
    ApiKeySettings api_keys;
    AgentTokenSettings agent_tokens;
    std::filesystem::path secrets_key_file;  // "" = no HS256.
    WorkSettings work;
    SearchSettings search;
    WriterSettings writer;
    ConsoleSettings console;

    void Describe(config::FieldTable& table);
    // What the settings cost at most.
    std::vector<runtime::FileUse> FileUses() const;
};

}  // namespace unibox::gateway
