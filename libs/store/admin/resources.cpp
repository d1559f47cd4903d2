#include "store/admin/resources.hpp"

namespace unibox::store {
namespace {

template <class Repeated>
std::vector<std::string> ListOf(const Repeated& texts) {
    return {texts.begin(), texts.end()};
}

template <class Repeated>
void Fill(const std::vector<std::string>& texts, Repeated* repeated) {
    repeated->Clear();
    for (const std::string& text : texts) *repeated->Add() = text;
}

}  // namespace

void Resource<v1::Agent>::Show(const AgentSpec& spec, v1::Agent* agent) {
    agent->set_external_id(spec.external_id);
    agent->set_name(spec.name);
    agent->set_email(spec.email);
    agent->set_role(spec.role);
}
void Resource<v1::Agent>::ToSpec(const v1::Agent& agent, AgentSpec* spec) {
    spec->external_id = agent.external_id();
    spec->name = agent.name();
    spec->email = agent.email();
    spec->role = agent.role();
}

void Resource<v1::Team>::Show(const TeamSpec& spec, v1::Team* team) {
    team->set_name(spec.slug);
    team->set_display_name(spec.name);
}
void Resource<v1::Team>::ToSpec(const v1::Team& team, TeamSpec* spec) {
    spec->slug = team.name();
    spec->name = OrName(team.display_name(), team.name());
}

void Resource<v1::ApiKey>::Show(const ApiKeySettings& spec, v1::ApiKey* key) {
    key->set_name(spec.name);
    Fill(spec.scopes, key->mutable_scopes());
}
void Resource<v1::ApiKey>::ToSpec(const v1::ApiKey& key, ApiKeySettings* spec) {
    spec->name = key.name();
    spec->scopes = ListOf(key.scopes());
}

void Resource<v1::Label>::Show(const LabelSpec& spec, v1::Label* label) {
    label->set_name(spec.name);
    label->set_color(spec.color);
    label->set_description(spec.description);
}
void Resource<v1::Label>::ToSpec(const v1::Label& label, LabelSpec* spec) {
    *spec = {label.name(), label.color(), label.description()};
}

void Resource<v1::AttributeDefinition>::Show(
    const AttributeSpec& spec, v1::AttributeDefinition* definition
) {
    definition->set_name(spec.name);
    definition->set_display_name(spec.display_name);
    definition->set_type(spec.type);
    Fill(spec.options, definition->mutable_options());
}
void Resource<v1::AttributeDefinition>::ToSpec(
    const v1::AttributeDefinition& definition, AttributeSpec* spec
) {
    spec->name = definition.name();
    spec->display_name = OrName(definition.display_name(), definition.name());
    spec->type = definition.type();
    spec->options = ListOf(definition.options());
}

void Resource<v1::CannedReply>::Show(const CannedReplySpec& spec, v1::CannedReply* reply) {
    reply->set_name(spec.slug);
    reply->set_text(spec.text);
}
void Resource<v1::CannedReply>::ToSpec(const v1::CannedReply& reply, CannedReplySpec* spec) {
    *spec = {reply.name(), reply.text()};
}

void Resource<v1::WebhookEndpoint>::Show(
    const WebhookEndpointSpec& spec, v1::WebhookEndpoint* endpoint
) {
    endpoint->set_name(spec.slug);
    endpoint->set_url(spec.url);
    Fill(spec.events, endpoint->mutable_events());
    endpoint->set_secret_count(static_cast<std::int32_t>(spec.sealed_secrets.size()));
}
void Resource<v1::WebhookEndpoint>::ToSpec(
    const v1::WebhookEndpoint& endpoint, WebhookEndpointSpec* spec
) {
    spec->slug = endpoint.name();
    spec->url = endpoint.url();
    spec->events = ListOf(endpoint.events());
}

}  // namespace unibox::store
