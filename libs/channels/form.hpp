// application/x-www-form-urlencoded, and queries, as Twilio signs them.
// Thread safety: pure functions, any thread.
#pragma once

#include "base/status.hpp"

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace unibox::channels {

inline constexpr std::size_t kFormFieldCountMax = 1000;

// Names and values decoded to raw bytes ('+' is a space, %XX a byte; a percent sign that is no
// escape stays as it is), in the order of the text; nothing is trimmed, empty values are kept.
using FormFields = std::vector<std::pair<std::string, std::string>>;

// RESOURCE_EXHAUSTED for more than kFormFieldCountMax fields.
Result<FormFields> ParseForm(std::string_view text);

// The first value of that name, raw bytes; nullopt if there is none.
std::optional<std::string_view> FindField(const FormFields& fields, std::string_view name);

}  // namespace unibox::channels
