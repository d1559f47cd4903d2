// Who may say who an agent is: what administration writes of issuers of JWTs. Role ub_admin.
// Whoever changes one tells the caches (subjects::kChannelsChanged).
// Thread safety: any thread; concurrent Puts of the same issuer end in one of both states.
#pragma once

#include "base/ids.hpp"
#include "base/status.hpp"
#include "pg/pool.hpp"
#include "store/admin/objects.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace unibox::store {

struct JwtIssuerSpec {
    std::string name;  // Finds it.
    std::string issuer;
    std::string audience;
    std::vector<std::string> algorithms;  // HS256 alone, or some of EdDSA, ES256, RS256.
    // One of the three.
    std::string jwks_url;
    std::string jwks;
    std::vector<std::string> sealed_secrets;  // domain::JwtIssuerSealingContext; two at most.
    std::string role_claim = "role";
    std::string tenant_claim = "tenant";  // Of the operator's alone.
    bool disabled = false;
};

struct JwtIssuerRow {
    Uuid issuer_id;
    JwtIssuerSpec spec;
};

// `tenant` absent: the operator's. A new issuer gets the given id (NewUuidV7); an existing one
// keeps its own, which its secrets are sealed for. ALREADY_EXISTS: the pair of issuer and audience
// is another one's. INVALID_ARGUMENT: what the table does not allow.
Result<Change> PutJwtIssuer(
    pg::Pool& pool, std::optional<TenantId> tenant, Uuid issuer_id, const JwtIssuerSpec& spec
);
// The pair is free again. NOT_FOUND.
Status RemoveJwtIssuer(pg::Pool& pool, std::optional<TenantId> tenant, std::string_view name);
// By name.
Result<std::vector<JwtIssuerRow>> ListJwtIssuers(pg::Pool& pool, std::optional<TenantId> tenant);
// NOT_FOUND.
Result<Uuid> FindJwtIssuerId(pg::Pool& pool, std::optional<TenantId> tenant, std::string_view name);

}  // namespace unibox::store
