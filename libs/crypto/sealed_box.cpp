#include "crypto/sealed_box.hpp"

#include "base/assert.hpp"
#include "base/encoding.hpp"
#include "base/strings.hpp"
#include "crypto/random.hpp"

#include <sodium.h>

#include <algorithm>
#include <fstream>
#include <iterator>

namespace unibox::crypto {
namespace {

constexpr char kVersion = 1;
constexpr std::size_t kKeyBytes = crypto_aead_xchacha20poly1305_ietf_KEYBYTES;
constexpr std::size_t kNonceBytes = crypto_aead_xchacha20poly1305_ietf_NPUBBYTES;
constexpr std::size_t kTagBytes = crypto_aead_xchacha20poly1305_ietf_ABYTES;
constexpr std::size_t kKeyIdBytes = 4;
constexpr std::size_t kHeaderBytes = 1 + kKeyIdBytes;
constexpr std::size_t kFingerprintBytes = 16;
constexpr std::size_t kKeyFileBytesMax = 4096;
static_assert(kHeaderBytes + kNonceBytes + kTagBytes == SealedBox::kOverheadBytes);

const unsigned char* Bytes(std::string_view text) {
    return reinterpret_cast<const unsigned char*>(text.data());
}
unsigned char* Bytes(std::string& text) {
    return reinterpret_cast<unsigned char*>(text.data());
}

// Independent keys for independent purposes; the context names the program.
std::string Subkey(std::string_view key, std::uint64_t purpose, std::size_t size) {
    static_assert(crypto_kdf_KEYBYTES == kKeyBytes);
    std::string subkey(size, '\0');
    UNIBOX_ASSERT(
        crypto_kdf_derive_from_key(Bytes(subkey), subkey.size(), purpose, "uniboxkf", Bytes(key)) ==
        0
    );
    return subkey;
}

// The header has a fixed length, so it cannot run into the caller's data.
std::string AssociatedData(std::string_view header, std::string_view additional_data) {
    return std::string(header).append(additional_data);
}

Result<std::string> DecodeKey(std::string_view line) {
    std::optional<std::string> key;
    if (line.size() == 2 * kKeyBytes) key = HexDecode(line);
    if (!key) key = Base64Decode(line);
    if (!key || key->size() != kKeyBytes) {
        return InvalidArgument("a sealing key must be 64 hexadecimal digits or base64 of 32 bytes");
    }
    return *std::move(key);
}

Result<std::vector<std::string>> DecodeKeys(std::string_view text) {
    std::vector<std::string> keys;
    if (text.size() == kKeyBytes) return std::vector<std::string>{std::string(text)};
    for (const std::string_view line : Split(text, '\n')) {
        if (TrimSpace(line).empty()) continue;
        UNIBOX_ASSIGN_OR_RETURN(auto key, DecodeKey(TrimSpace(line)));
        keys.push_back(std::move(key));
    }
    if (keys.empty()) return InvalidArgument("the sealing key is empty");
    if (keys.size() > SealedBox::kKeyCountMax) return InvalidArgument("too many sealing keys");
    return keys;
}

}  // namespace

Secret GenerateKeyFileText() {
    return Secret(HexEncode(RandomBytes(kKeyBytes)) + "\n");
}

SealedBox::Key SealedBox::MakeKey(std::string bytes) {
    Key key;
    key.id = Subkey(bytes, 1, crypto_kdf_BYTES_MIN).substr(0, kKeyIdBytes);
    key.fingerprint_key = Secret(Subkey(bytes, 2, kKeyBytes));
    key.bytes = Secret(std::move(bytes));
    return key;
}

Result<SealedBox> SealedBox::FromKeyText(const Secret& text) {
    RandomBytes(0);  // Initialises libsodium.
    UNIBOX_ASSIGN_OR_RETURN(auto decoded, DecodeKeys(text.Reveal()));
    std::vector<Key> keys;
    for (std::string& bytes : decoded) {
        if (sodium_is_zero(Bytes(bytes), bytes.size()) != 0)
            return InvalidArgument("a sealing key is all zeros");
        keys.push_back(MakeKey(std::move(bytes)));
        for (std::size_t i = 0; i + 1 < keys.size(); ++i) {
            if (keys[i].id == keys.back().id)
                return InvalidArgument("a sealing key is given twice");
        }
    }
    return SealedBox(std::move(keys));
}

Result<SealedBox> SealedBox::FromKeyFile(const std::filesystem::path& path) {
    std::ifstream file(path, std::ios::binary);
    if (!file) return NotFound("cannot read the key file " + path.string());
    std::string text(kKeyFileBytesMax + 1, '\0');
    file.read(text.data(), static_cast<std::streamsize>(text.size()));
    text.resize(static_cast<std::size_t>(file.gcount()));
    if (text.size() > kKeyFileBytesMax)
        return InvalidArgument("the key file is too large: " + path.string());
    auto box = FromKeyText(Secret(std::move(text)));
    if (!box.ok()) return Status(box.status()).WithContext(path.string());
    return box;
}

std::string SealedBox::Seal(const Secret& plaintext, std::string_view additional_data) const {
    const Key& key = keys_.front();
    const std::string header = kVersion + key.id;
    const std::string nonce = RandomBytes(kNonceBytes);
    const std::string associated = AssociatedData(header, additional_data);
    std::string ciphertext(plaintext.Reveal().size() + kTagBytes, '\0');
    crypto_aead_xchacha20poly1305_ietf_encrypt(
        Bytes(ciphertext),
        nullptr,
        Bytes(plaintext.Reveal()),
        plaintext.Reveal().size(),
        Bytes(associated),
        associated.size(),
        nullptr,
        Bytes(nonce),
        Bytes(key.bytes.Reveal())
    );
    return header + nonce + ciphertext;
}

Result<Secret> SealedBox::Open(std::string_view sealed, std::string_view additional_data) const {
    if (sealed.size() < kOverheadBytes || sealed[0] != kVersion) {
        return InvalidArgument("not a sealed value of version 1");
    }
    const std::string_view header = sealed.substr(0, kHeaderBytes);
    const auto key = std::find_if(keys_.begin(), keys_.end(), [&](const Key& candidate) {
        return candidate.id == header.substr(1);
    });
    if (key == keys_.end()) {
        return FailedPrecondition(
                   "sealed with key " + HexEncode(header.substr(1)) + ", which the key file lacks"
        )
            .WithReason("UNKNOWN_KEY");
    }
    const std::string_view nonce = sealed.substr(kHeaderBytes, kNonceBytes);
    const std::string_view ciphertext = sealed.substr(kHeaderBytes + kNonceBytes);
    const std::string associated = AssociatedData(header, additional_data);
    std::string plaintext(ciphertext.size() - kTagBytes, '\0');
    const int failed = crypto_aead_xchacha20poly1305_ietf_decrypt(
        Bytes(plaintext),
        nullptr,
        nullptr,
        Bytes(ciphertext),
        ciphertext.size(),
        Bytes(associated),
        associated.size(),
        Bytes(nonce),
        Bytes(key->bytes.Reveal())
    );
    if (failed != 0) return Status(Code::kDataLoss, "a sealed value or its place was changed");
    return Secret(std::move(plaintext));
}

std::string SealedBox::Fingerprint(const Secret& value) const {
    static_assert(kFingerprintBytes >= crypto_generichash_BYTES_MIN);
    const std::string_view text = value.Reveal();
    const std::string_view key = keys_.front().fingerprint_key.Reveal();
    std::string fingerprint(kFingerprintBytes, '\0');
    UNIBOX_ASSERT(
        crypto_generichash(
            Bytes(fingerprint), fingerprint.size(), Bytes(text), text.size(), Bytes(key), key.size()
        ) == 0
    );
    return fingerprint;
}

bool SealedBox::SealedWithCurrentKey(std::string_view sealed) const {
    return sealed.size() >= kOverheadBytes && sealed[0] == kVersion &&
           sealed.substr(1, kKeyIdBytes) == keys_.front().id;
}

std::string SealedBox::key_id() const {
    return HexEncode(keys_.front().id);
}

}  // namespace unibox::crypto
