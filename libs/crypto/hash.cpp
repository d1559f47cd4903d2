#include "crypto/hash.hpp"

#include "base/assert.hpp"

#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/params.h>

namespace unibox::crypto {
namespace {

// Looking an algorithm up costs more than hashing a kilobyte, so each thread keeps its contexts.
class DigestContext {
public:
    explicit DigestContext(const char* name)
        : algorithm_(EVP_MD_fetch(nullptr, name, nullptr)), context_(EVP_MD_CTX_new()) {
        UNIBOX_ASSERT(algorithm_ != nullptr && context_ != nullptr);
    }
    ~DigestContext() {
        EVP_MD_CTX_free(context_);
        EVP_MD_free(algorithm_);
    }
    DigestContext(const DigestContext&) = delete;
    DigestContext& operator=(const DigestContext&) = delete;

    std::string Digest(std::string_view data) {
        std::string digest(static_cast<std::size_t>(EVP_MD_get_size(algorithm_)), '\0');
        UNIBOX_ASSERT(EVP_DigestInit_ex2(context_, algorithm_, nullptr) == 1);
        UNIBOX_ASSERT(EVP_DigestUpdate(context_, data.data(), data.size()) == 1);
        UNIBOX_ASSERT(
            EVP_DigestFinal_ex(
                context_, reinterpret_cast<unsigned char*>(digest.data()), nullptr
            ) == 1
        );
        return digest;
    }

private:
    EVP_MD* algorithm_;
    EVP_MD_CTX* context_;
};

class HmacContext {
public:
    explicit HmacContext(const char* digest) {
        EVP_MAC* algorithm = EVP_MAC_fetch(nullptr, "HMAC", nullptr);
        UNIBOX_ASSERT(algorithm != nullptr);
        context_ = EVP_MAC_CTX_new(algorithm);
        EVP_MAC_free(algorithm);  // The context keeps its own reference.
        UNIBOX_ASSERT(context_ != nullptr);
        std::string name(digest);
        const OSSL_PARAM params[] = {
            OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, name.data(), 0),
            OSSL_PARAM_construct_end()};
        UNIBOX_ASSERT(EVP_MAC_CTX_set_params(context_, params) == 1);
    }
    ~HmacContext() { EVP_MAC_CTX_free(context_); }
    HmacContext(const HmacContext&) = delete;
    HmacContext& operator=(const HmacContext&) = delete;

    std::string Mac(std::string_view key, std::initializer_list<std::string_view> parts) {
        // A null pointer would mean "keep the last key".
        const auto* key_bytes =
            reinterpret_cast<const unsigned char*>(key.empty() ? "" : key.data());
        UNIBOX_ASSERT(EVP_MAC_init(context_, key_bytes, key.size(), nullptr) == 1);
        for (const std::string_view part : parts) {
            const auto* bytes = reinterpret_cast<const unsigned char*>(part.data());
            UNIBOX_ASSERT(part.empty() || EVP_MAC_update(context_, bytes, part.size()) == 1);
        }
        unsigned char mac[EVP_MAX_MD_SIZE];
        std::size_t size = 0;
        UNIBOX_ASSERT(EVP_MAC_final(context_, mac, &size, sizeof mac) == 1);
        return {reinterpret_cast<const char*>(mac), size};
    }

private:
    EVP_MAC_CTX* context_ = nullptr;
};

}  // namespace

std::string Sha256(std::string_view data) {
    thread_local DigestContext context("SHA256");
    return context.Digest(data);
}

std::string Sha1(std::string_view data) {
    thread_local DigestContext context("SHA1");
    return context.Digest(data);
}

std::string HmacSha256(std::string_view key, std::initializer_list<std::string_view> parts) {
    thread_local HmacContext context("SHA256");
    return context.Mac(key, parts);
}

std::string HmacSha1(std::string_view key, std::initializer_list<std::string_view> parts) {
    thread_local HmacContext context("SHA1");
    return context.Mac(key, parts);
}

std::string HmacSha256(std::string_view key, std::string_view data) {
    return HmacSha256(key, {data});
}
std::string HmacSha1(std::string_view key, std::string_view data) {
    return HmacSha1(key, {data});
}

bool ConstantTimeEquals(std::string_view a, std::string_view b) {
    return a.size() == b.size() && CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0;
}

}  // namespace unibox::crypto
