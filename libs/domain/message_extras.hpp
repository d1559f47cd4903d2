// What of a message is stored in one column each: messages.extras holds attachments, reactions,
// context, template, whether there were too many and whether its author was blocked,
// messages.removed_reactions the reactions that were taken back, both as a unibox.v1.Message. Empty
// when there are none of them.
//
// DATA_LOSS: the bytes are no such message. Thread safety: pure functions.
#pragma once

#include "base/status.hpp"
#include "domain/batch_state.hpp"

#include <string>
#include <string_view>

namespace unibox::domain {

std::string EncodeExtras(const MessageRow& row);
Status DecodeExtras(std::string_view bytes, MessageRow& row);

std::string EncodeRemovedReactions(const MessageRow& row);
Status DecodeRemovedReactions(std::string_view bytes, MessageRow& row);

}  // namespace unibox::domain
