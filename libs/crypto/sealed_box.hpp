// Secrets at rest: authenticated encryption with the installation's key (XChaCha20-Poly1305-IETF,
// libsodium).
//
// A sealed value is: version (1 byte, 1), key id (4 bytes, derived from the key), nonce (24 bytes),
// ciphertext and tag (the plaintext's length and 16 bytes). It only opens with the same additional
// data, so that a value cannot be moved to another row. Several keys may be known at once: the
// first seals, all of them open. To rotate, put a new key first, seal everything again, then remove
// the old key. Thread safety: const methods from any thread.
#pragma once

#include "base/secret.hpp"
#include "base/status.hpp"

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace unibox::crypto {

// A new key as 64 hexadecimal digits and a line feed: what a key file holds.
Secret GenerateKeyFileText();

class SealedBox {
public:
    static constexpr std::size_t kOverheadBytes = 1 + 4 + 24 + 16;
    static constexpr std::size_t kKeyCountMax = 16;

    // `text` is the content of a key file: 32 raw bytes, or one key a line as 64 hexadecimal digits
    // or as base64 of 32 bytes; at most kKeyCountMax keys. INVALID_ARGUMENT otherwise, also for a
    // key of zeros or a repeated key.
    static Result<SealedBox> FromKeyText(const Secret& text);
    // NOT_FOUND if the file cannot be read.
    static Result<SealedBox> FromKeyFile(const std::filesystem::path& path);

    std::string Seal(const Secret& plaintext, std::string_view additional_data) const;
    // INVALID_ARGUMENT for what is no sealed value; FAILED_PRECONDITION, reason "UNKNOWN_KEY", for
    // a key that this box does not know; DATA_LOSS if value or additional data were changed.
    Result<Secret> Open(std::string_view sealed, std::string_view additional_data) const;

    // 16 bytes that tell equal secrets without opening them. Keyed with the first key: after a
    // rotation all fingerprints are other ones.
    std::string Fingerprint(const Secret& value) const;

    // Whether a value was sealed with the first key, that is: needs no re-sealing.
    bool SealedWithCurrentKey(std::string_view sealed) const;
    // Of the first key, 8 hexadecimal digits; not secret.
    std::string key_id() const;

private:
    struct Key {
        Secret bytes;
        std::string id;
        Secret fingerprint_key;
    };
    explicit SealedBox(std::vector<Key> keys) : keys_(std::move(keys)) {}
    static Key MakeKey(std::string bytes);

    std::vector<Key> keys_;  // Never empty.
};

}  // namespace unibox::crypto
