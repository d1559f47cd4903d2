#include "channels/text.hpp"

#include "base/utf8.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>

namespace unibox::channels {
namespace {

constexpr std::size_t kSnakeCaseSizeMax = 64;

}  // namespace

std::string_view Utf16Slice(std::string_view text, std::int64_t offset, std::int64_t length) {
    if (offset < 0 || length <= 0 || static_cast<std::size_t>(offset) >= text.size()) return {};
    // A text has no more units than bytes: nothing below can overflow.
    const auto last = std::min<std::int64_t>(length, static_cast<std::int64_t>(text.size()));
    const std::int64_t end = offset + last;
    std::int64_t unit = 0;
    std::size_t from = text.size();
    std::size_t at = 0;
    while (at < text.size() && unit < end) {
        const std::size_t size = std::max<std::size_t>(Utf8SequenceLength(text.substr(at)), 1);
        unit += size == 4 ? 2 : 1;
        if (unit > offset) from = std::min(from, at);
        at += size;
    }
    return from < at ? text.substr(from, at - from) : std::string_view();
}

std::string FirstText(std::initializer_list<std::string> texts) {
    for (const std::string& text : texts) {
        if (!text.empty()) return text;
    }
    return {};
}

std::string JoinNonEmpty(std::initializer_list<std::string_view> parts) {
    std::string joined;
    for (const std::string_view part : parts) {
        if (!joined.empty() && !part.empty()) joined += ", ";
        joined += part;
    }
    return joined;
}

std::optional<double> ParseDecimal(std::string_view text) {
    double number = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    const bool whole = !text.empty() && error == std::errc() && end == text.data() + text.size();
    return whole && std::isfinite(number) ? std::optional<double>(number) : std::nullopt;
}

std::string SnakeCase(std::string_view name) {
    std::string snake(name.substr(0, kSnakeCaseSizeMax));
    for (char& c : snake) {
        if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
        const bool kept = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
        if (!kept) c = '_';
    }
    return snake;
}

}  // namespace unibox::channels
