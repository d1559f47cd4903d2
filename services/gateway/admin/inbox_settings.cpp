// What agents choose from: labels, attribute definitions, canned replies.
#include "gateway/admin/methods.hpp"
#include "gateway/admin/resource_rows.hpp"

namespace unibox::gateway {

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
