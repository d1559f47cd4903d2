#include "auth/jws.hpp"

#include "auth/detail/strict_json.hpp"
#include "base/encoding.hpp"
#include "base/strings.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>

namespace unibox::auth {
namespace {

using nlohmann::json;

constexpr std::int64_t kLatestS = 253'402'300'799;  // The end of the year 9999.

bool IsBase64UrlDigit(char c) {
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' ||
           c == '_';
}

// RFC 8725, 3.11: tokens for other purposes (logout, DPoP, security events) say so here.
bool IsAccessTokenType(std::string_view type) {
    constexpr std::string_view kPrefix = "application/";
    std::string lower = ToLowerAscii(type);
    if (lower.starts_with(kPrefix)) lower.erase(0, kPrefix.size());
    return lower == "jwt" || lower == "at+jwt";
}

bool ReadHeader(std::string_view text, Token* token) {
    const auto header = detail::ParseStrictObject(text);
    if (!header) return false;
    for (const char* refused : {"crit", "b64", "enc", "zip"}) {
        if (header->contains(refused)) return false;
    }
    bool is_wrong = false;
    const auto name = detail::TextMember(*header, "alg", &is_wrong);
    const auto key_id = detail::TextMember(*header, "kid", &is_wrong);
    const auto type = detail::TextMember(*header, "typ", &is_wrong);
    if (is_wrong || !name || (type && !IsAccessTokenType(*type))) return false;
    if (key_id && !IsPlainName(*key_id, kKeyIdBytesMax)) return false;
    const auto algorithm = AlgorithmOf(*name);
    if (!algorithm) return false;
    token->algorithm = *algorithm;
    token->key_id = key_id.value_or("");
    return true;
}

// False: a number is demanded and is absent, or is none.
bool ReadTime(const json& claims, const char* name, bool is_needed, std::int64_t* time_s) {
    const auto member = claims.find(name);
    if (member == claims.end()) return !is_needed;
    if (!member->is_number()) return false;
    const double seconds = member->get<double>();
    if (!(seconds >= 0 && seconds <= static_cast<double>(kLatestS))) return false;
    *time_s = static_cast<std::int64_t>(seconds);
    return true;
}

bool ReadAudiences(const json& claims, std::vector<std::string>* audiences) {
    const auto member = claims.find("aud");
    if (member == claims.end()) return false;
    const json& all = *member;
    if (all.is_array() ? all.empty() || all.size() > kAudienceCountMax : !all.is_string()) {
        return false;
    }
    for (const json& one : all.is_array() ? all : json::array({all})) {
        const auto* text = one.get_ptr<const std::string*>();
        if (text == nullptr || !IsPlainName(*text, kNameBytesMax)) return false;
        const bool is_known =
            std::find(audiences->begin(), audiences->end(), *text) != audiences->end();
        if (!is_known) audiences->push_back(*text);
    }
    return true;
}

bool ReadClaims(std::string_view text, Claims* claims) {
    const auto payload = detail::ParseStrictObject(text);
    if (!payload) return false;
    bool is_wrong = false;
    claims->issuer = detail::TextMember(*payload, "iss", &is_wrong).value_or("");
    claims->subject = detail::TextMember(*payload, "sub", &is_wrong).value_or("");
    if (is_wrong || !IsPlainName(claims->issuer, kNameBytesMax)) return false;
    if (!IsPlainName(claims->subject, kSubjectBytesMax)) return false;
    if (!ReadAudiences(*payload, &claims->audiences)) return false;
    for (const auto& [name, value] : payload->items()) {
        if (const auto* claim = value.get_ptr<const std::string*>()) claims->texts[name] = *claim;
    }
    return ReadTime(*payload, "exp", true, &claims->expires_at_s) &&
           ReadTime(*payload, "iat", true, &claims->issued_at_s) &&
           ReadTime(*payload, "nbf", false, &claims->not_before_s);
}

}  // namespace

std::optional<Algorithm> AlgorithmOf(std::string_view name) {
    const auto* at = std::find(kAlgorithmNames.begin(), kAlgorithmNames.end(), name);
    if (at == kAlgorithmNames.end()) return {};
    return static_cast<Algorithm>(at - kAlgorithmNames.begin());
}

bool IsPlainName(std::string_view text, std::size_t bytes_max) {
    return !text.empty() && text.size() <= bytes_max &&
           std::none_of(text.begin(), text.end(), [](char c) {
               return static_cast<unsigned char>(c) < ' ' || c == '\x7F';
           });
}

bool LooksLikeJws(std::string_view text) {
    const auto parts = Split(text, '.');
    return parts.size() == 3 && !parts[0].empty() && !parts[1].empty() &&
           std::all_of(text.begin(), text.end(), [](char c) {
               return c == '.' || IsBase64UrlDigit(c);
           });
}

std::optional<Token> ParseToken(std::string_view text) {
    if (text.size() > kTokenBytesMax || !LooksLikeJws(text)) return {};
    const auto parts = Split(text, '.');
    const auto header = Base64UrlDecode(parts[0]);
    const auto payload = Base64UrlDecode(parts[1]);
    auto signature = Base64UrlDecode(parts[2]);
    if (!header || !payload || !signature || signature->empty()) return {};
    Token token;
    if (!ReadHeader(*header, &token) || !ReadClaims(*payload, &token.claims)) return {};
    token.signed_text = text.substr(0, parts[0].size() + 1 + parts[1].size());
    token.signature = *std::move(signature);
    return token;
}

TimeFault FaultOfTimes(
    const Claims& claims, std::int64_t now_ms, std::int64_t skew_ms, std::int64_t lifetime_ms_max
) {
    constexpr std::int64_t kMsPerS = 1'000;
    const std::int64_t lifetime_ms = (claims.expires_at_s - claims.issued_at_s) * kMsPerS;
    if (lifetime_ms < 0 || lifetime_ms > lifetime_ms_max) return TimeFault::kTooLong;
    if (now_ms - skew_ms >= claims.expires_at_s * kMsPerS) return TimeFault::kExpired;
    const std::int64_t begins_s = std::max(claims.not_before_s, claims.issued_at_s);
    return now_ms + skew_ms < begins_s * kMsPerS ? TimeFault::kNotYet : TimeFault::kNone;
}

}  // namespace unibox::auth
