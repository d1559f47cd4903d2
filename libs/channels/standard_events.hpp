// The events of the `standard` channel: our own JSON (README.md, "The standard channel"). What its
// values may be is in standard_rules.hpp.
// Thread safety: pure function, any thread.
#pragma once

#include "channels/adapter.hpp"
#include "channels/json.hpp"

#include <string>

namespace unibox::channels {

// INVALID_ARGUMENT with the field that is wrong. `webhook_id` tells repeated changes of one message
// apart.
Result<ProviderEvent> ReadStandardEvent(const JsonValue& body, const std::string& webhook_id);

}  // namespace unibox::channels
