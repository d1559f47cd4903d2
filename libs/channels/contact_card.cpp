#include "channels/contact_card.hpp"

#include "channels/text.hpp"

namespace unibox::channels {

std::string ContactCardName(const v1::ContactCard& card) {
    std::string name = card.formatted_name();
    for (const std::string* part :
         {&card.name_prefix(),
          &card.given_name(),
          &card.middle_name(),
          &card.family_name(),
          &card.name_suffix()}) {
        if (!card.formatted_name().empty() || part->empty()) continue;
        if (!name.empty()) name += ' ';
        name += *part;
    }
    return name.empty() ? card.organization() : name;
}

void AddContactCard(v1::ContactCard&& card, event::v1::MessageBody& body) {
    std::string name = ContactCardName(card);
    for (const v1::ContactPoint& phone : card.phones()) name = JoinNonEmpty({name, phone.value()});
    v1::Attachment& attachment = *body.add_attachments();
    attachment.set_type(v1::ATTACHMENT_TYPE_CONTACT);
    attachment.set_name(std::move(name));
    *attachment.mutable_contact_card() = std::move(card);
}

}  // namespace unibox::channels
