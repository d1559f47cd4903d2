// Keys of programs: shown once, then known by their hash.
#include "crypto/hash.hpp"
#include "crypto/random.hpp"
#include "gateway/admin/methods.hpp"
#include "gateway/admin/resource_rows.hpp"

#include <algorithm>

namespace unibox::gateway {

// What the key has already is nobody's gift.
template <>
Status MayChange<v1::ApiKey>(
    const AdminCall& call, const store::ApiKeySettings* before, const store::ApiKeySettings& after
) {
    std::vector<std::string> given;
    for (const std::string& scope : after.scopes) {
        const bool is_new =
            before == nullptr ||
            std::find(before->scopes.begin(), before->scopes.end(), scope) == before->scopes.end();
        if (is_new) given.push_back(scope);
    }
    if (before != nullptr && before->disabled && before->scopes != after.scopes) {
        return FailedPrecondition("the key was revoked: make another one")
            .WithReason("API_KEY_REVOKED");
    }
    return call.MayGive(given, "api_key.scopes");
}

namespace {

Status Create(
    const AdminCall& call,
    const v1::CreateApiKeyRequest& request,
    v1::CreateApiKeyResponse& response
) {
    store::ApiKeySettings settings;
    Resource<v1::ApiKey>::ToSpec(request.api_key(), &settings);
    UNIBOX_RETURN_IF_ERROR(WithFieldOf("api_key", store::CheckSpec(settings)));
    UNIBOX_RETURN_IF_ERROR(MayChange<v1::ApiKey>(call, nullptr, settings));
    const Secret key = crypto::NewApiKey();
    store::ApiKeySpec spec;
    spec.name = settings.name;
    spec.key_hash = crypto::Sha256(key.Reveal());
    spec.scopes = settings.scopes;
    const auto made = store::CreateApiKey(call.access(), call.tenant(), spec);
    if (!made.ok()) return WithFieldOf("api_key", made.status());
    UNIBOX_RETURN_IF_ERROR(GetOf(call, made->ToString(), *response.mutable_api_key()));
    response.set_key(std::string(key.Reveal()));
    return {};
}

}  // namespace

std::vector<Method> ApiKeyMethods(const Admin& admin) {
    return {
        UNIBOX_LIST(ApiKeys, api_keys, ApiKey, auth::kScopeAdminRead),
        AdminRow("CreateApiKey", auth::kScopeAdminWrite, Repetition::kActsAgain, admin, Create),
        UNIBOX_UPDATE(ApiKey, api_key),
        UNIBOX_SWITCH(Revoke, ApiKey, true)};
}

}  // namespace unibox::gateway
