// What of a conversation is not stored as it is told: conversations.attributes (and
// contacts.attributes) hold a unibox.v1.Conversation with nothing but attributes set, and two times
// are not known of rows from before they were kept.
//
// DATA_LOSS: the bytes are no such message. Thread safety: pure functions.
#pragma once

#include "base/status.hpp"
#include "domain/batch_state.hpp"

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>

namespace unibox::domain {

// Empty when there are none; the same bytes for the same attributes.
std::string EncodeAttributes(const std::map<std::string, std::string>& attributes);
Status DecodeAttributes(std::string_view bytes, std::map<std::string, std::string>& attributes);

// Sets both from what is stored; the rest of the row must be there. A waiting_since of
// kMinusInfinity is not known: an open conversation whose last word is the customer's waits since
// then. A can_reply_until that is absent ends with the provider's own window, where it has one.
void SetReplyTimes(
    std::optional<std::int64_t> waiting_since,
    std::optional<std::int64_t> can_reply_until,
    ConversationRow& row
);

}  // namespace unibox::domain
