// What a Telegram Message object says.
// Thread safety: pure functions, any thread.
#pragma once

#include "channels/json.hpp"
#include "unibox/event/v1/inbound.pb.h"

#include <optional>
#include <string>
#include <string_view>

namespace unibox::channels {

// Files above this size are not handed out by getFile.
inline constexpr std::int64_t kTelegramFileBytesMax = 20LL * 1024 * 1024;

// Marks in TelegramMessageTable.
inline constexpr int kTelegramNotice = 1;   // Makes the message a notice about the chat.
inline constexpr int kTelegramContent = 2;  // Content, if it can be read.
inline constexpr int kTelegramUnshown = 3;  // Content that Unibox does not show: named, kept raw.

// Kind, text, payload and attachments of a message; links of its text are attachments too. Not "":
// what could not be read, by its name; it stands in the body as well, as MESSAGE_KIND_UNSUPPORTED,
// or beside a caption as an attachment.
std::string ReadTelegramContent(const JsonValue& message, event::v1::MessageBody& body);

// How the message came about: forwarded, quoting, part of an album.
void ReadTelegramContext(const JsonValue& message, event::v1::MessageBody& body);

// The name of the member that makes this a notice about the chat rather than a message
// ("new_chat_members", …).
std::optional<std::string_view> TelegramNotice(const JsonValue& message);

// "First Last", or the title of a chat.
std::string TelegramName(const JsonValue& user_or_chat);

}  // namespace unibox::channels
