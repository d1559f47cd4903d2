// What a message of the standard channel may hold, whichever way it comes: by webhook or by
// IngestService. All checks: INVALID_ARGUMENT with the field that is wrong, as the caller names it.
// Thread safety: pure functions, any thread.
#pragma once

#include "base/status.hpp"
#include "unibox/v1/common.pb.h"

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace unibox::channels {

inline constexpr std::size_t kStandardIdBytesMax = 255;
inline constexpr std::size_t kStandardTextBytesMax = 65'536;

enum class Need { kRequired, kOptional };

// The refusal itself: "<field> <what>".
Status RefuseField(std::string_view field, std::string_view what);

// UTF-8 without NUL, up to bytes_max.
Status CheckStandardText(std::string_view text, std::string_view field, std::size_t bytes_max);
// The same up to kStandardIdBytesMax.
Status CheckStandardId(std::string_view id, std::string_view field, Need need);
// After 1970-01-01T00:00:00Z. Too far ahead is no error: then the time of receipt counts.
Status CheckStandardTime(std::int64_t unix_ms, std::string_view field);
// One of `type`s that exist, every text within its limit, coordinates on the globe, and of
// locations only. `field`: its own, such as "attachments[2]"; `id_name`: what the caller calls
// provider_media_id.
Status CheckStandardAttachment(
    const v1::Attachment& attachment, std::string_view field, std::string_view id_name
);
// How many there are.
Status CheckStandardAttachmentCount(int count, std::string_view field);

}  // namespace unibox::channels
