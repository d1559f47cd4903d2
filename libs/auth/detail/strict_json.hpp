// JSON objects of strangers, read in one way only.
#pragma once

#include <nlohmann/json_fwd.hpp>

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace unibox::auth::detail {

inline constexpr std::size_t kJsonDepthMax = 16;

// Nothing unless it is one whole JSON object in UTF-8 without byte order mark, in which no object
// has a member twice (however it is escaped) and nothing is nested deeper than kJsonDepthMax.
std::optional<nlohmann::json> ParseStrictObject(std::string_view text);

// A member that is a text. Nothing: it is absent or is something else, `is_wrong` says which.
std::optional<std::string> TextMember(
    const nlohmann::json& object, const char* name, bool* is_wrong
);

}  // namespace unibox::auth::detail
