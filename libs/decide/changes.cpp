#include "decide/changes.hpp"

#include "decide/inbound.hpp"
#include "decide/message_changes.hpp"
#include "decide/messages.hpp"

namespace unibox::decide {
namespace {

using domain::EventRef;
using event::v1::InboundEvent;

// The message's next version, and its feed event.
void MessageChanged(
    const Cause& cause,
    const InboundEvent& event,
    WorkingConversation* conversation,
    WorkingMessage* message,
    WorkingState* state
) {
    if (event.has_edit() || event.has_delete_()) {
        return MessageTextChanged(cause, conversation, message, state);
    }
    domain::MessageWrite& write = message->write;
    write.row.version = ++conversation->write.counters.version;
    message->changed = true;
    conversation->changed = true;
    if (event.has_receipt()) {
        return state->feed().MessageDelivered(cause, state->ViewOf(*conversation), write);
    }
    write.reactions_changed = true;
    state->feed().MessageReacted(cause, state->ViewOf(*conversation), write, ContactKeyOf(event));
}

}  // namespace

void OnChange(const Cause& cause, const InboundEvent& event, WorkingState* state) {
    const EventRef own{cause.ids.tenant, cause.ids.channel, cause.ids.key};
    if (state->WasSeen(own)) return;
    const EventRef target{cause.ids.tenant, cause.ids.channel, cause.ids.target};
    const auto position = state->FindPosition(target);
    state->Remember(own, position);
    if (!position) return state->Park(target, {cause.ids.key, event});
    ApplyToMessage(cause, event, *position, state);
}

void ApplyToMessage(
    const Cause& cause,
    const InboundEvent& event,
    const domain::MessagePosition& position,
    WorkingState* state
) {
    WorkingMessage* message = state->FindMessage({cause.ids.tenant, position});
    WorkingConversation* conversation =
        state->FindConversation({cause.ids.tenant, position.conversation});
    if (message == nullptr || conversation == nullptr) {
        ++state->effects().ignored_count;
        return;
    }
    domain::MessageRow& row = message->write.row;
    const v1::DeliveryState state_before = row.delivery_state;
    std::string error_before = row.delivery_error;
    ApplyMarks(conversation->write.counters, position.created_at, &row);
    if (event.has_reaction()) {
        const ReactionChange change = ApplyReaction(event, &row);
        if (change == ReactionChange::kVisible) {
            return MessageChanged(cause, event, conversation, message, state);
        }
        if (change == ReactionChange::kRemembered) {
            message->changed = true;
            message->write.reactions_changed = true;
        }
    } else if (ApplyChange(event, &row)) {
        return MessageChanged(cause, event, conversation, message, state);
    }
    row.delivery_state = state_before;  // what is not written stays as it is stored
    row.delivery_error = std::move(error_before);
    ++state->effects().ignored_count;
}

}  // namespace unibox::decide
