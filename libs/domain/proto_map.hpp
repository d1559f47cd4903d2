// Rows of the inbox as unibox.v1 shows them: the one mapping of the API and of the feed, which so
// cannot tell different things of the same rows.
//
// `to` may have been used before: every field is set or cleared, and strings keep their memory.
// Thread safety: pure functions.
#pragma once

#include "domain/batch_state.hpp"
#include "unibox/v1/contact.pb.h"
#include "unibox/v1/conversation.pb.h"
#include "unibox/v1/message.pb.h"

#include <optional>
#include <string_view>

namespace unibox::domain {

// What stands in a conversation and in lists: the tenant's values stay as they are in `to`.
void FillContact(
    const ChannelId& channel, std::string_view contact_key, const ContactRow& row, v1::Contact* to
);

// With the tenant's values.
void FillWholeContact(
    const ChannelId& channel, std::string_view contact_key, const ContactRow& row, v1::Contact* to
);

// The contact of a conversation; without a row (null) no more is known of it than its id.
struct ConversationContact {
    std::string_view contact_key;
    const ContactRow* row = nullptr;
    // Of the contact; absent: the conversation's. Another one where contacts were merged.
    std::optional<ChannelId> channel = std::nullopt;
};
void FillConversation(
    const ConversationId& id,
    const ConversationRow& row,
    const CounterRow& counters,
    const ConversationContact& contact,
    v1::Conversation* to
);

void FillMessage(const MessagePosition& position, const MessageRow& row, v1::Message* to);
// The same without copying what is long; `row` is worth nothing afterwards.
void FillMessage(const MessagePosition& position, MessageRow&& row, v1::Message* to);

}  // namespace unibox::domain
