// A person's card as an attachment.
// Thread safety: pure functions, any thread.
#pragma once

#include "unibox/event/v1/inbound.pb.h"

#include <string>

namespace unibox::channels {

// The name to show: as the provider formatted it, else its parts, else the organization.
std::string ContactCardName(const v1::ContactCard& card);

// Adds the card; the attachment's name is the card's name and its numbers.
void AddContactCard(v1::ContactCard&& card, event::v1::MessageBody& body);

}  // namespace unibox::channels
