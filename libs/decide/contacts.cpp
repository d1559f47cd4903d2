#include "decide/contacts.hpp"

#include "decide/inbound.hpp"

#include <algorithm>

namespace unibox::decide {

const domain::ContactRow& UpdateContact(
    const Cause& cause, const event::v1::InboundEvent& event, WorkingState* state
) {
    domain::ContactRow& contact =
        state->ContactOf({cause.ids.tenant, cause.ids.channel, ContactKeyOf(event)});
    bool changed = AddAliases(event, &contact.aliases);
    std::string name = DisplayNameOf(event);
    if (!contact.name_given && !name.empty() && name != contact.display_name) {
        contact.display_name = std::move(name);
        changed = true;
    }
    if (changed) {
        contact.updated_at = std::max(contact.updated_at, cause.time_ms);
        state->MarkChanged(contact);
    }
    return contact;
}

}  // namespace unibox::decide
