// Any bytes as a token and as a key set: what is taken has everything that is promised of it, and
// is one text alone.
#include "auth/jwk.hpp"
#include "auth/jws.hpp"
#include "base/assert.hpp"
#include "base/encoding.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace unibox::auth {
namespace {

void CheckToken(std::string_view text) {
    const auto token = ParseToken(text);
    if (!token) return;
    UNIBOX_ASSERT(LooksLikeJws(text) && text.size() <= kTokenBytesMax);
    // There is no other way to write it.
    UNIBOX_ASSERT(token->signed_text + "." + Base64UrlEncode(token->signature) == text);
    UNIBOX_ASSERT(!token->signature.empty() && token->key_id.size() <= kKeyIdBytesMax);
    const Claims& claims = token->claims;
    UNIBOX_ASSERT(!claims.issuer.empty() && claims.issuer.size() <= kNameBytesMax);
    UNIBOX_ASSERT(!claims.subject.empty() && claims.subject.size() <= kSubjectBytesMax);
    UNIBOX_ASSERT(!claims.audiences.empty() && claims.audiences.size() <= kAudienceCountMax);
    UNIBOX_ASSERT(claims.expires_at_s >= 0 && claims.issued_at_s >= 0 && claims.not_before_s >= 0);
    (void)FaultOfTimes(claims, 1'700'000'000'000, 60'000, 86'400'000);
}

// The fuzzer hardly finds base64url of JSON by itself.
void CheckParts(std::string_view text) {
    const std::size_t cut = text.find('\n');
    if (cut == std::string_view::npos) return;
    CheckToken(
        Base64UrlEncode(text.substr(0, cut)) + "." + Base64UrlEncode(text.substr(cut + 1)) + ".c2ln"
    );
}

void CheckKeys(std::string_view text) {
    const auto keys = ParseJwks(text);
    if (!keys.ok()) return;
    UNIBOX_ASSERT(keys->size() <= kKeySetCountMax);
    for (const VerifyKey& key : *keys) {
        UNIBOX_ASSERT(key.algorithm() != Algorithm::kHs256);
        UNIBOX_ASSERT(!key.Verify("text", "") && !key.Verify("text", std::string(64, '\0')));
    }
}

}  // namespace
}  // namespace unibox::auth

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    unibox::auth::CheckToken(text);
    unibox::auth::CheckParts(text);
    unibox::auth::CheckKeys(text);
    return 0;
}
