// What agents choose from: labels, attribute definitions, canned replies.
#include "gateway/admin/methods.hpp"
#include "gateway/admin/resource_rows.hpp"

#include <array>

namespace unibox::gateway {

template <>
struct Resource<v1::Label> {
    using Spec = store::LabelSpec;
    static constexpr const char* kField = "label";
    static constexpr std::array<std::string_view, 2> kSettable = {"color", "description"};
    static void Show(const Spec& spec, v1::Label* label) {
        label->set_name(spec.name);
        label->set_color(spec.color);
        label->set_description(spec.description);
    }
    static Status ToSpec(const v1::Label& label, Spec* spec) {
        *spec = {label.name(), label.color(), label.description()};
        return {};
    }
    static Status CheckChange(const AdminCall&, const Spec*, const Spec&) { return {}; }
};

template <>
struct Resource<v1::AttributeDefinition> {
    using Spec = store::AttributeSpec;
    static constexpr const char* kField = "attribute_definition";
    static constexpr std::array<std::string_view, 3> kSettable = {
        "display_name", "type", "options"};
    static void Show(const Spec& spec, v1::AttributeDefinition* definition) {
        definition->set_name(spec.name);
        definition->set_display_name(spec.display_name);
        definition->set_type(spec.type);
        for (const std::string& option : spec.options) definition->add_options(option);
    }
    static Status ToSpec(const v1::AttributeDefinition& definition, Spec* spec) {
        spec->name = definition.name();
        spec->display_name = OrName(definition.display_name(), definition.name());
        spec->type = definition.type();
        spec->options.assign(definition.options().begin(), definition.options().end());
        return {};
    }
    static Status CheckChange(const AdminCall&, const Spec*, const Spec&) { return {}; }
};

template <>
struct Resource<v1::CannedReply> {
    using Spec = store::CannedReplySpec;
    static constexpr const char* kField = "canned_reply";
    static constexpr std::array<std::string_view, 1> kSettable = {"text"};
    static void Show(const Spec& spec, v1::CannedReply* reply) {
        reply->set_name(spec.slug);
        reply->set_text(spec.text);
    }
    static Status ToSpec(const v1::CannedReply& reply, Spec* spec) {
        *spec = {reply.name(), reply.text()};
        return {};
    }
    static Status CheckChange(const AdminCall&, const Spec*, const Spec&) { return {}; }
};

std::vector<Method> InboxSettingMethods(const Admin& admin) {
    constexpr auto kReads = auth::kScopeInboxRead;
    return {
        UNIBOX_LIST(Labels, labels, Label, kReads),
        UNIBOX_GET(Label, kReads),
        UNIBOX_CREATE(Label, label),
        UNIBOX_UPDATE(Label, label),
        UNIBOX_DELETE(Label),
        UNIBOX_LIST(AttributeDefinitions, attribute_definitions, AttributeDefinition, kReads),
        UNIBOX_GET(AttributeDefinition, kReads),
        UNIBOX_CREATE(AttributeDefinition, attribute_definition),
        UNIBOX_UPDATE(AttributeDefinition, attribute_definition),
        UNIBOX_DELETE(AttributeDefinition),
        UNIBOX_LIST(CannedReplies, canned_replies, CannedReply, kReads),
        UNIBOX_GET(CannedReply, kReads),
        UNIBOX_CREATE(CannedReply, canned_reply),
        UNIBOX_UPDATE(CannedReply, canned_reply),
        UNIBOX_DELETE(CannedReply)};
}

}  // namespace unibox::gateway
