#include "gateway/agent_sources.hpp"

#include "auth/jwk.hpp"
#include "crypto/sealed_box.hpp"
#include "domain/jwt_issuer.hpp"
#include "http/fetch.hpp"
#include "net/tls_client.hpp"
#include "store/directory/lookups.hpp"
#include "store/inbox/agents.hpp"

#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace unibox::gateway {
namespace {

http::FetchRules RulesOf(
    const AgentTokenSettings& settings, std::shared_ptr<net::TlsClientContext> tls_client
) {
    http::FetchRules rules;
    rules.tls = std::move(tls_client);
    rules.reach =
        settings.jwks_private_addresses_allowed ? net::Reach::kAnywhere : net::Reach::kPublic;
    rules.plain_allowed = settings.jwks_plaintext_allowed;
    rules.timeout = Millis(settings.jwks_timeout_ms);
    rules.body_bytes_max = auth::kKeySetBytesMax;
    return rules;
}

Result<std::string> FetchKeys(const std::string& url, const http::FetchRules& rules) {
    UNIBOX_ASSIGN_OR_RETURN(auto response, http::Fetch(url, rules));
    if (response.status == 200) return std::move(response.body);
    return Unavailable("the issuer answers " + std::to_string(response.status));
}

}  // namespace

auth::AgentOptions AgentOptionsOf(const AgentTokenSettings& settings) {
    auth::AgentOptions options;
    options.clock_skew_ms_max = settings.clock_skew_ms_max;
    options.lifetime_ms_max = settings.lifetime_ms_max;
    options.verify_thread_count = static_cast<std::size_t>(settings.verify_thread_count);
    options.verify_queue_count_max = static_cast<std::size_t>(settings.verify_queue_count_max);
    options.verified_count_max = static_cast<std::size_t>(settings.verified_count_max);
    options.jwks.refresh_interval_ms = settings.jwks_refresh_interval_ms;
    options.jwks.unknown_key_interval_ms = settings.jwks_unknown_key_interval_ms;
    options.jwks.stale_ms_max = settings.jwks_stale_ms_max;
    options.jwks.url_count_max = static_cast<std::size_t>(settings.jwks_url_count_max);
    options.jwks.fetch_thread_count = static_cast<std::size_t>(settings.jwks_thread_count);
    return options;
}

Result<auth::AgentSources> AgentSourcesOf(const Config& config, pg::Pool& pool) {
    UNIBOX_ASSIGN_OR_RETURN(
        auto tls_client, net::TlsClientContext::Create({config.agent_tokens.tls_ca_file, "", ""})
    );
    auth::AgentSources sources;
    sources.find_issuers = [&pool](const auto& keys, SteadyTime deadline) {
        return store::FindJwtIssuers(pool, keys, deadline);
    };
    sources.find_tenants = [&pool](const auto& slugs, SteadyTime deadline) {
        return store::FindTenantsBySlug(pool, slugs, deadline);
    };
    sources.find_agent = [&pool](const domain::AgentKey& key, SteadyTime deadline) {
        return store::FindCallingAgent(pool, key, deadline);
    };
    sources.fetch_jwks = [rules = RulesOf(config.agent_tokens, std::move(tls_client))](
                             const std::string& url
                         ) { return FetchKeys(url, rules); };
    if (config.secrets_key_file.empty()) return sources;
    UNIBOX_ASSIGN_OR_RETURN(auto box, crypto::SealedBox::FromKeyFile(config.secrets_key_file));
    sources.open_secret = [box = std::make_shared<const crypto::SealedBox>(std::move(box)
                           )](std::string_view sealed, Uuid issuer_id) {
        return box->Open(sealed, domain::JwtIssuerSealingContext(issuer_id));
    };
    return sources;
}

}  // namespace unibox::gateway
