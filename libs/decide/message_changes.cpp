#include "decide/message_changes.hpp"

#include "base/utf8.hpp"
#include "decide/inbound.hpp"
#include "domain/delivery_state.hpp"
#include "domain/provider.hpp"
#include "domain/timestamps.hpp"

#include <algorithm>

namespace unibox::decide {
namespace {

using event::v1::InboundEvent;

std::string BodyOf(const event::v1::MessageBody& message) {
    if (message.subject().empty()) return CleanText(message.text());
    if (message.text().empty()) return CleanText(message.subject());
    return CleanText(message.subject() + "\n\n" + message.text());
}

// UNSPECIFIED: neither covers it.
v1::DeliveryState StateBelow(
    std::int64_t delivered_until, std::int64_t read_until, std::int64_t created_at
) {
    if (created_at <= read_until) return v1::DELIVERY_STATE_READ;
    if (created_at <= delivered_until) return v1::DELIVERY_STATE_DELIVERED;
    return v1::DELIVERY_STATE_UNSPECIFIED;
}

// A provider numbers its edits or gives their times; a sender that does both in turn means its
// numbers. A number that is the edit's own time counts as a time.
struct Revision {
    bool numbered = false;
    std::int64_t number = 0;
};

bool ApplyEdit(const InboundEvent& event, domain::MessageRow* message) {
    if (message->deleted_at.has_value()) return false;
    const auto& edit = event.edit();
    const std::int64_t created_at = CreatedAtOf(event);
    const auto of = [](std::int64_t number, std::int64_t time) {
        return Revision{number != time, number};
    };
    const Revision mine = of(edit.revision() > 0 ? edit.revision() : created_at, created_at);
    if (message->edited_at) {
        const Revision stored = of(message->edit_revision, *message->edited_at);
        if (stored.numbered && !mine.numbered) return false;
        // Providers' clocks count whole seconds: of two edits in one second the later arrival
        // stands.
        const bool newer =
            mine.numbered ? mine.number > stored.number : mine.number >= stored.number;
        if (stored.numbered == mine.numbered && !newer) return false;
    }
    message->body = CleanText(edit.text());
    if (edit.whole() || !edit.attachments().empty()) {
        message->attachments.assign(edit.attachments().begin(), edit.attachments().end());
    }
    message->edited_at = created_at;
    message->edit_revision = mine.number;
    return true;
}

bool ApplyDelete(const InboundEvent& event, domain::MessageRow* message) {
    if (message->deleted_at.has_value()) return false;
    EraseContents(CreatedAtOf(event), message);
    return true;
}

// Of a provider of a later version nothing is known: one reaction is what all have.
bool AllowsManyReactions(v1::Provider provider) {
    const domain::ProviderTraits* row = domain::FindProvider(provider);
    return row != nullptr && row->has_many_reactions;
}

using Reactions = std::vector<v1::Reaction>;

std::int64_t TimeOf(const v1::Reaction& reaction) {
    return reaction.create_time().seconds() * 1000 + reaction.create_time().nanos() / 1'000'000;
}

v1::Reaction MakeReaction(
    const std::string& contact_key, const std::string& emoji, std::int64_t time_ms
) {
    v1::Reaction reaction;
    reaction.set_contact_key(contact_key);
    reaction.set_emoji(emoji);
    *reaction.mutable_create_time() = domain::ToTimestamp(time_ms);
    return reaction;
}

// In the order of the providers' times, behind those of the same time.
void InsertByTime(v1::Reaction reaction, Reactions* reactions) {
    const auto later = [](const v1::Reaction& a, const v1::Reaction& b) {
        return TimeOf(a) < TimeOf(b);
    };
    const auto place = std::upper_bound(reactions->begin(), reactions->end(), reaction, later);
    reactions->insert(place, std::move(reaction));
}

// One reaction event, and what it competes with: where a contact has one reaction, all of the
// contact's; else that with the same emoji, and what was taken back without naming one.
struct ReactionEvent {
    const std::string& contact_key;
    std::string emoji;
    std::int64_t time_ms = 0;
    bool many = false;  // a contact may have several, one of each emoji

