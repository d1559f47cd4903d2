#include "gateway/fields.hpp"

#include "base/strings.hpp"

#include <algorithm>

namespace unibox::gateway {
namespace {

constexpr std::int64_t kYear9999S = 253'402'300'799;
constexpr int kNanosPerMilli = 1'000'000;
constexpr int kNanosPerSecond = 1'000'000'000;

}  // namespace

Status WrongField(std::string_view field, std::string_view must) {
    return InvalidArgument(std::string(field) + " must be " + std::string(must))
        .WithReason("VALUE_INVALID")
        .WithField(field);
}

Status CheckUrl(std::string_view field, std::string_view url) {
    if (url.empty()) return {};
    const std::string scheme = ToLowerAscii(url.substr(0, url.find("://")));
    const bool is_web = scheme == "http" || scheme == "https";
    const bool has_host = is_web && url.size() > scheme.size() + 3 && url[scheme.size() + 3] != '/';
    const bool is_one_word = std::none_of(url.begin(), url.end(), [](char c) {
        return (c >= 0 && c <= ' ') || c == '\x7f';
    });
    if (has_host && is_one_word) return {};
    return WrongField(field, "a URL that begins with https:// or http://");
}

Result<std::int64_t> UnixMillisOf(std::string_view field, const google::protobuf::Timestamp& time) {
    const bool has_nanos = time.nanos() >= 0 && time.nanos() < kNanosPerSecond;
    if (time.seconds() < 0 || time.seconds() > kYear9999S || !has_nanos) {
        return WrongField(field, "a time after 1970, up to the year 9999");
    }
    const std::int64_t unix_ms = time.seconds() * 1'000 + time.nanos() / kNanosPerMilli;
    if (unix_ms == 0) return WrongField(field, "a time after 1970");
    return unix_ms;
}

Result<std::optional<pg::Lsn>> ConsistencyTokenOf(const std::string& consistency_token) {
    if (consistency_token.empty()) return std::optional<pg::Lsn>();
    const auto place = pg::ParseLsn(consistency_token);
    if (place.ok()) return std::optional(*place);
    return WrongField("consistency_token", "one that came with a change, as it came");
}

}  // namespace unibox::gateway
