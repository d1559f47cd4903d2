#include "channels/standard_signature.hpp"

#include "base/encoding.hpp"
#include "crypto/hash.hpp"

namespace unibox::channels {

std::optional<std::string> StandardWebhookKey(std::string_view secret) {
    static constexpr std::string_view kPrefix = "whsec_";
    if (secret.starts_with(kPrefix)) secret.remove_prefix(kPrefix.size());
    auto key = Base64Decode(secret);
    if (key && key->empty()) key.reset();
    return key;
}

std::string StandardSignature(
    std::string_view key, std::string_view id, std::string_view timestamp, std::string_view body
) {
    return crypto::HmacSha256(key, {id, ".", timestamp, ".", body});
}

}  // namespace unibox::channels
