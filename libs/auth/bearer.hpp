// The token of an Authorization value (RFC 6750, 2.1): "Bearer", in any case, spaces, the token.
// Thread safety: pure functions.
#pragma once

#include <optional>
#include <string_view>

namespace unibox::auth {

// Spaces and tabs around the value and between scheme and token do not count (RFC 9110, 5.6.3);
// nothing else is trimmed. Absent: another scheme, or no token. The token is a view into
// `authorization`, and whatever stands there: two values that were joined by a comma are one token
// that is no key.
std::optional<std::string_view> BearerToken(std::string_view authorization);

}  // namespace unibox::auth
