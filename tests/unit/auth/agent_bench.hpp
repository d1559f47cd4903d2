// An Authenticator with an issuer of tokens, its directory and its keys, which tests change.
// Thread safety: one thread.
#pragma once

#include "auth/authenticator.hpp"
#include "auth/scopes.hpp"
#include "base/encoding.hpp"
#include "base/mutex.hpp"
#include "obs/log.hpp"
#include "support/fake_clock.hpp"
#include "support/jwt_signer.hpp"
#include "support/status_matchers.hpp"

#include <atomic>
#include <functional>
#include <future>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace unibox::test {

using auth::Algorithm;

// One tenant (7) whose issuer has a key of each kind at kUrl; tests change it, and the rest.
struct AgentBench {
    static constexpr const char* kUrl = "https://login.test/keys";

    // A row of the directory is believed for 30 s.
    static auth::Options AsGateway() {
        auth::Options options;
        auto& cache = options.cache;
        cache.refresh_ms = cache.known_ms_max = cache.stale_ms_max = 30'000;
        cache.retry_ms = 0;
        return options;
    }

    explicit AgentBench(auth::Options options = AsGateway())
        : authenticator(
              options,
              [](const auto&, SteadyTime) { return domain::ApiKeysByHash(); },
              clock,
              metrics,
              Sources()
          ) {
        info.tenant = TenantId{7};
        info.issuer_id = Uuid{{1, 2, 3}};
        info.algorithms = {"EdDSA", "ES256", "RS256"};
        info.jwks_url = kUrl;
        info.role_claim = "role";
        jwks = JwksOf({ed.Jwk(), ec.Jwk(), rsa.Jwk()});
    }

    auth::AgentSources Sources() {
        auth::AgentSources sources;
        sources.find_issuers = [this](const auto& keys, SteadyTime) { return FindIssuers(keys); };
        sources.find_tenants = [this](const auto& slugs, SteadyTime) { return FindTenants(slugs); };
        sources.find_agent = [this](const auto& key, SteadyTime) { return FindAgent(key); };
        sources.fetch_jwks = [this](const std::string& url) -> Result<std::string> {
            ++fetches;
            const MutexLock lock(mutex);
            if (url != kUrl || jwks.empty()) return Unavailable("no connection");
            return jwks;
        };
        sources.open_secret = [](std::string_view sealed, Uuid) -> Result<Secret> {
            return Secret(std::string(sealed));
        };
        return sources;
    }
    Result<domain::JwtIssuersByKey> FindIssuers(const std::vector<domain::JwtIssuerKey>& keys) {
        ++lookups;
        if (away) return Unavailable("no connection").WithReason("08006");
        const MutexLock lock(mutex);
        domain::JwtIssuersByKey found;
        for (const auto& key : keys) {
            const auto other = others.find(key.audience);
            if (key.issuer != "https://login.test/") continue;
            if (key.audience == "unibox") found.emplace(key, info);
            if (other != others.end()) found.emplace(key, other->second);
        }
        return found;
    }
    Result<domain::TenantsBySlug> FindTenants(const std::vector<std::string>& slugs) {
        ++tenant_lookups;
        domain::TenantsBySlug found;
        for (const auto& slug : slugs) {
            if (slug == "acme") found[slug] = {TenantId{9}, false};
            if (slug == "gone") found[slug] = {TenantId{10}, true};
        }
        return found;
    }
    Result<std::optional<domain::AgentInfo>> FindAgent(const domain::AgentKey& key) {
        ++agent_lookups;
        const MutexLock lock(mutex);
        if (agents_away) return Unavailable("no connection").WithReason("08006");
        if (key.external_id == "stranger") return std::optional<domain::AgentInfo>();
        return std::optional(agent);
    }
    static domain::AgentInfo Agent(v1::AgentRole role, bool disabled = false) {
        return {AgentId{Uuid{{7, 7}}}, "Ada", role, disabled};
    }
    void PutAgent(const domain::AgentInfo& changed) {
        const MutexLock lock(mutex);
        agent = changed;
    }
    void Change(const std::function<void(domain::JwtIssuerInfo&)>& change) {
        const MutexLock lock(mutex);
        change(info);
    }
    void Publish(const std::string& set) {
        const MutexLock lock(mutex);
        jwks = set;
    }

    // Of now, for an hour.
    TestClaims Claims() const {
        TestClaims claims;
        claims.issued_at_s = clock.UnixMillis() / 1'000;
        claims.expires_at_s = claims.issued_at_s + 3'600;
        return claims;
    }
    Result<auth::Principal> Check(
        const std::string& token,
        std::string_view scope = auth::kScopeInboxRead,
        const std::string& peer = "192.0.2.1"
    ) {
        const auto answer = std::make_shared<std::promise<Result<auth::Principal>>>();
        authenticator.Check({"Bearer " + token, peer}, scope, [answer](const auto& caller) {
            answer->set_value(caller);
        });
        return answer->get_future().get();
    }
    // Whether it is refused as every wrong token is.
    bool IsInvalid(const std::string& token) {
        const auto caller = Check(token);
        return caller.status().code() == Code::kUnauthenticated &&
               caller.status().reason() == auth::kTokenInvalid &&
               caller.status().message() == "the token is not accepted";
    }

    FakeClock clock;
    obs::Metrics metrics;
    const JwtSigner ed{Algorithm::kEdDsa, "ed"};
    const JwtSigner ec{Algorithm::kEs256, "ec"};
    const JwtSigner rsa{Algorithm::kRs256, "rsa"};
    Mutex mutex;
    domain::JwtIssuerInfo info;
    std::map<std::string, domain::JwtIssuerInfo> others;  // By audience.
    // Whoever is asked for, but "stranger": may do all that the token says.
    domain::AgentInfo agent = Agent(v1::AGENT_ROLE_ADMIN);
    bool agents_away = false;
    std::string jwks;
    std::atomic<int> lookups{0};
    std::atomic<int> tenant_lookups{0};
    std::atomic<int> agent_lookups{0};
    std::atomic<int> fetches{0};
    std::atomic<bool> away{false};
    auth::Authenticator authenticator;
};

// The log's reason of the last refusal.
class RefusalLines {
public:
    std::string Last() const {
        if (lines_.empty()) return "";
        const std::string& line = lines_.back();
        const std::size_t at = line.find("\"reason\":\"") + 10;
        return line.substr(at, line.find('"', at) - at);
    }
    const std::vector<std::string>& lines() const { return lines_; }

private:
    std::vector<std::string> lines_;
    const obs::LogCaptureForTest capture_{[this](std::string_view line) {
        if (line.find("credentials refused") != std::string_view::npos) lines_.emplace_back(line);
    }};
};

}  // namespace unibox::test
