#include "message-writer/message_changes.hpp"

#include "message-writer/batch.hpp"
#include "message-writer/text.hpp"

#include <algorithm>

namespace unibox::writer {
namespace {

using event::v1::InboundEvent;

google::protobuf::Timestamp ToTimestamp(std::int64_t unix_ms) {
    google::protobuf::Timestamp time;
    time.set_seconds(unix_ms / 1000);
    time.set_nanos(static_cast<std::int32_t>(unix_ms % 1000) * 1000000);
    return time;
}

std::string BodyOf(const event::v1::MessageBody& message) {
    if (message.subject().empty()) return StorableText(message.text());
    if (message.text().empty()) return StorableText(message.subject());
    return StorableText(message.subject() + "\n\n" + message.text());
}

v1::DeliveryState StateBelow(
    std::int64_t delivered_until, std::int64_t read_until, std::int64_t created_at
) {
    if (created_at <= read_until) return v1::DELIVERY_STATE_READ;
    if (created_at <= delivered_until) return v1::DELIVERY_STATE_DELIVERED;
    return v1::DELIVERY_STATE_SENT;
}

bool ApplyEdit(const InboundEvent& event, domain::MessageRow* message) {
    if (message->deleted_at.has_value()) return false;
    const auto& edit = event.edit();
    const std::int64_t created_at = CreatedAtOf(event);
    const bool numbered = edit.revision() > 0;
    const std::int64_t revision = numbered ? edit.revision() : created_at;
    // Providers' clocks count whole seconds: of two edits in one second the later arrival stands.
    const bool newer =
        numbered ? revision > message->edit_revision : revision >= message->edit_revision;
    if (!newer) return false;
    message->body = StorableText(edit.text());
    if (edit.whole() || !edit.attachments().empty()) {
        message->attachments.assign(edit.attachments().begin(), edit.attachments().end());
    }
    message->edited_at = created_at;
    message->edit_revision = revision;
    return true;
}

bool ApplyDelete(const InboundEvent& event, domain::MessageRow* message) {
    if (message->deleted_at.has_value()) return false;
    message->body.clear();
    message->payload.clear();
    message->attachments.clear();
    message->reactions.clear();
    message->context.Clear();
    message->deleted_at = CreatedAtOf(event);
    return true;
}

bool AllowsManyReactions(v1::Provider provider) {
    return provider == v1::PROVIDER_TELEGRAM || provider == v1::PROVIDER_STANDARD;
}

bool RemoveReactions(
    std::string_view contact_key, std::string_view emoji, std::vector<v1::Reaction>* reactions
) {
    const auto matches = [&](const v1::Reaction& reaction) {
        return reaction.contact_key() == contact_key &&
               (emoji.empty() || reaction.emoji() == emoji);
    };
    return std::erase_if(*reactions, matches) > 0;
}

bool ApplyReaction(const InboundEvent& event, domain::MessageRow* message) {
    if (message->deleted_at.has_value()) return false;
    const std::string& contact_key = ContactKeyOf(event);
    const std::string emoji = StorableText(event.reaction().emoji());
    auto& reactions = message->reactions;
    if (event.reaction().removed()) return RemoveReactions(contact_key, emoji, &reactions);
    const auto same = [&](const v1::Reaction& reaction) {
        return reaction.contact_key() == contact_key && reaction.emoji() == emoji;
    };
    if (std::any_of(reactions.begin(), reactions.end(), same)) return false;
    if (!AllowsManyReactions(event.provider())) RemoveReactions(contact_key, "", &reactions);
    if (reactions.size() >= kReactionCountMax) return false;
    v1::Reaction& added = reactions.emplace_back();
    added.set_contact_key(contact_key);
    added.set_emoji(emoji);
    *added.mutable_create_time() = ToTimestamp(CreatedAtOf(event));
    return true;
}

}  // namespace

domain::MessageRow NewMessage(
    const InboundEvent& event,
    const domain::ThreadRow& thread,
    std::int64_t created_at,
    std::optional<ContactId> author
) {
    const auto& body = event.message();
    const bool outbound = body.direction() == v1::DIRECTION_OUTBOUND;
    domain::MessageRow row;
    row.id = MessageId{Uuid::FromBytes(event.message_id()).value()};
    row.channel = EventIdsOf(event).channel;
    row.direction = body.direction();
    row.kind = body.kind() == v1::MESSAGE_KIND_UNSPECIFIED ? v1::MESSAGE_KIND_TEXT : body.kind();
    if (!outbound) row.contact = author;
    row.body = BodyOf(body);
    row.payload = StorableText(body.payload());
    row.attachments.assign(body.attachments().begin(), body.attachments().end());
    row.context = body.context();
    row.reply_to = StorableText(body.reply_to_provider_id());
    row.provider_id = StorableText(event.provider_id());
    row.client_ref = StorableText(body.client_ref());
    if (outbound) row.delivery_state = StateBelowWatermarks(thread, created_at);
    row.provider_time = ProviderTimeOf(event);
    row.received_at = event.receive_time_ms();
    return row;
}

bool RaiseDelivery(v1::DeliveryState state, std::string_view error, domain::MessageRow* message) {
    if (message->direction != v1::DIRECTION_OUTBOUND || state < message->delivery_state)
        return false;
    const std::string kept =
        state == v1::DELIVERY_STATE_FAILED ? StorableText(error) : std::string();
    if (state == message->delivery_state && kept <= message->delivery_error) return false;
    message->delivery_state = state;
    message->delivery_error = kept;
    return true;
}

v1::DeliveryState StateBelowWatermarks(const domain::ThreadRow& thread, std::int64_t created_at) {
    return StateBelow(thread.delivered_until, thread.read_until, created_at);
}

void ApplyMarks(
    const domain::CounterRow& marks, std::int64_t created_at, domain::MessageRow* message
) {
    RaiseDelivery(StateBelow(marks.delivered_until, marks.read_until, created_at), "", message);
}

bool ApplyChange(const InboundEvent& event, domain::MessageRow* message) {
    switch (event.body_case()) {
        case InboundEvent::kEdit:
            return ApplyEdit(event, message);
        case InboundEvent::kDelete:
            return ApplyDelete(event, message);
        case InboundEvent::kReaction:
            return ApplyReaction(event, message);
        case InboundEvent::kReceipt:
            return RaiseDelivery(event.receipt().state(), event.receipt().error(), message);
        default:
            return false;
    }
}

}  // namespace unibox::writer
