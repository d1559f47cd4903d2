// Public keys of others and what they signed: Ed25519, ECDSA on P-256 with SHA-256, RSA (PKCS #1
// v1.5) with SHA-256. A key has one scheme, that of its type: who verifies chooses a key, never an
// algorithm.
// Thread safety: a PublicKey is immutable; any thread.
#pragma once

#include "base/status.hpp"

#include <memory>
#include <string>
#include <string_view>

struct evp_pkey_st;  // OpenSSL's EVP_PKEY.

namespace unibox::crypto {

enum class SignatureScheme { kEd25519, kEcdsaP256Sha256, kRsaPkcs1Sha256 };

class PublicKey {
public:
    // Of RSA: less can be factored, more costs time. An exponent costs time too.
    static constexpr int kRsaBitsMin = 2'048;
    static constexpr int kRsaBitsMax = 4'096;
    static constexpr std::size_t kRsaExponentBytesMax = 4;

    // Raw bytes, numbers with the first byte first. INVALID_ARGUMENT: the wrong length, a point
    // that is not on the curve, a modulus or an exponent (3 or more, odd) out of bounds.
    static Result<PublicKey> Ed25519(std::string_view point);               // 32 bytes
    static Result<PublicKey> P256(std::string_view x, std::string_view y);  // 32 bytes each
    static Result<PublicKey> Rsa(std::string_view modulus, std::string_view exponent);

    SignatureScheme scheme() const { return scheme_; }
    // SHA-256 of scheme and key: what is known of one key is not believed of another.
    const std::string& fingerprint() const { return fingerprint_; }
    // `signature`: 64 bytes for Ed25519; r and s, 32 bytes each, for ECDSA (RFC 7518, 3.4: no
    // DER); as long as the modulus for RSA. Tens of microseconds. False for anything else.
    bool Verify(std::string_view message, std::string_view signature) const;

private:
    PublicKey(SignatureScheme scheme, std::shared_ptr<evp_pkey_st> key, std::string_view bytes);

    SignatureScheme scheme_;
    std::shared_ptr<evp_pkey_st> key_;
    std::string fingerprint_;
};

}  // namespace unibox::crypto
