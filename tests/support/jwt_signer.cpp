#include "support/jwt_signer.hpp"

#include "base/encoding.hpp"
#include "crypto/hash.hpp"

#include <catch2/catch.hpp>
#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/ecdsa.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>

namespace unibox::test {
namespace {

using auth::Algorithm;

constexpr std::size_t kCoordinateBytes = 32;

EVP_PKEY* NewKey(Algorithm algorithm) {
    switch (algorithm) {
        case Algorithm::kEdDsa:
            return EVP_PKEY_Q_keygen(nullptr, nullptr, "ED25519");
        case Algorithm::kEs256:
            return EVP_EC_gen("P-256");
        case Algorithm::kRs256:
            return EVP_RSA_gen(2048);
        case Algorithm::kHs256:
            break;
    }
    return nullptr;
}

std::string NumberOf(EVP_PKEY* key, const char* name, std::size_t bytes) {
    BIGNUM* number = nullptr;
    REQUIRE(EVP_PKEY_get_bn_param(key, name, &number) == 1);
    if (bytes == 0) bytes = static_cast<std::size_t>(BN_num_bytes(number));
    std::string text(bytes, '\0');
    auto* out = reinterpret_cast<unsigned char*>(text.data());
    REQUIRE(BN_bn2binpad(number, out, static_cast<int>(bytes)) > 0);
    BN_free(number);
    return text;
}

std::string RawOfDer(const std::string& der) {
    const auto* at = reinterpret_cast<const unsigned char*>(der.data());
    ECDSA_SIG* both = d2i_ECDSA_SIG(nullptr, &at, static_cast<long>(der.size()));
    REQUIRE(both != nullptr);
    std::string raw(2 * kCoordinateBytes, '\0');
    auto* out = reinterpret_cast<unsigned char*>(raw.data());
    BN_bn2binpad(ECDSA_SIG_get0_r(both), out, kCoordinateBytes);
    BN_bn2binpad(ECDSA_SIG_get0_s(both), out + kCoordinateBytes, kCoordinateBytes);
    ECDSA_SIG_free(both);
    return raw;
}

std::string Member(const char* name, const std::string& bytes) {
    return std::string(",\"") + name + "\":\"" + Base64UrlEncode(bytes) + "\"";
}

}  // namespace

JwtSigner::JwtSigner(Algorithm algorithm, std::string key_id, std::string secret)
    : algorithm_(algorithm),
      key_id_(std::move(key_id)),
      secret_(std::move(secret)),
      key_(NewKey(algorithm), [](EVP_PKEY* key) { EVP_PKEY_free(key); }) {}

std::string JwtSigner::Sign(std::string_view text) const {
    if (algorithm_ == Algorithm::kHs256) return crypto::HmacSha256(secret_, text);
    EVP_MD_CTX* context = EVP_MD_CTX_new();
    const EVP_MD* digest = algorithm_ == Algorithm::kEdDsa ? nullptr : EVP_sha256();
    REQUIRE(EVP_DigestSignInit(context, nullptr, digest, nullptr, key_.get()) == 1);
    const auto* bytes = reinterpret_cast<const unsigned char*>(text.data());
    std::size_t size = 0;
    REQUIRE(EVP_DigestSign(context, nullptr, &size, bytes, text.size()) == 1);
    std::string signature(size, '\0');
    auto* out = reinterpret_cast<unsigned char*>(signature.data());
    REQUIRE(EVP_DigestSign(context, out, &size, bytes, text.size()) == 1);
    signature.resize(size);
    EVP_MD_CTX_free(context);
    return algorithm_ == Algorithm::kEs256 ? RawOfDer(signature) : signature;
}

std::string JwtSigner::TokenOf(std::string_view header, std::string_view payload) const {
    const std::string text = Base64UrlEncode(header) + "." + Base64UrlEncode(payload);
    return text + "." + Base64UrlEncode(Sign(text));
}

std::string JwtSigner::Token(std::string_view payload) const {
    const std::string name(auth::kAlgorithmNames[static_cast<std::size_t>(algorithm_)]);
    const std::string kid = key_id_.empty() ? "" : R"(,"kid":")" + key_id_ + "\"";
    return TokenOf(R"({"alg":")" + name + "\"" + kid + R"(,"typ":"JWT"})", payload);
}

std::string JwtSigner::Jwk(std::string_view more) const {
    std::string members;
    if (algorithm_ == Algorithm::kRs256) {
        members = R"("kty":"RSA")" + Member("n", NumberOf(key_.get(), OSSL_PKEY_PARAM_RSA_N, 0)) +
                  Member("e", NumberOf(key_.get(), OSSL_PKEY_PARAM_RSA_E, 0));
    } else if (algorithm_ == Algorithm::kEs256) {
        const auto coordinate = [&](const char* name) {
            return NumberOf(key_.get(), name, kCoordinateBytes);
        };
        members = R"("kty":"EC","crv":"P-256")" +
                  Member("x", coordinate(OSSL_PKEY_PARAM_EC_PUB_X)) +
                  Member("y", coordinate(OSSL_PKEY_PARAM_EC_PUB_Y));
    } else if (algorithm_ == Algorithm::kEdDsa) {
        std::string point(kCoordinateBytes, '\0');
        std::size_t size = point.size();
        auto* out = reinterpret_cast<unsigned char*>(point.data());
        REQUIRE(EVP_PKEY_get_raw_public_key(key_.get(), out, &size) == 1);
        members = R"("kty":"OKP","crv":"Ed25519")" + Member("x", point);
    } else {
        members = R"("kty":"oct")" + Member("k", secret_);
    }
    const std::string kid = key_id_.empty() ? "" : R"(,"kid":")" + key_id_ + "\"";
    return "{" + members + kid + std::string(more) + "}";
}

std::string JwtSigner::PublicPem() const {
    BIO* out = BIO_new(BIO_s_mem());
    REQUIRE(PEM_write_bio_PUBKEY(out, key_.get()) == 1);
    char* text = nullptr;
    const long size = BIO_get_mem_data(out, &text);
    std::string pem(text, static_cast<std::size_t>(size));
    BIO_free(out);
    return pem;
}

std::string JwksOf(const std::vector<std::string>& jwks) {
    std::string all;
    for (const std::string& jwk : jwks) all += (all.empty() ? "" : ",") + jwk;
    return R"({"keys":[)" + all + "]}";
}

std::string TestClaims::Json() const {
    std::string json;
    const auto add = [&](const std::string& name, const std::string& value) {
        json += (json.empty() ? "\"" : ",\"") + name + "\":" + value;
    };
    if (!issuer.empty()) add("iss", "\"" + issuer + "\"");
    if (!audience.empty()) add("aud", audience);
    if (!subject.empty()) add("sub", "\"" + subject + "\"");
    if (!role.empty()) add("role", "\"" + role + "\"");
    if (issued_at_s != 0) add("iat", std::to_string(issued_at_s));
    if (expires_at_s != 0) add("exp", std::to_string(expires_at_s));
    return "{" + json + more + "}";
}

}  // namespace unibox::test
