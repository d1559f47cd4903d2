// Reading a valid command: its ids, times, and what it is about.
// Private to this library. Thread safety: pure functions.
#pragma once

#include "decide/cause.hpp"
#include "domain/inbox_keys.hpp"
#include "unibox/writer/v1/command.pb.h"

#include <cstdint>
#include <optional>
#include <string>

namespace unibox::decide {

// A gateway's clock may be wrong, and what it says becomes the time of messages: they must neither
// lie in another month nor before what they answer. Calls take seconds at most, and are behind.
inline constexpr std::int64_t kCallBackdatedMsMax = 60'000;
inline constexpr std::int64_t kCallPostdatedMsMax = 1'000;

// The channel is known only with the conversation; the key is the command's id.
InputIds InputIdsOf(const writer::v1::Command& command);
// What the command is about, if not a conversation.
bool IsAboutContact(const writer::v1::Command& command);
ContactId ContactOf(const writer::v1::Command& command);
ContactId MergedContactOf(const writer::v1::MergeContact& body);
domain::ConversationKey ConversationKeyOf(const writer::v1::Command& command);
std::optional<domain::RequestKey> RequestKeyOf(const writer::v1::Command& command);
// When the call came in, within [now - 1 min, now + 1 s] of the database's clock.
std::int64_t ReceivedAtOf(const writer::v1::Command& command, std::int64_t now_ms);
// As the audit calls it: append, set_status, …
std::string ActionOf(const writer::v1::Command& command);

// The message that it changes or answers; its contents are needed where it changes it.
struct NamedMessage {
    domain::MessageRef ref;
    bool is_changed = false;
};
std::optional<NamedMessage> NamedMessageOf(const writer::v1::Command& command);
// Whether it may make a message: its own, or the note of a change of status.
bool WritesMessage(const writer::v1::Command& command);

}  // namespace unibox::decide
