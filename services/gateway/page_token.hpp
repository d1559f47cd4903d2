// Where a list goes on, as the opaque text that clients send back.
//
// A token carries a version, a place and a checksum over tenant, place and filters. The checksum
// refuses what is cut, mistyped, of another tenant or of other filters. It has no key and needs
// none: a forged token moves nothing but its maker's own place within what the API key may read
// anyway, under row-level security. So whoever unpacks a place must take any number and check its
// range. Thread safety: pure functions.
#pragma once

#include "base/ids.hpp"
#include "base/status.hpp"

#include <cstdint>
#include <string>
#include <string_view>

namespace unibox::gateway {

// `list` says which list and which filters the place belongs to, for example
// "conversations/1//true".
std::string EncodePageToken(TenantId tenant, std::string_view list, std::string_view place);
// The place. PageTokenInvalid if the token was not made for this tenant and list.
Result<std::string> DecodePageToken(TenantId tenant, std::string_view list, std::string_view token);

// INVALID_ARGUMENT with field page_token, for the use cases too.
Status PageTokenInvalid();

// A 64-bit number as 8 bytes, and back from the first 8 bytes of `bytes` (which must have them).
std::string PackInt64(std::int64_t number);
std::int64_t UnpackInt64(std::string_view bytes);

// A place in a list by time: 24 bytes.
struct TimePlace {
    std::int64_t unix_us = 0;
    Uuid id;
};
std::string PackTimePlace(const TimePlace& place);
// PageTokenInvalid unless PostgreSQL can read the time, whoever made it up.
Result<TimePlace> UnpackTimePlace(std::string_view bytes);

// How many a page has at most: 50 if not said (0), never more than 100 (AIP-158: a page may be
// smaller than asked for). INVALID_ARGUMENT with field page_size.
Result<std::int32_t> PageSizeOf(std::int32_t asked);

}  // namespace unibox::gateway
