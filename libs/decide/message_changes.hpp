// What an edit, a delete, a reaction or a receipt makes of one message. Each function changes the
// row and says whether anything changed: what changes nothing gets no version and no event. Events
// must be valid, and for edits, deletes and reactions the row must have its contents.
// Thread safety: pure functions.
#pragma once

#include "domain/batch_state.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace unibox::decide {

inline constexpr std::size_t kReactionCountMax = 500;

// A new message as the provider sent it; `thread` gives the watermarks that already cover it.
domain::MessageRow NewMessage(
    const event::v1::InboundEvent& event,
    const domain::ThreadRow& thread,
    std::int64_t created_at,
    std::optional<ContactId> author
);

// What a deleted message loses for good, which is all but that it was there.
void EraseContents(std::int64_t deleted_at, domain::MessageRow* message);
// An edit on the tenant's side stands over all that came before it, and keeps the provider's
// number, so that the provider's next one stands over it.
void ReplaceText(const std::string& text, std::int64_t now_ms, domain::MessageRow* message);

// Receipts: in the order of domain/delivery_state.hpp, only upwards (of two failures the greater
// error text stays), so that order and repetition make no difference. Inbound messages have none.
bool RaiseDelivery(v1::DeliveryState state, std::string_view error, domain::MessageRow* message);

// The state of an echo of this time: SENT, or what watermarks make of it.
v1::DeliveryState StateBelowWatermarks(const domain::ThreadRow& thread, std::int64_t created_at);
// Raises the message to what the marks of its conversation say: a watermark touches no message.
void ApplyMarks(
    const domain::CounterRow& marks, std::int64_t created_at, domain::MessageRow* message
);

enum class ReactionChange {
    kNothing,     // older than what is known
    kRemembered,  // nothing that can be seen, but the row must be written
    kVisible,
};
// A contact's one reaction is replaced by a new one; where the provider has many
// (domain/provider.hpp), the one of the same emoji. The greatest provider time wins, on a tie the
// later arrival; also against one that was taken back.
ReactionChange ApplyReaction(const event::v1::InboundEvent& event, domain::MessageRow* message);

// Applies an edit, delete, reaction or receipt without watermark; true if anything can be seen.
//   edit: the greatest revision wins, one with a revision over one without; an edit without
//   attachments leaves them as they are, unless it is whole;
//   delete: erases text, payload, attachments, reactions, context and template for good, later
//   edits are ignored;
//   reaction: as above.
bool ApplyChange(const event::v1::InboundEvent& event, domain::MessageRow* message);

}  // namespace unibox::decide
