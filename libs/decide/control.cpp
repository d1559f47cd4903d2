#include "decide/control.hpp"

#include "decide/contacts.hpp"
#include "decide/inbound.hpp"

namespace unibox::decide {

void OnControl(const Cause& cause, const event::v1::InboundEvent& event, WorkingState* state) {
    const domain::EventRef own{cause.ids.tenant, cause.ids.channel, cause.ids.key};
    if (state->WasSeen(own)) return;
    state->Remember(own, std::nullopt);
    if (MovesContact(event)) UpdateContact(cause, event, state);
    state->feed().ControlReceived(cause, event);
}

}  // namespace unibox::decide
