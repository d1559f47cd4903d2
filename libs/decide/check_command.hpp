// What a command must be like to be decided at all, whatever the state of the inbox: its sizes,
// its texts, that nothing is missing. The one implementation of it: services look before they send
// or queue a command, and Decide refuses what fails.
// Thread safety: pure function, any thread.
#pragma once

#include "base/status.hpp"
#include "unibox/writer/v1/command.pb.h"

#include <cstddef>

namespace unibox::decide {

inline constexpr std::size_t kTextBytesMax = 64 * 1024;  // of a message, an edit, a note
inline constexpr std::size_t kAttachmentCountMax = 16;
inline constexpr std::size_t kAttachmentBytesMax = 128 * 1024;  // of one, whatever is in it
inline constexpr std::size_t kUrlBytesMax = 2'048;
inline constexpr std::size_t kNameBytesMax = 512;  // names and ids of others, references of callers
inline constexpr std::size_t kTemplateParameterCountMax = 32;
inline constexpr std::size_t kTemplateParameterBytesMax = 1'024;
inline constexpr std::size_t kTemplateButtonCountMax = 10;
inline constexpr std::size_t kTemplateButtonBytesMax = 256;
inline constexpr std::size_t kTemplateLanguageBytesMax = 16;
inline constexpr std::size_t kLabelCountMax = 50;
inline constexpr std::size_t kLabelBytesMax = 64;
inline constexpr std::size_t kAttributeCountMax = 64;
inline constexpr std::size_t kAttributeKeyBytesMax = 64;
inline constexpr std::size_t kAttributeValueBytesMax = 1'024;
inline constexpr std::size_t kPhoneBytesMax = 64;
inline constexpr std::size_t kEmailBytesMax = 320;
inline constexpr int kIdentityCountMax = 100;        // of one contact
inline constexpr std::size_t kReasonBytesMax = 256;  // of an assignment
inline constexpr std::size_t kRequestIdBytesMax = 255;
inline constexpr std::size_t kRequestScopeBytesMax = 64;
inline constexpr std::size_t kTraceparentBytesMax = 128;

// Ok, or INVALID_ARGUMENT (reason VALUE_INVALID) that names the field: of the body as it is called
// there (text, attachments[2].url, add[0]), of the header as header.<name>, but for what callers
// give themselves: request_id, if_version.
Status CheckCommand(const writer::v1::Command& command);

}  // namespace unibox::decide
