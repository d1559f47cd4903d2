#include "auth/jwk.hpp"

#include "auth/detail/strict_json.hpp"
#include "base/assert.hpp"
#include "base/encoding.hpp"
#include "crypto/hash.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <array>
#include <utility>

namespace unibox::auth {
namespace {

using nlohmann::json;

Algorithm AlgorithmFor(const crypto::PublicKey& key) {
    switch (key.scheme()) {
        case crypto::SignatureScheme::kEd25519:
            return Algorithm::kEdDsa;
        case crypto::SignatureScheme::kEcdsaP256Sha256:
            return Algorithm::kEs256;
        case crypto::SignatureScheme::kRsaPkcs1Sha256:
            break;
    }
    return Algorithm::kRs256;
}

// The member's bytes; nothing if it is no base64url.
std::string BytesMember(const json& jwk, const char* name) {
    bool is_wrong = false;
    const auto text = detail::TextMember(jwk, name, &is_wrong);
    return text ? Base64UrlDecode(*text).value_or("") : "";
}

bool IsForSignatures(const json& jwk) {
    bool is_wrong = false;
    const auto use = detail::TextMember(jwk, "use", &is_wrong);
    if (is_wrong || (use && *use != "sig")) return false;
    const auto operations = jwk.find("key_ops");
    if (operations == jwk.end()) return true;
    return operations->is_array() &&
           std::find(operations->begin(), operations->end(), "verify") != operations->end();
}

Result<crypto::PublicKey> PublicKeyOf(const json& jwk) {
    bool is_wrong = false;
    const std::string type = detail::TextMember(jwk, "kty", &is_wrong).value_or("");
    const std::string curve = detail::TextMember(jwk, "crv", &is_wrong).value_or("");
    if (type == "OKP" && curve == "Ed25519") {
        return crypto::PublicKey::Ed25519(BytesMember(jwk, "x"));
    }
    if (type == "EC" && curve == "P-256") {
        return crypto::PublicKey::P256(BytesMember(jwk, "x"), BytesMember(jwk, "y"));
    }
    if (type == "RSA") return crypto::PublicKey::Rsa(BytesMember(jwk, "n"), BytesMember(jwk, "e"));
    return InvalidArgument("a type of key that is not used here");
}

Result<VerifyKey> KeyOf(const json& jwk) {
    if (!jwk.is_object() || !IsForSignatures(jwk)) return InvalidArgument("not for signatures");
    // Whoever publishes his private key signs for everybody.
    if (jwk.contains("d") || jwk.contains("k")) return InvalidArgument("a key that is not public");
    bool is_wrong = false;
    const auto key_id = detail::TextMember(jwk, "kid", &is_wrong);
    const auto algorithm = detail::TextMember(jwk, "alg", &is_wrong);
    if (is_wrong) return InvalidArgument("a member is of a wrong type");
    UNIBOX_ASSIGN_OR_RETURN(auto key, PublicKeyOf(jwk));
    VerifyKey made(key_id.value_or(""), std::move(key));
    if (algorithm && AlgorithmOf(*algorithm) != made.algorithm()) {
        return InvalidArgument("a key for another algorithm");
    }
    return made;
}

}  // namespace

VerifyKey::VerifyKey(std::string key_id, crypto::PublicKey key)
    : key_id_(std::move(key_id)),
      algorithm_(AlgorithmFor(key)),
      key_(std::move(key)),
      fingerprint_(std::get<crypto::PublicKey>(key_).fingerprint()) {}

VerifyKey::VerifyKey(std::string key_id, Secret secret)
    : key_id_(std::move(key_id)), algorithm_(Algorithm::kHs256), key_(std::move(secret)) {
    const std::string_view bytes = std::get<Secret>(key_).Reveal();
    UNIBOX_ASSERT(bytes.size() >= kSecretBytesMin);
    fingerprint_ = crypto::HmacSha256(bytes, "fingerprint");
}

bool VerifyKey::Verify(std::string_view message, std::string_view signature) const {
    if (const auto* key = std::get_if<crypto::PublicKey>(&key_)) {
        return key->Verify(message, signature);
    }
    const std::string_view secret = std::get<Secret>(key_).Reveal();
    return crypto::ConstantTimeEquals(crypto::HmacSha256(secret, message), signature);
}

bool VerifyKey::MayBeOf(const Token& token) const {
    if (token.algorithm != algorithm_) return false;
    return token.key_id.empty() || key_id_.empty() || token.key_id == key_id_;
}

Result<KeySet> ParseJwks(std::string_view text) {
    if (text.size() > kKeySetBytesMax) return InvalidArgument("a JWK set of more than 256 KiB");
    const auto set = detail::ParseStrictObject(text);
    const auto keys = set ? set->find("keys") : json::const_iterator();
    if (!set || keys == set->end() || !keys->is_array()) {
        return InvalidArgument("no JWK set, or one that can be read in two ways");
    }
    if (keys->size() > kKeySetCountMax) return InvalidArgument("a JWK set of more than 50 keys");
    KeySet usable;
    for (const json& jwk : *keys) {
        auto key = KeyOf(jwk);
        if (key.ok()) usable.push_back(*std::move(key));
    }
    return usable;
}

std::vector<const VerifyKey*> CandidatesOf(const KeySet& keys, const Token& token) {
    std::vector<const VerifyKey*> candidates;
    for (const VerifyKey& key : keys) {
        if (candidates.size() < kKeysTriedMax && key.MayBeOf(token)) candidates.push_back(&key);
    }
    return candidates;
}

}  // namespace unibox::auth
