// What the directory knows of an API key. The key itself is known to its holder alone: here it is
// named by its SHA-256.
// Thread safety: values.
#pragma once

#include "base/ids.hpp"
#include "domain/tenant_limits.hpp"

#include <cstdint>
#include <string>
#include <unordered_map>
#include <vector>

namespace unibox::domain {

struct ApiKeyInfo {
    TenantId tenant;
    Uuid key_id;
    std::string name;                 // As the tenant's people know it.
    std::vector<std::string> scopes;  // auth/scopes.hpp; words that are not there open nothing.
    std::int64_t expires_at_ms = 0;   // Unix time; the largest number = never.
    bool revoked = false;
    bool expired = false;  // By the database's clock, at the lookup.
    bool tenant_disabled = false;
    TenantLimits limits;  // Of its tenant.
};

// By SHA-256 of the whole key, 32 bytes.
using ApiKeysByHash = std::unordered_map<std::string, ApiKeyInfo>;

}  // namespace unibox::domain
