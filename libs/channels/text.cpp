#include "channels/text.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>

namespace unibox::channels {
namespace {

constexpr std::size_t kSnakeCaseSizeMax = 64;

bool IsAscii(unsigned char c) {
    return c < 0x80;
}
bool IsContinuation(char c) {
    return (static_cast<unsigned char>(c) & 0xC0) == 0x80;
}

// Bounds of the second byte, which exclude overlong forms, surrogates and what is above U+10FFFF.
bool SecondByteFits(unsigned char first, unsigned char second) {
    switch (first) {
        case 0xE0:
            return second >= 0xA0 && second <= 0xBF;
        case 0xED:
            return second >= 0x80 && second <= 0x9F;
        case 0xF0:
            return second >= 0x90 && second <= 0xBF;
        case 0xF4:
            return second >= 0x80 && second <= 0x8F;
        default:
            return second >= 0x80 && second <= 0xBF;
    }
}

std::size_t LengthByFirstByte(unsigned char first) {
    if (IsAscii(first)) return 1;
    if (first >= 0xC2 && first <= 0xDF) return 2;
    if (first >= 0xE0 && first <= 0xEF) return 3;
    if (first >= 0xF0 && first <= 0xF4) return 4;
    return 0;
}

bool IsCleanAscii(std::string_view bytes) {
    return std::all_of(bytes.begin(), bytes.end(), [](char c) {
        return c != '\0' && IsAscii(static_cast<unsigned char>(c));
    });
}

}  // namespace

std::size_t Utf8SequenceLength(std::string_view bytes) {
    if (bytes.empty()) return 0;
    const auto first = static_cast<unsigned char>(bytes[0]);
    const std::size_t length = LengthByFirstByte(first);
    if (length <= 1) return length;
    if (bytes.size() < length || !SecondByteFits(first, static_cast<unsigned char>(bytes[1])))
        return 0;
    for (std::size_t i = 2; i < length; ++i) {
        if (!IsContinuation(bytes[i])) return 0;
    }
    return length;
}

std::string CleanText(std::string_view bytes) {
    if (IsCleanAscii(bytes)) return std::string(bytes);
    std::string clean;
    clean.reserve(bytes.size());
    while (!bytes.empty()) {
        const std::size_t length = bytes[0] == '\0' ? 0 : Utf8SequenceLength(bytes);
        clean += length == 0 ? kReplacementCharacter : bytes.substr(0, length);
        bytes.remove_prefix(std::max<std::size_t>(length, 1));
    }
    return clean;
}

std::string_view CutUtf8(std::string_view text, std::size_t bytes_max) {
    if (text.size() <= bytes_max) return text;
    while (bytes_max > 0 && IsContinuation(text[bytes_max])) --bytes_max;
    return text.substr(0, bytes_max);
}

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
