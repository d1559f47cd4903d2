// Tokens as they come: a JWS in compact form (RFC 7515) whose payload is the claims of a JWT
// (RFC 7519), taken apart and not yet believed. Whatever could be read in two ways is refused:
// base64url that no encoder makes, members that stand twice, members of a wrong type.
// Thread safety: pure functions, values.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace unibox::auth {

// Those that are taken; "none" is no algorithm.
enum class Algorithm { kEdDsa, kEs256, kRs256, kHs256 };
inline constexpr std::array<std::string_view, 4> kAlgorithmNames = {
    "EdDSA", "ES256", "RS256", "HS256"};
std::optional<Algorithm> AlgorithmOf(std::string_view name);

inline constexpr std::size_t kTokenBytesMax = 8 << 10;
inline constexpr std::size_t kAudienceCountMax = 8;
inline constexpr std::size_t kNameBytesMax = 512;     // Of iss and each of aud.
inline constexpr std::size_t kSubjectBytesMax = 255;  // OpenID Connect Core, 2.
inline constexpr std::size_t kKeyIdBytesMax = 256;

// Whether a name can be one that was registered: not empty, not longer than that, without control
// characters, which PostgreSQL partly refuses.
bool IsPlainName(std::string_view text, std::size_t bytes_max);

// Whether the text has the form of a token, right or wrong: three parts of base64url, of which the
// last may be empty. A cheap test; an API key has no dot.
bool LooksLikeJws(std::string_view text);

struct Claims {
    std::string issuer;
    std::vector<std::string> audiences;  // At least one.
    std::string subject;
    // Unix time; fractions are cut off.
    std::int64_t expires_at_s = 0;
    std::int64_t issued_at_s = 0;
    std::int64_t not_before_s = 0;  // 0 = not told.
    // All claims at the top that are texts, by name.
    std::map<std::string, std::string, std::less<>> texts;
};

struct Token {
    Algorithm algorithm = Algorithm::kEdDsa;
    std::string key_id;       // "" = not told.
    std::string signed_text;  // What the signature is of.
    std::string signature;
    Claims claims;
};

// Nothing: too long, not of this form, without `alg` of ours, with `crit` (extensions that must be
// understood) or of another `typ` than JWT and at+jwt; without iss, sub, aud, exp or iat. Keys that
// the token brings or points to (jwk, jku, x5c, x5u) are not looked at.
std::optional<Token> ParseToken(std::string_view text);

enum class TimeFault { kNone, kExpired, kNotYet, kTooLong };
// `skew_ms`: how far the issuer's clock may be from ours. kTooLong: from iat to exp is more than
// `lifetime_ms_max`, or less than nothing.
TimeFault FaultOfTimes(
    const Claims& claims, std::int64_t now_ms, std::int64_t skew_ms, std::int64_t lifetime_ms_max
);

}  // namespace unibox::auth
