// What the messages of AdminService say of the rows of rows.hpp, and tenants.yaml in the same
// words: one description of each resource for both.
//
//   Spec          specs.hpp
//   kField        what its requests call it
//   kSection      what its lists and tenants.yaml call many of them
//   kName         the field that names it, for ever
//   kSettable     what may be set besides, at any time
//   kDeletable    whether it can be removed; what has Spec::disabled can be disabled
//   Show          into the message, all but id, times, etag and what secrets there are
//   ToSpec        what Show shows, back; the rest of the spec stays
//
// Thread safety: constants and pure functions.
#pragma once

#include "store/admin/specs.hpp"
#include "unibox/v1/admin.pb.h"
#include "unibox/v1/agent.pb.h"

#include <array>
#include <string>
#include <string_view>

namespace unibox::store {

template <class Message>
struct Resource;
template <class Message>
using SpecOf = typename Resource<Message>::Spec;

// What may be disabled and enabled again.
template <class Spec>
concept CanBeDisabled = requires(Spec spec) {
    spec.disabled = true;
};

// A text that stands for the name where it is empty.
inline const std::string& OrName(const std::string& display_name, const std::string& name) {
    return display_name.empty() ? name : display_name;
}

template <>
struct Resource<v1::Agent> {
    using Spec = AgentSpec;
    static constexpr const char* kField = "agent";
    static constexpr const char* kSection = "agents";
    static constexpr std::string_view kName = "external_id";
    static constexpr std::array<std::string_view, 3> kSettable = {"name", "email", "role"};
    static constexpr bool kDeletable = false;
    static void Show(const Spec& spec, v1::Agent* agent);
    static void ToSpec(const v1::Agent& agent, Spec* spec);
};
template <>
struct Resource<v1::Team> {
    using Spec = TeamSpec;
    static constexpr const char* kField = "team";
    static constexpr const char* kSection = "teams";
    static constexpr std::string_view kName = "name";
    static constexpr std::array<std::string_view, 1> kSettable = {"display_name"};
    static constexpr bool kDeletable = false;
    static void Show(const Spec& spec, v1::Team* team);
    static void ToSpec(const v1::Team& team, Spec* spec);
};
// Its `disabled` is for ever: revoked.
template <>
struct Resource<v1::ApiKey> {
    using Spec = ApiKeySettings;
    static constexpr const char* kField = "api_key";
    static constexpr const char* kSection = "api_keys";
    static constexpr std::string_view kName = "name";
    static constexpr std::array<std::string_view, 1> kSettable = {"scopes"};
    static constexpr bool kDeletable = false;
    static void Show(const Spec& spec, v1::ApiKey* key);
    static void ToSpec(const v1::ApiKey& key, Spec* spec);
};
template <>
struct Resource<v1::Label> {
    using Spec = LabelSpec;
    static constexpr const char* kField = "label";
    static constexpr const char* kSection = "labels";
    static constexpr std::string_view kName = "name";
    static constexpr std::array<std::string_view, 2> kSettable = {"color", "description"};
    static constexpr bool kDeletable = true;
    static void Show(const Spec& spec, v1::Label* label);
    static void ToSpec(const v1::Label& label, Spec* spec);
};
template <>
struct Resource<v1::AttributeDefinition> {
    using Spec = AttributeSpec;
    static constexpr const char* kField = "attribute_definition";
    static constexpr const char* kSection = "attribute_definitions";
    static constexpr std::string_view kName = "name";
    static constexpr std::array<std::string_view, 3> kSettable = {
        "display_name", "type", "options"};
    static constexpr bool kDeletable = true;
    static void Show(const Spec& spec, v1::AttributeDefinition* definition);
    static void ToSpec(const v1::AttributeDefinition& definition, Spec* spec);
};
template <>
struct Resource<v1::CannedReply> {
    using Spec = CannedReplySpec;
    static constexpr const char* kField = "canned_reply";
    static constexpr const char* kSection = "canned_replies";
    static constexpr std::string_view kName = "name";
    static constexpr std::array<std::string_view, 1> kSettable = {"text"};
    static constexpr bool kDeletable = true;
    static void Show(const Spec& spec, v1::CannedReply* reply);
    static void ToSpec(const v1::CannedReply& reply, Spec* spec);
};
template <>
struct Resource<v1::WebhookEndpoint> {
    using Spec = WebhookEndpointSpec;
    static constexpr const char* kField = "webhook_endpoint";
    static constexpr const char* kSection = "webhook_endpoints";
    static constexpr std::string_view kName = "name";
    static constexpr std::array<std::string_view, 2> kSettable = {"url", "events"};
    static constexpr bool kDeletable = true;
    static void Show(const Spec& spec, v1::WebhookEndpoint* endpoint);
    static void ToSpec(const v1::WebhookEndpoint& endpoint, Spec* spec);
};

}  // namespace unibox::store
