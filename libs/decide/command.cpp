#include "decide/command.hpp"

#include <algorithm>
#include <cstring>

namespace unibox::decide {
namespace {

using writer::v1::Command;

Uuid UuidOf(const std::string& sixteen_bytes) {
    Uuid id;
    if (sixteen_bytes.size() == id.bytes.size()) {
        std::memcpy(id.bytes.data(), sixteen_bytes.data(), id.bytes.size());
    }
    return id;
}

}  // namespace

InputIds InputIdsOf(const Command& command) {
    return {
        TenantId{command.header().tenant_id()},
        ChannelId{},
        EventKey{UuidOf(command.header().command_id())},
        EventKey{}};
}

bool IsAboutContact(const Command& command) {
    return command.has_update_contact() || command.has_merge_contact() ||
           command.has_set_contact_blocked();
}

ContactId ContactOf(const Command& command) {
    return ContactId{UuidOf(command.header().contact_id())};
}

ContactId MergedContactOf(const writer::v1::MergeContact& body) {
    return ContactId{UuidOf(body.merged_contact_id())};
}

domain::ConversationKey ConversationKeyOf(const Command& command) {
    return {
        TenantId{command.header().tenant_id()},
        ConversationId{UuidOf(command.header().conversation_id())}};
}

std::optional<domain::RequestKey> RequestKeyOf(const Command& command) {
    const auto& header = command.header();
    if (!header.has_request_key()) return std::nullopt;
    return domain::RequestKey{
        TenantId{header.tenant_id()}, header.request_key().scope(), header.request_key().key()};
}

std::int64_t ReceivedAtOf(const Command& command, std::int64_t now_ms) {
    return std::clamp(
        command.header().receive_time_ms(),
        now_ms - kCallBackdatedMsMax,
        now_ms + kCallPostdatedMsMax
    );
}

std::string ActionOf(const Command& command) {
    const auto* field = Command::descriptor()->FindFieldByNumber(command.body_case());
    return field != nullptr ? field->name() : std::string();
}

std::optional<NamedMessage> NamedMessageOf(const Command& command) {
    const domain::ConversationKey conversation = ConversationKeyOf(command);
    switch (command.body_case()) {
        case Command::kAppend:
            if (command.append().reply_to_seq() == 0) return std::nullopt;
            return NamedMessage{{conversation, command.append().reply_to_seq()}, false};
        case Command::kEditMessage:
            return NamedMessage{{conversation, command.edit_message().seq()}, true};
        case Command::kDeleteMessage:
            return NamedMessage{{conversation, command.delete_message().seq()}, true};
        default:
            return std::nullopt;
    }
}

bool WritesMessage(const Command& command) {
    return command.has_append() || !command.set_status().note().empty();
}

}  // namespace unibox::decide
