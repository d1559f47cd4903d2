#include "decide/check_command.hpp"

#include "base/ids.hpp"
#include "decide/check_message.hpp"
#include "decide/check_text.hpp"
#include "decide/command.hpp"

#include <algorithm>
#include <cstdint>

namespace unibox::decide {
namespace {

using writer::v1::Command;
using writer::v1::CommandHeader;
using Texts = google::protobuf::RepeatedPtrField<std::string>;

constexpr std::size_t kDigestBytes = 32;
// Times become rows of partitions and PostgreSQL's timestamps, so they are held to what is sane.
constexpr std::int64_t kTimeMsMin = 946684800000;   // 2000-01-01
constexpr std::int64_t kTimeMsMax = 4102444800000;  // 2100-01-01

Status CheckActor(const v1::Actor& actor) {
    constexpr std::string_view kIdField = "header.actor.id";
    UNIBOX_RETURN_IF_ERROR(CheckText("header.actor.name", actor.name(), kNameBytesMax));
    switch (actor.kind()) {
        case v1::ACTOR_KIND_AGENT:
        case v1::ACTOR_KIND_API_KEY:
            return Uuid::Parse(actor.id()).ok() ? Status() : Wrong(kIdField, "must be a UUID");
        case v1::ACTOR_KIND_SYSTEM:
            return actor.id().empty() ? Status() : Wrong(kIdField, "must be empty: the system");
        default:
            return Wrong("header.actor.kind", "must be AGENT, API_KEY or SYSTEM");
    }
}

Status CheckRequestKey(const writer::v1::RequestKey& key) {
    UNIBOX_RETURN_IF_ERROR(CheckName("header.request_key.scope", key.scope(), kRequestScopeBytesMax)
    );
    UNIBOX_RETURN_IF_ERROR(CheckName("request_id", key.key(), kRequestIdBytesMax));
    const bool printable = std::all_of(key.key().begin(), key.key().end(), [](char c) {
        return c >= ' ' && c <= '~';
    });
    if (!printable) return Wrong("request_id", "must be printable ASCII");
    if (key.digest().size() != kDigestBytes) {
        return Wrong("header.request_key.digest", "must have 32 bytes");
    }
    return {};
}

// It is about one or the other.
Status CheckSubject(const Command& command) {
    const CommandHeader& header = command.header();
    if (!IsAboutContact(command)) {
        UNIBOX_RETURN_IF_ERROR(CheckId("header.conversation_id", header.conversation_id()));
        if (header.contact_id().empty()) return {};
        return Wrong("header.contact_id", "must be empty: it is about a conversation");
    }
    UNIBOX_RETURN_IF_ERROR(CheckId("header.contact_id", header.contact_id()));
    if (header.conversation_id().empty()) return {};
    return Wrong("header.conversation_id", "must be empty: it is about a contact");
}

Status CheckHeader(const Command& command) {
    const CommandHeader& header = command.header();
    UNIBOX_RETURN_IF_ERROR(CheckId("header.command_id", header.command_id()));
    if (header.tenant_id() <= 0) return Wrong("header.tenant_id", "must be positive");
    UNIBOX_RETURN_IF_ERROR(CheckSubject(command));
    UNIBOX_RETURN_IF_ERROR(CheckActor(header.actor()));
    if (!header.member_id().empty()) {
        UNIBOX_RETURN_IF_ERROR(CheckId("header.member_id", header.member_id()));
    }
    if (header.if_version() < 0) return Wrong("if_version", "must not be negative");
    if (header.receive_time_ms() < kTimeMsMin || header.receive_time_ms() > kTimeMsMax) {
        return Wrong("header.receive_time_ms", "must lie between the years 2000 and 2100");
    }
    UNIBOX_RETURN_IF_ERROR(
        CheckText("header.traceparent", header.traceparent(), kTraceparentBytesMax)
    );
    return header.has_request_key() ? CheckRequestKey(header.request_key()) : Status();
}

Status CheckStatus(const writer::v1::SetStatus& body) {
    if (!v1::ConversationStatus_IsValid(body.status()) ||
        body.status() == v1::CONVERSATION_STATUS_UNSPECIFIED) {
        return Wrong("status", "must be OPEN, PENDING, SNOOZED or CLOSED");
    }
    const bool snoozed = body.status() == v1::CONVERSATION_STATUS_SNOOZED;
    if (body.snooze_time_ms() != 0 && !snoozed) {
        return Wrong("snooze_time_ms", "belongs to the status SNOOZED alone");
    }
    if (body.snooze_time_ms() < 0 || body.snooze_time_ms() > kTimeMsMax) {
        return Wrong("snooze_time_ms", "must lie before the year 2100");
    }
    return CheckText("note", body.note(), kTextBytesMax);
}

Status CheckNames(
    std::string_view field, const Texts& names, std::size_t count_max, std::size_t bytes_max
) {
    UNIBOX_RETURN_IF_ERROR(CheckCount(field, names.size(), count_max));
    for (int i = 0; i < names.size(); ++i) {
        UNIBOX_RETURN_IF_ERROR(CheckName(Element(field, i), names[i], bytes_max));
    }
    return {};
}

Status CheckLabels(const writer::v1::ChangeLabels& body) {
    UNIBOX_RETURN_IF_ERROR(CheckNames("add", body.add(), kLabelCountMax, kLabelBytesMax));
    return CheckNames("remove", body.remove(), kLabelCountMax, kLabelBytesMax);
}

// Of a command that sets and removes some.
template <class Body>
Status CheckAttributes(const Body& body) {
    UNIBOX_RETURN_IF_ERROR(
        CheckCount("set", static_cast<int>(body.set().size()), kAttributeCountMax)
    );
    for (const auto& [key, value] : body.set()) {
        UNIBOX_RETURN_IF_ERROR(CheckName("set", key, kAttributeKeyBytesMax));
        UNIBOX_RETURN_IF_ERROR(CheckText("set[" + key + "]", value, kAttributeValueBytesMax));
    }
    return CheckNames("remove", body.remove(), kAttributeCountMax, kAttributeKeyBytesMax);
}

Status CheckAssign(const writer::v1::Assign& body) {
    if (!body.has_assignee_id() && !body.has_team_id()) {
        return Wrong("assignee_id", "is missing, and so is team_id: give one, or both");
    }
    if (!body.assignee_id().empty()) {
        UNIBOX_RETURN_IF_ERROR(CheckId("assignee_id", body.assignee_id()));
    }
    if (!body.team_id().empty()) UNIBOX_RETURN_IF_ERROR(CheckId("team_id", body.team_id()));
    return CheckText("reason", body.reason(), kReasonBytesMax);
}

Status CheckSeq(std::int64_t seq) {
    return seq > 0 ? Status() : Wrong("seq", "must be positive");
}

Status CheckEdit(const writer::v1::EditMessage& body) {
    UNIBOX_RETURN_IF_ERROR(CheckSeq(body.seq()));
    return CheckName("text", body.text(), kTextBytesMax);
}

Status CheckContactUpdate(const writer::v1::UpdateContact& body) {
    UNIBOX_RETURN_IF_ERROR(CheckText("display_name", body.display_name(), kNameBytesMax));
    UNIBOX_RETURN_IF_ERROR(CheckText("phone", body.phone(), kPhoneBytesMax));
    UNIBOX_RETURN_IF_ERROR(CheckText("email", body.email(), kEmailBytesMax));
    return CheckAttributes(body);
}

Status CheckMerge(const Command& command) {
    constexpr std::string_view kField = "merged_contact_id";
    const std::string& merged = command.merge_contact().merged_contact_id();
    UNIBOX_RETURN_IF_ERROR(CheckId(kField, merged));
    if (merged != command.header().contact_id()) return {};
    return InvalidArgument("merged_contact_id must be another contact than the one that remains")
        .WithReason("SAME_CONTACT")
        .WithField(kField);
}

Status CheckWakeUp(const Command& command) {
    if (command.header().actor().kind() != v1::ACTOR_KIND_SYSTEM) {
        return Wrong("header.actor.kind", "must be SYSTEM for a wake-up");
    }
    const std::int64_t snooze_time_ms = command.wake_up().snooze_time_ms();
    if (snooze_time_ms <= 0 || snooze_time_ms > kTimeMsMax) {
        return Wrong("snooze_time_ms", "must lie between the years 1970 and 2100");
    }
    return {};
}

}  // namespace

Status CheckCommand(const Command& command) {
    UNIBOX_RETURN_IF_ERROR(CheckHeader(command));
    switch (command.body_case()) {
        case Command::kAppend:
            return CheckMessage(command.append());
        case Command::kSetStatus:
            return CheckStatus(command.set_status());
        case Command::kSetPriority:
            return v1::Priority_IsValid(command.set_priority().priority())
                       ? Status()
                       : Wrong("priority", "must be one of the priorities");
        case Command::kChangeLabels:
            return CheckLabels(command.change_labels());
        case Command::kChangeAttributes:
            return CheckAttributes(command.change_attributes());
        case Command::kEditMessage:
            return CheckEdit(command.edit_message());
        case Command::kDeleteMessage:
            return CheckSeq(command.delete_message().seq());
        case Command::kAssign:
            return CheckAssign(command.assign());
        case Command::kWakeUp:
            return CheckWakeUp(command);
        case Command::kUpdateContact:
            return CheckContactUpdate(command.update_contact());
        case Command::kMergeContact:
            return CheckMerge(command);
        case Command::kSetContactBlocked:
        case Command::kMarkRead:
        case Command::kSetMuted:
            return {};
        case Command::BODY_NOT_SET:
            break;
    }
    return Wrong("body", "is missing or of a kind that this version does not know");
}

}  // namespace unibox::decide
