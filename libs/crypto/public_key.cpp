#include "crypto/public_key.hpp"

#include "base/assert.hpp"
#include "crypto/hash.hpp"

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ecdsa.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>

#include <optional>

namespace unibox::crypto {
namespace {

constexpr std::size_t kCoordinateBytes = 32;
constexpr std::size_t kEd25519PointBytes = 32;
constexpr std::size_t kEd25519SignatureBytes = 64;

struct Freed {
    void operator()(EVP_PKEY* key) const { EVP_PKEY_free(key); }
    void operator()(EVP_PKEY_CTX* context) const { EVP_PKEY_CTX_free(context); }
    void operator()(EVP_MD_CTX* context) const { EVP_MD_CTX_free(context); }
    void operator()(BIGNUM* number) const { BN_free(number); }
    void operator()(OSSL_PARAM_BLD* builder) const { OSSL_PARAM_BLD_free(builder); }
    void operator()(OSSL_PARAM* params) const { OSSL_PARAM_free(params); }
    void operator()(ECDSA_SIG* signature) const { ECDSA_SIG_free(signature); }
};
template <typename T>
using Owned = std::unique_ptr<T, Freed>;

const unsigned char* BytesOf(std::string_view text) {
    return reinterpret_cast<const unsigned char*>(text.data());
}
BIGNUM* NumberOf(std::string_view bytes) {
    return BN_bin2bn(BytesOf(bytes), static_cast<int>(bytes.size()), nullptr);
}

Status Refused(std::string message) {
    ERR_clear_error();
    return InvalidArgument(std::move(message));
}

std::shared_ptr<EVP_PKEY> KeyFrom(const char* type, OSSL_PARAM_BLD* builder) {
    const Owned<OSSL_PARAM> params(OSSL_PARAM_BLD_to_param(builder));
    const Owned<EVP_PKEY_CTX> context(EVP_PKEY_CTX_new_from_name(nullptr, type, nullptr));
    UNIBOX_ASSERT(params != nullptr && context != nullptr);
    EVP_PKEY* key = nullptr;
    if (EVP_PKEY_fromdata_init(context.get()) != 1 ||
        EVP_PKEY_fromdata(context.get(), &key, EVP_PKEY_PUBLIC_KEY, params.get()) != 1) {
        return nullptr;
    }
    return {key, Freed()};
}

bool IsSound(EVP_PKEY* key) {
    const Owned<EVP_PKEY_CTX> context(EVP_PKEY_CTX_new_from_pkey(nullptr, key, nullptr));
    return context != nullptr && EVP_PKEY_public_check(context.get()) == 1;
}

// What OpenSSL verifies is DER.
std::optional<std::string> EcdsaDer(std::string_view signature) {
    if (signature.size() != 2 * kCoordinateBytes) return {};
    const Owned<ECDSA_SIG> both(ECDSA_SIG_new());
    UNIBOX_ASSERT(both != nullptr);
    BIGNUM* r = NumberOf(signature.substr(0, kCoordinateBytes));
    BIGNUM* s = NumberOf(signature.substr(kCoordinateBytes));
    if (ECDSA_SIG_set0(both.get(), r, s) != 1) return {};
    unsigned char* der = nullptr;
    const int bytes = i2d_ECDSA_SIG(both.get(), &der);
    if (bytes <= 0) return {};
    std::string text(reinterpret_cast<const char*>(der), static_cast<std::size_t>(bytes));
    OPENSSL_free(der);
    return text;
}

}  // namespace

PublicKey::PublicKey(SignatureScheme scheme, std::shared_ptr<EVP_PKEY> key, std::string_view bytes)
    : scheme_(scheme),
      key_(std::move(key)),
      fingerprint_(Sha256(std::to_string(static_cast<int>(scheme)) + std::string(bytes))) {}

Result<PublicKey> PublicKey::Ed25519(std::string_view point) {
    if (point.size() != kEd25519PointBytes) return Refused("an Ed25519 key has 32 bytes");
    EVP_PKEY* key =
        EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, nullptr, BytesOf(point), point.size());
    if (key == nullptr) return Refused("no Ed25519 key");
    return PublicKey(SignatureScheme::kEd25519, {key, Freed()}, point);
}

