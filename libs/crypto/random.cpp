#include "crypto/random.hpp"

#include "base/assert.hpp"
#include "base/strings.hpp"

#include <sodium.h>

namespace unibox::crypto {
namespace {

constexpr std::size_t kApiKeyBytes = 32;
constexpr std::size_t kApiKeyTextSize = 43;
constexpr std::size_t kChannelTokenBytes = 24;
constexpr std::size_t kWebhookSecretBytes = 32;
constexpr int kUrlSafe = sodium_base64_VARIANT_URLSAFE_NO_PADDING;

}  // namespace

std::string RandomBytes(std::size_t count) {
    static const int initialised = sodium_init();
    UNIBOX_ASSERT(initialised >= 0);
    std::string bytes(count, '\0');
    randombytes_buf(bytes.data(), bytes.size());
    return bytes;
}

std::string Base64UrlEncode(std::string_view bytes) {
    std::string text(sodium_base64_encoded_len(bytes.size(), kUrlSafe), '\0');
    const auto* data = reinterpret_cast<const unsigned char*>(bytes.data());
    sodium_bin2base64(text.data(), text.size(), data, bytes.size(), kUrlSafe);
    text.pop_back();  // The terminating zero.
    return text;
}

std::optional<std::string> Base64UrlDecode(std::string_view text) {
    std::string bytes(text.size() / 4 * 3 + 3, '\0');
    std::size_t size = 0;
    const char* end = nullptr;
    const int failed = sodium_base642bin(
        reinterpret_cast<unsigned char*>(bytes.data()),
        bytes.size(),
        text.data(),
        text.size(),
        nullptr,
        &size,
        &end,
        kUrlSafe
    );
    if (failed != 0 || end != text.data() + text.size()) return std::nullopt;
    bytes.resize(size);
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
