// Whom the tenant wants to be told.
#include "crypto/random.hpp"
#include "gateway/admin/methods.hpp"
#include "gateway/admin/resource_rows.hpp"

namespace unibox::gateway {
namespace {

Result<std::string> SealedSecret(const AdminCall& call, const Uuid& id, const Secret& secret) {
    UNIBOX_ASSIGN_OR_RETURN(const auto* box, call.Box());
    return box->Seal(secret, store::WebhookSealingContext(id));
}

Status Create(
    const AdminCall& call,
    const v1::CreateWebhookEndpointRequest& request,
    v1::CreateWebhookEndpointResponse& response
) {
    UNIBOX_RETURN_IF_ERROR(call.Box().status());
    const Secret secret = crypto::NewStandardWebhookSecret();
    const auto fill = [&](const Uuid& id, store::WebhookEndpointSpec* spec) -> Status {
        UNIBOX_ASSIGN_OR_RETURN(auto sealed, SealedSecret(call, id, secret));
        spec->sealed_secrets = {std::move(sealed)};
        return {};
    };
    UNIBOX_RETURN_IF_ERROR(
        CreateOf(call, request.webhook_endpoint(), response.mutable_webhook_endpoint(), fill)
    );
    response.set_secret(std::string(secret.Reveal()));
    return {};
}

Status Rotate(
    const AdminCall& call,
    const v1::RotateWebhookEndpointSecretRequest& request,
    v1::RotateWebhookEndpointSecretResponse& response
) {
    UNIBOX_ASSIGN_OR_RETURN(const auto id, ParseId<AgentId>("id", request.id()));
    const Secret secret = crypto::NewStandardWebhookSecret();
    UNIBOX_ASSIGN_OR_RETURN(auto sealed, SealedSecret(call, id.value, secret));
    UNIBOX_RETURN_IF_ERROR(ChangeOf(
        call,
        id.value,
        "",
        *response.mutable_webhook_endpoint(),
        [&](const v1::WebhookEndpoint&, store::WebhookEndpointSpec* spec) {
            spec->sealed_secrets = {sealed, spec->sealed_secrets.front()};
            return Status();
        }
    ));
    response.set_secret(std::string(secret.Reveal()));
    return {};
}

Status DropOld(
    const AdminCall& call,
    const v1::DropOldWebhookEndpointSecretRequest& request,
    v1::WebhookEndpoint& response
) {
    UNIBOX_ASSIGN_OR_RETURN(const auto id, ParseId<AgentId>("id", request.id()));
    return ChangeOf(
        call,
        id.value,
        "",
        response,
        [](const v1::WebhookEndpoint&, store::WebhookEndpointSpec* spec) {
            spec->sealed_secrets.resize(1);
            return Status();
        }
    );
}

}  // namespace

std::vector<Method> WebhookEndpointMethods(const Admin& admin) {
    constexpr auto kWrites = auth::kScopeAdminWrite;
    return {
        UNIBOX_LIST(WebhookEndpoints, webhook_endpoints, WebhookEndpoint, auth::kScopeAdminRead),
        UNIBOX_GET(WebhookEndpoint, auth::kScopeAdminRead),
        AdminRow("CreateWebhookEndpoint", kWrites, Repetition::kActsAgain, admin, Create),
        UNIBOX_UPDATE(WebhookEndpoint, webhook_endpoint),
        UNIBOX_SWITCH(Disable, WebhookEndpoint, true),
        UNIBOX_SWITCH(Enable, WebhookEndpoint, false),
        UNIBOX_DELETE(WebhookEndpoint),
        AdminRow("RotateWebhookEndpointSecret", kWrites, Repetition::kActsAgain, admin, Rotate),
        AdminRow("DropOldWebhookEndpointSecret", kWrites, Repetition::kIdempotent, admin, DropOld)};
}

}  // namespace unibox::gateway
