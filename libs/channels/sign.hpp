// The provider's side of a webhook: the headers that it would send. For uniboxctl, scripts, tests
// and benches. Thread safety: pure functions, any thread.
#pragma once

#include "base/secret.hpp"
#include "base/status.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace unibox::channels {

struct Header {
    std::string name;
    std::string value;
};

struct SignInput {
    const Secret& secret;
    std::string_view body;
    std::string_view url;         // Twilio: the URL called, with its query.
    std::int64_t now_ms = 0;      // standard: the signed time.
    std::string_view webhook_id;  // standard: `webhook-id`, 1 to 255 characters.
};

// `provider`: a URL name or a provider name ("meta", "whatsapp", …). The first header is
// Content-Type. NOT_FOUND for an unknown provider; INVALID_ARGUMENT for an empty or malformed
// secret, a missing webhook_id, or a Twilio JSON body whose URL lacks bodySHA256=<hex of its
// SHA-256>.
Result<std::vector<Header>> Sign(std::string_view provider, const SignInput& input);

}  // namespace unibox::channels