    bool IsMine(const v1::Reaction& entry) const { return entry.contact_key() == contact_key; }
    bool IsSame(const v1::Reaction& entry) const {
        return IsMine(entry) && (!many || entry.emoji() == emoji);
    }
    bool IsOutdated(const domain::MessageRow& message) const {
        const auto younger = [this](const v1::Reaction& entry) {
            const bool all = many && IsMine(entry) && entry.emoji().empty();
            return (all || IsSame(entry)) && TimeOf(entry) > time_ms;
        };
        return std::any_of(message.reactions.begin(), message.reactions.end(), younger) ||
               std::any_of(
                   message.removed_reactions.begin(), message.removed_reactions.end(), younger
               );
    }
};

ReactionChange React(const ReactionEvent& event, domain::MessageRow* message) {
    Reactions& standing = message->reactions;
    for (const v1::Reaction& entry : standing) {
        const bool same = event.IsMine(entry) && entry.emoji() == event.emoji;
        if (same && TimeOf(entry) == event.time_ms) return ReactionChange::kNothing;
    }
    const bool replaces = std::any_of(standing.begin(), standing.end(), [&](const auto& e) {
        return event.IsSame(e);
    });
    if (!replaces && standing.size() >= kReactionCountMax) return ReactionChange::kNothing;
    const auto same = [&](const v1::Reaction& entry) { return event.IsSame(entry); };
    std::erase_if(standing, same);
    std::erase_if(message->removed_reactions, same);
    InsertByTime(MakeReaction(event.contact_key, event.emoji, event.time_ms), &standing);
    return ReactionChange::kVisible;
}

// Without an emoji all that is not younger goes. That nothing stood is remembered too.
ReactionChange TakeBack(const ReactionEvent& event, domain::MessageRow* message) {
    const auto goes = [&](const v1::Reaction& entry) {
        const bool meant = event.emoji.empty() ? event.IsMine(entry) : event.IsSame(entry);
        return meant && TimeOf(entry) <= event.time_ms;
    };
    const bool visible = std::erase_if(message->reactions, goes) > 0;
    Reactions& removed = message->removed_reactions;
    std::erase_if(removed, goes);
    if (removed.size() >= kReactionCountMax) removed.erase(removed.begin());  // the oldest
    const std::string emoji = event.many ? event.emoji : std::string();
    InsertByTime(MakeReaction(event.contact_key, emoji, event.time_ms), &removed);
    return visible ? ReactionChange::kVisible : ReactionChange::kRemembered;
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
    row.channel = InputIdsOf(event).channel;
    row.direction = body.direction();
    row.kind = body.kind() == v1::MESSAGE_KIND_UNSPECIFIED ? v1::MESSAGE_KIND_TEXT : body.kind();
    if (!outbound) row.contact = author;
    row.body = BodyOf(body);
    row.payload = CleanText(body.payload());
    row.attachments.assign(body.attachments().begin(), body.attachments().end());
    row.context = body.context();
    row.reply_to = CleanText(body.reply_to_provider_id());
    row.provider_id = CleanText(event.provider_id());
    row.client_ref = CleanText(body.client_ref());
    if (outbound) row.delivery_state = StateBelowWatermarks(thread, created_at);
    row.provider_time = ProviderTimeOf(event);
    row.received_at = event.receive_time_ms();
    return row;
}

void EraseContents(std::int64_t deleted_at, domain::MessageRow* message) {
    message->body.clear();
    message->payload.clear();
    message->attachments.clear();
    message->reactions.clear();
    message->context.Clear();
    message->message_template.Clear();
    message->removed_reactions.clear();
    message->deleted_at = deleted_at;
}

void ReplaceText(const std::string& text, std::int64_t now_ms, domain::MessageRow* message) {
    const bool numbered = message->edited_at && message->edit_revision != *message->edited_at;
    const std::int64_t edited_at = std::max(now_ms, message->edited_at.value_or(now_ms));
    message->body = text;
    message->edited_at = edited_at;
    if (!numbered) message->edit_revision = edited_at;
}

bool RaiseDelivery(v1::DeliveryState state, std::string_view error, domain::MessageRow* message) {
    const bool outbound = message->direction == v1::DIRECTION_OUTBOUND;
    if (!outbound || domain::IsLower(state, message->delivery_state)) return false;
    const std::string kept = state == v1::DELIVERY_STATE_FAILED ? CleanText(error) : std::string();
    if (state == message->delivery_state && kept <= message->delivery_error) return false;
    message->delivery_state = state;
    message->delivery_error = kept;
    return true;
}

v1::DeliveryState StateBelowWatermarks(const domain::ThreadRow& thread, std::int64_t created_at) {
    const auto state = StateBelow(thread.delivered_until, thread.read_until, created_at);
    return state == v1::DELIVERY_STATE_UNSPECIFIED ? v1::DELIVERY_STATE_SENT : state;
}

void ApplyMarks(
    const domain::CounterRow& marks, std::int64_t created_at, domain::MessageRow* message
) {
    RaiseDelivery(StateBelow(marks.delivered_until, marks.read_until, created_at), "", message);
}

ReactionChange ApplyReaction(const InboundEvent& event, domain::MessageRow* message) {
    if (message->deleted_at.has_value()) return ReactionChange::kNothing;
    const ReactionEvent reaction{
        ContactKeyOf(event),
        CleanText(event.reaction().emoji()),
        CreatedAtOf(event),
        AllowsManyReactions(event.provider())};
    if (reaction.IsOutdated(*message)) return ReactionChange::kNothing;
    return event.reaction().removed() ? TakeBack(reaction, message) : React(reaction, message);
}

bool ApplyChange(const InboundEvent& event, domain::MessageRow* message) {
    switch (event.body_case()) {
        case InboundEvent::kEdit:
            return ApplyEdit(event, message);
        case InboundEvent::kDelete:
            return ApplyDelete(event, message);
        case InboundEvent::kReaction:
            return ApplyReaction(event, message) == ReactionChange::kVisible;
        case InboundEvent::kReceipt:
            return RaiseDelivery(event.receipt().state(), event.receipt().error(), message);
        default:
            return false;
    }
}

}  // namespace unibox::decide
