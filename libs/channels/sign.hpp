// The provider's side of a webhook: the headers that it would send. For uniboxctl, scripts, tests
// and benches. Thread safety: pure functions, any thread.
#pragma once

#include "channels/adapter.hpp"

#include <string_view>
#include <vector>

namespace unibox::channels {

// `provider`: a URL name or a provider name ("meta", "whatsapp", …). The first header is
// Content-Type. NOT_FOUND for an unknown provider; INVALID_ARGUMENT for an empty or malformed
// secret, a missing webhook_id, or a Twilio JSON body whose URL lacks bodySHA256=<hex of its
// SHA-256>.
Result<std::vector<Header>> Sign(std::string_view provider, const SignInput& input);

}  // namespace unibox::channels
