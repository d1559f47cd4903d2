// Who may say who somebody is: an issuer of tokens, as a tenant (or the operator, for all tenants)
// has registered it. It is found by what every token tells of itself before anything of it is
// believed: `iss` and one of `aud`.
// Thread safety: values.
#pragma once

#include "base/ids.hpp"
#include "domain/tenant_limits.hpp"

#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

namespace unibox::domain {

struct JwtIssuerKey {
    std::string issuer;
    std::string audience;
    bool operator==(const JwtIssuerKey&) const = default;
};

struct JwtIssuerKeyHash {
    std::size_t operator()(const JwtIssuerKey& key) const noexcept {
        const std::hash<std::string> hash;
        return hash(key.issuer) * 31 + hash(key.audience);
    }
};

// The additional data that secrets of an issuer are sealed with.
inline std::string JwtIssuerSealingContext(Uuid issuer_id) {
    return "jwt_issuer:" + issuer_id.ToString();
}

struct JwtIssuerInfo {
    std::optional<TenantId> tenant;  // Absent: the operator's, whose tokens name the tenant.
    Uuid issuer_id;
    std::vector<std::string> algorithms;      // auth/jws.hpp
    std::string jwks_url;                     // "" = its keys are below.
    std::string jwks;                         // A JWK set; "" = none.
    std::vector<std::string> sealed_secrets;  // Of HS256; JwtIssuerSealingContext.
    std::string role_claim;
    std::string tenant_claim;  // Whose value is the slug of a tenant; only of the operator's.
    bool disabled = false;
    bool tenant_disabled = false;
    TenantLimits limits;  // Of its tenant; none of the operator's.
};

using JwtIssuersByKey = std::unordered_map<JwtIssuerKey, JwtIssuerInfo, JwtIssuerKeyHash>;

struct TenantInfo {
    TenantId tenant;
    bool disabled = false;
    TenantLimits limits{};
};
using TenantsBySlug = std::unordered_map<std::string, TenantInfo>;

}  // namespace unibox::domain
