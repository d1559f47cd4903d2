// Where a list goes on, as the opaque text that clients send back.
//
// A token carries a version, a place and a checksum over tenant, place and filters. It is no secret
// and grants nothing: it names a place within what the key may read anyway. The checksum refuses
// what is cut, mistyped, of another tenant or of other filters. Thread safety: pure functions.
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
// The place. INVALID_ARGUMENT with field page_token if the token was not made for this tenant and
// list.
Result<std::string> DecodePageToken(TenantId tenant, std::string_view list, std::string_view token);

// A 64-bit number as 8 bytes, and back from the first 8 bytes of `bytes` (which must have them).
std::string PackInt64(std::int64_t number);
std::int64_t UnpackInt64(std::string_view bytes);

}  // namespace unibox::gateway