Result<PublicKey> PublicKey::P256(std::string_view x, std::string_view y) {
    if (x.size() != kCoordinateBytes || y.size() != kCoordinateBytes) {
        return Refused("a coordinate of P-256 has 32 bytes");
    }
    std::string point = "\x04";  // Uncompressed.
    point.append(x).append(y);
    const Owned<OSSL_PARAM_BLD> builder(OSSL_PARAM_BLD_new());
    UNIBOX_ASSERT(builder != nullptr);
    OSSL_PARAM_BLD_push_utf8_string(builder.get(), OSSL_PKEY_PARAM_GROUP_NAME, "P-256", 0);
    OSSL_PARAM_BLD_push_octet_string(
        builder.get(), OSSL_PKEY_PARAM_PUB_KEY, point.data(), point.size()
    );
    auto key = KeyFrom("EC", builder.get());
    if (key == nullptr || !IsSound(key.get())) return Refused("the point is not on P-256");
    return PublicKey(SignatureScheme::kEcdsaP256Sha256, std::move(key), point);
}

Result<PublicKey> PublicKey::Rsa(std::string_view modulus, std::string_view exponent) {
    if (modulus.size() > kRsaBitsMax / 8 + 1 || exponent.size() > kRsaExponentBytesMax) {
        return Refused("a modulus or exponent of RSA that is too long");
    }
    const Owned<BIGNUM> n(NumberOf(modulus));
    const Owned<BIGNUM> e(NumberOf(exponent));
    UNIBOX_ASSERT(n != nullptr && e != nullptr);
    const int bits = BN_num_bits(n.get());
    if (bits < kRsaBitsMin || bits > kRsaBitsMax || BN_is_odd(n.get()) == 0) {
        return Refused("a modulus of RSA has 2,048 to 4,096 bits");
    }
    if (BN_is_odd(e.get()) == 0 || BN_is_one(e.get()) == 1) return Refused("no exponent of RSA");
    const Owned<OSSL_PARAM_BLD> builder(OSSL_PARAM_BLD_new());
    UNIBOX_ASSERT(builder != nullptr);
    OSSL_PARAM_BLD_push_BN(builder.get(), OSSL_PKEY_PARAM_RSA_N, n.get());
    OSSL_PARAM_BLD_push_BN(builder.get(), OSSL_PKEY_PARAM_RSA_E, e.get());
    auto key = KeyFrom("RSA", builder.get());
    if (key == nullptr) return Refused("no key of RSA");
    const std::string bytes = Sha256(modulus) + std::string(exponent);
    return PublicKey(SignatureScheme::kRsaPkcs1Sha256, std::move(key), bytes);
}

bool PublicKey::Verify(std::string_view message, std::string_view signature) const {
    std::string der;
    if (scheme_ == SignatureScheme::kEd25519 && signature.size() != kEd25519SignatureBytes) {
        return false;
    }
    if (scheme_ == SignatureScheme::kRsaPkcs1Sha256 &&
        signature.size() != static_cast<std::size_t>(EVP_PKEY_get_size(key_.get()))) {
        return false;
    }
    if (scheme_ == SignatureScheme::kEcdsaP256Sha256) {
        auto encoded = EcdsaDer(signature);
        if (!encoded) return false;
        der = *std::move(encoded);
        signature = der;
    }
    const Owned<EVP_MD_CTX> context(EVP_MD_CTX_new());
    UNIBOX_ASSERT(context != nullptr);
    const EVP_MD* digest = scheme_ == SignatureScheme::kEd25519 ? nullptr : EVP_sha256();
    const bool verified =
        EVP_DigestVerifyInit(context.get(), nullptr, digest, nullptr, key_.get()) == 1 &&
        EVP_DigestVerify(
            context.get(), BytesOf(signature), signature.size(), BytesOf(message), message.size()
        ) == 1;
    ERR_clear_error();
    return verified;
}

}  // namespace unibox::crypto
