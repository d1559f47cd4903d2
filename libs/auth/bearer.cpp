#include "auth/bearer.hpp"

#include "base/strings.hpp"

namespace unibox::auth {
namespace {

constexpr std::string_view kScheme = "bearer";
constexpr std::string_view kBlanks = " \t";

std::string_view TrimBlanks(std::string_view text) {
    const std::size_t first = text.find_first_not_of(kBlanks);
    if (first == std::string_view::npos) return {};
    return text.substr(first, text.find_last_not_of(kBlanks) - first + 1);
}

}  // namespace

std::optional<std::string_view> BearerToken(std::string_view authorization) {
    const std::string_view value = TrimBlanks(authorization);
    const std::size_t scheme_end = value.find_first_of(kBlanks);
    if (scheme_end == std::string_view::npos) return {};
    if (!EqualsIgnoreCaseAscii(value.substr(0, scheme_end), kScheme)) return {};
    return TrimBlanks(value.substr(scheme_end));
}

}  // namespace unibox::auth
