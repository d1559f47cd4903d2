// The events of the `standard` channel: our own JSON (README.md, "The standard channel").
// Thread safety: pure function, any thread.
#pragma once

#include "channels/adapter.hpp"
#include "channels/json.hpp"

#include <string>

namespace unibox::channels {

inline constexpr std::size_t kStandardIdBytesMax = 255;
inline constexpr std::size_t kStandardTextBytesMax = 65'536;

// INVALID_ARGUMENT with the field that is wrong. `webhook_id` tells repeated changes of one message
// apart.
Result<ProviderEvent> ReadStandardEvent(const JsonValue& body, const std::string& webhook_id);

}  // namespace unibox::channels
