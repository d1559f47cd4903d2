// X-Hub-Signature-256: HMAC-SHA256 with the app secret over the raw body.
#include "base/encoding.hpp"
#include "channels/meta/meta.hpp"
#include "crypto/hash.hpp"

namespace unibox::channels {
namespace {

constexpr std::string_view kSignaturePrefix = "sha256=";
constexpr std::size_t kSignatureHexSize = 64;

}  // namespace

Result<std::size_t> VerifyMeta(const VerifyInput& input) {
    const auto header = input.request.header("X-Hub-Signature-256");
    if (!header || !header->starts_with(kSignaturePrefix))
        return BadSignature("no X-Hub-Signature-256: sha256=");
    const std::string_view hex = header->substr(kSignaturePrefix.size());
    const auto given = hex.size() == kSignatureHexSize ? HexDecode(hex) : std::nullopt;
    if (!given) return BadSignature("X-Hub-Signature-256 is not 64 hexadecimal digits");
    for (std::size_t i = 0; i < input.secrets.size(); ++i) {
        const std::string_view secret = input.secrets[i].Reveal();
        if (secret.empty()) continue;
        if (crypto::ConstantTimeEquals(*given, crypto::HmacSha256(secret, input.request.body)))
            return i;
    }
    return BadSignature("X-Hub-Signature-256 does not match");
}

Result<std::vector<Header>> SignMeta(const SignInput& input) {
    const std::string mac = crypto::HmacSha256(input.secret.Reveal(), input.body);
    return std::vector<Header>{
        {"Content-Type", "application/json"},
        {"X-Hub-Signature-256", std::string(kSignaturePrefix) + HexEncode(mac)}};
}

}  // namespace unibox::channels
