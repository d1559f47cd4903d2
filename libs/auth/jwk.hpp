// Keys that tokens are verified with, and sets of them as issuers publish them (RFC 7517). A key is
// good for one algorithm, that of its type, so no token can choose another one for it.
// Thread safety: immutable values.
#pragma once

#include "auth/jws.hpp"
#include "base/secret.hpp"
#include "base/status.hpp"
#include "crypto/public_key.hpp"

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace unibox::auth {

class VerifyKey {
public:
    VerifyKey(std::string key_id, crypto::PublicKey key);
    // HS256. A shorter secret than kSecretBytesMin may be guessed.
    VerifyKey(std::string key_id, Secret secret);
    static constexpr std::size_t kSecretBytesMin = 32;

    Algorithm algorithm() const { return algorithm_; }
    const std::string& key_id() const { return key_id_; }  // "" = none.
    const std::string& fingerprint() const { return fingerprint_; }
    bool Verify(std::string_view message, std::string_view signature) const;
    // Whether the token says that it is of this key, or does not say of which.
    bool MayBeOf(const Token& token) const;

private:
    std::string key_id_;
    Algorithm algorithm_;
    std::variant<crypto::PublicKey, Secret> key_;
    std::string fingerprint_;
};

using KeySet = std::vector<VerifyKey>;
using KeySetPtr = std::shared_ptr<const KeySet>;

inline constexpr std::size_t kKeySetBytesMax = 256 << 10;
inline constexpr std::size_t kKeySetCountMax = 50;  // Some 3 KB each.
// So many keys are tried for one token at most: issuers without `kid` have few.
inline constexpr std::size_t kKeysTriedMax = 4;

// Those of a JWK set that are of use: for signatures, of a type, size and algorithm of ours, and
// public. Others are passed by, as RFC 7517, 5, wants: no set has secrets or private keys that we
// would take. INVALID_ARGUMENT: it is no JWK set, larger than the limits, or ambiguous.
Result<KeySet> ParseJwks(std::string_view text);

// Those that may have signed it, at most kKeysTriedMax.
std::vector<const VerifyKey*> CandidatesOf(const KeySet& keys, const Token& token);

}  // namespace unibox::auth
