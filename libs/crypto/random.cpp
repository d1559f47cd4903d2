#include "crypto/random.hpp"

#include "base/assert.hpp"
#include "base/encoding.hpp"

#include <sodium.h>

namespace unibox::crypto {
namespace {

constexpr std::size_t kApiKeyBytes = 32;
constexpr std::size_t kApiKeyTextSize = 43;
constexpr std::size_t kChannelTokenBytes = 24;
constexpr std::size_t kWebhookSecretBytes = 32;

}  // namespace

std::string RandomBytes(std::size_t count) {
    static const int initialised = sodium_init();
    UNIBOX_ASSERT(initialised >= 0);
    std::string bytes(count, '\0');
    randombytes_buf(bytes.data(), bytes.size());
    return bytes;
}

Secret NewApiKey() {
    return Secret(std::string(kApiKeyPrefix) + Base64UrlEncode(RandomBytes(kApiKeyBytes)));
}

bool LooksLikeApiKey(std::string_view text) {
    if (!text.starts_with(kApiKeyPrefix)) return false;
    const std::string_view encoded = text.substr(kApiKeyPrefix.size());
    return encoded.size() == kApiKeyTextSize && Base64UrlDecode(encoded).has_value();
}

Secret NewChannelToken() {
    return Secret(Base64UrlEncode(RandomBytes(kChannelTokenBytes)));
}

Secret NewStandardWebhookSecret() {
    return Secret("whsec_" + Base64Encode(RandomBytes(kWebhookSecretBytes)));
}

}  // namespace unibox::crypto
