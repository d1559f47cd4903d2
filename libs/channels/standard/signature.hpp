// The signature of Standard Webhooks 1.0.0, symmetric scheme v1.
// Thread safety: pure functions, any thread.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace unibox::channels {

// The key of a secret: base64, with or without the prefix "whsec_". nullopt if it is no base64 or
// empty.
std::optional<std::string> StandardWebhookKey(std::string_view secret);

// Raw 32 bytes: HMAC-SHA256 over "<id>.<timestamp>.<body>".
std::string StandardSignature(
    std::string_view key, std::string_view id, std::string_view timestamp, std::string_view body
);

}  // namespace unibox::channels
