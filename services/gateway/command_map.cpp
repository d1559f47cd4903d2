#include "gateway/command_map.hpp"

#include "gateway/attachment_rules.hpp"
#include "gateway/fields.hpp"

#include <string>

namespace unibox::gateway {
namespace {

using writer::v1::Command;

Command StatusCommand(v1::ConversationStatus status) {
    Command command;
    command.mutable_set_status()->set_status(status);
    return command;
}

Command ReadCommand(bool unread) {
    Command command;
    command.mutable_mark_read()->set_unread(unread);
    return command;
}

Command MutedCommand(bool muted) {
    Command command;
    command.mutable_set_muted()->set_muted(muted);
    return command;
}

Command BlockedCommand(bool blocked) {
    Command command;
    command.mutable_set_contact_blocked()->set_blocked(blocked);
    return command;
}

// The 16 bytes of a UUID; of an empty text none.
Result<std::string> IdOrNone(std::string_view field, const std::string& text) {
    if (text.empty()) return std::string();
    const auto id = Uuid::Parse(text);
    if (!id.ok()) return WrongField(field, "a UUID, or empty for nobody");
    return id->ToBytes();
}

// Whoever says nothing of it writes a text.
v1::MessageKind KindOf(const v1::AppendMessageRequest& request) {
    const bool is_given = request.kind() != v1::MESSAGE_KIND_UNSPECIFIED;
    return is_given ? request.kind() : v1::MESSAGE_KIND_TEXT;
}

}  // namespace

CommandResult CommandOf(const v1::AppendMessageRequest& request) {
    UNIBOX_RETURN_IF_ERROR(CheckAttachments(request.attachments()));
    UNIBOX_RETURN_IF_ERROR(
        CheckUrl("template.header_media_url", request.template_().header_media_url())
    );
    Command command;
    auto& message = *command.mutable_append();
    message.set_kind(KindOf(request));
    message.set_text(request.text());
    *message.mutable_attachments() = request.attachments();
    message.set_reply_to_seq(request.reply_to_seq());
    if (request.has_template_()) *message.mutable_template_() = request.template_();
    message.set_client_ref(request.client_ref());
    return command;
}

CommandResult CommandOf(const v1::EditMessageRequest& request) {
    Command command;
    command.mutable_edit_message()->set_seq(request.seq());
    command.mutable_edit_message()->set_text(request.text());
    return command;
}

CommandResult CommandOf(const v1::DeleteMessageRequest& request) {
    Command command;
    command.mutable_delete_message()->set_seq(request.seq());
    return command;
}

CommandResult CommandOf(const v1::OpenConversationRequest&) {
    return StatusCommand(v1::CONVERSATION_STATUS_OPEN);
}

CommandResult CommandOf(const v1::PendConversationRequest&) {
    return StatusCommand(v1::CONVERSATION_STATUS_PENDING);
}

CommandResult CommandOf(const v1::SnoozeConversationRequest& request) {
    Command command = StatusCommand(v1::CONVERSATION_STATUS_SNOOZED);
    if (!request.has_snooze_time()) return command;
    // Whether it is later than now the writer says: a repeated call gets its first answer, however
    // late it comes.
    UNIBOX_ASSIGN_OR_RETURN(
        const std::int64_t unix_ms, UnixMillisOf("snooze_time", request.snooze_time())
    );
    command.mutable_set_status()->set_snooze_time_ms(unix_ms);
    return command;
}

CommandResult CommandOf(const v1::CloseConversationRequest& request) {
    Command command = StatusCommand(v1::CONVERSATION_STATUS_CLOSED);
    command.mutable_set_status()->set_note(request.note());
    return command;
}

CommandResult CommandOf(const v1::AssignConversationRequest& request) {
    Command command;
    auto& assign = *command.mutable_assign();
    if (request.has_assignee_id()) {
        UNIBOX_ASSIGN_OR_RETURN(
            *assign.mutable_assignee_id(), IdOrNone("assignee_id", request.assignee_id())
        );
    }
    if (request.has_team_id()) {
        UNIBOX_ASSIGN_OR_RETURN(*assign.mutable_team_id(), IdOrNone("team_id", request.team_id()));
    }
    assign.set_reason(request.reason());
    return command;
}

CommandResult CommandOf(const v1::SetPriorityRequest& request) {
    Command command;
    command.mutable_set_priority()->set_priority(request.priority());
    return command;
}

CommandResult CommandOf(const v1::ChangeLabelsRequest& request) {
    if (request.add().empty() && request.remove().empty()) {
        return WrongField("add", "given, or remove");
    }
    Command command;
    *command.mutable_change_labels()->mutable_add() = request.add();
    *command.mutable_change_labels()->mutable_remove() = request.remove();
    return command;
}

CommandResult CommandOf(const v1::ChangeAttributesRequest& request) {
    if (request.set().empty() && request.remove().empty()) {
        return WrongField("set", "given, or remove");
    }
    Command command;
    *command.mutable_change_attributes()->mutable_set() = request.set();
    *command.mutable_change_attributes()->mutable_remove() = request.remove();
    return command;
}

CommandResult CommandOf(const v1::MarkReadRequest&) {
    return ReadCommand(false);
}

CommandResult CommandOf(const v1::MarkUnreadRequest&) {
    return ReadCommand(true);
}

CommandResult CommandOf(const v1::MuteConversationRequest&) {
    return MutedCommand(true);
}

CommandResult CommandOf(const v1::UnmuteConversationRequest&) {
    return MutedCommand(false);
}

CommandResult CommandOf(const v1::UpdateContactRequest& request) {
    const bool says_something = request.has_display_name() || request.has_phone() ||
                                request.has_email() || !request.set().empty() ||
                                !request.remove().empty();
    if (!says_something) return WrongField("display_name", "given, or another field to change");
    Command command;
    auto& update = *command.mutable_update_contact();
    if (request.has_display_name()) update.set_display_name(request.display_name());
    if (request.has_phone()) update.set_phone(request.phone());
    if (request.has_email()) update.set_email(request.email());
    *update.mutable_set() = request.set();
    *update.mutable_remove() = request.remove();
    return command;
}

CommandResult CommandOf(const v1::MergeContactsRequest& request) {
    UNIBOX_ASSIGN_OR_RETURN(
        const auto merged, ParseId<ContactId>("merged_contact_id", request.merged_contact_id())
    );
    Command command;
    command.mutable_merge_contact()->set_merged_contact_id(merged.value.ToBytes());
    return command;
}

CommandResult CommandOf(const v1::BlockContactRequest&) {
    return BlockedCommand(true);
}

CommandResult CommandOf(const v1::UnblockContactRequest&) {
    return BlockedCommand(false);
}

}  // namespace unibox::gateway
