// Random bytes and the secrets made of them.
// Thread safety: any thread.
#pragma once

#include "base/secret.hpp"

#include <cstddef>
#include <string>
#include <string_view>

namespace unibox::crypto {

// From the kernel's generator; aborts if it does not answer.
std::string RandomBytes(std::size_t count);

// "ubk_" and 256 random bits: 47 characters that need no escaping anywhere. Store Sha256(key),
// never the key.
Secret NewApiKey();
inline constexpr std::string_view kApiKeyPrefix = "ubk_";
// Whether the text has the form of an API key: a cheap test before any look-up.
bool LooksLikeApiKey(std::string_view text);

// The secret part of a webhook URL: 192 random bits, 32 characters of [A-Za-z0-9_-]. Store
// Sha256(token).
Secret NewChannelToken();
// A secret for a Standard Webhooks sender: "whsec_" and 32 random bytes in base64.
Secret NewStandardWebhookSecret();

}  // namespace unibox::crypto
