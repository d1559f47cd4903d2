// Writing JSON text by hand where a line is small and its shape is fixed.
// Thread safety: pure functions.
#pragma once

#include <string>
#include <string_view>

namespace unibox::obs {

// Appends `text` as a JSON string with its quotes. Bytes that are no valid UTF-8 become U+FFFD.
void AppendJsonString(std::string& out, std::string_view text);

}  // namespace unibox::obs
