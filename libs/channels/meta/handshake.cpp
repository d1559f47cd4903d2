#include "channels/form.hpp"
#include "channels/meta/meta.hpp"
#include "crypto/hash.hpp"

#include <algorithm>

namespace unibox::channels {
namespace {

constexpr std::size_t kChallengeBytesMax = 256;

// Meta sends a number. Nothing that could be read as markup is ever sent back.
bool IsHarmless(std::string_view challenge) {
    return !challenge.empty() && challenge.size() <= kChallengeBytesMax &&
           std::all_of(challenge.begin(), challenge.end(), [](char c) {
               return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                      c == '_' || c == '-' || c == '.';
           });
}

Status Refused(std::string why) {
    return Status(Code::kPermissionDenied, std::move(why));
}

}  // namespace

Result<std::string> MetaHandshake(std::string_view query, std::span<const Secret> verify_tokens) {
    const auto fields = ParseForm(query);
    if (!fields.ok()) return Refused("the query has too many fields");
    if (FindField(*fields, "hub.mode") != "subscribe") return Refused("hub.mode is not subscribe");
    const auto token = FindField(*fields, "hub.verify_token");
    const auto challenge = FindField(*fields, "hub.challenge");
    if (!token || !challenge || !IsHarmless(*challenge))
        return Refused("hub.verify_token or hub.challenge is missing");
    for (const Secret& expected : verify_tokens) {
        if (!expected.empty() && crypto::ConstantTimeEquals(*token, expected.Reveal()))
            return std::string(*challenge);
    }
    return Refused("hub.verify_token does not match");
}

}  // namespace unibox::channels
