// Checks of single values, each Ok or INVALID_ARGUMENT (reason VALUE_INVALID) that names the field.
// Private to this
// library. Thread safety: pure functions.
#pragma once

#include "base/status.hpp"

#include <cstddef>
#include <string>
#include <string_view>

namespace unibox::decide {

Status Wrong(std::string_view field, std::string_view message);
// UTF-8 without NUL, at most so long; may be empty.
Status CheckText(std::string_view field, const std::string& text, std::size_t bytes_max);
// The same, and not empty.
Status CheckName(std::string_view field, const std::string& text, std::size_t bytes_max);
Status CheckCount(std::string_view field, int count, std::size_t count_max);
// 16 bytes.
Status CheckId(std::string_view field, const std::string& bytes);

// "labels", 2: "labels[2]".
std::string Element(std::string_view field, int index);

}  // namespace unibox::decide
