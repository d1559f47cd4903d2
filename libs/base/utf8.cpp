#include "base/utf8.hpp"

#include <algorithm>
#include <cstdint>
#include <cstring>

namespace unibox {
namespace {

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
    if (first < 0x80) return 1;
    if (first >= 0xC2 && first <= 0xDF) return 2;
    if (first >= 0xE0 && first <= 0xEF) return 3;
    if (first >= 0xF0 && first <= 0xF4) return 4;
    return 0;
}

// How many bytes from the start, in steps of 8, are ASCII without U+0000: most text is, and every
// text of every message passes here.
std::size_t PlainAsciiPrefix(std::string_view text) {
    constexpr std::uint64_t kOnes = 0x0101010101010101ULL;
    constexpr std::uint64_t kHighBits = 0x8080808080808080ULL;
    std::size_t length = 0;
    while (text.size() - length >= sizeof(std::uint64_t)) {
        std::uint64_t word = 0;
        std::memcpy(&word, text.data() + length, sizeof word);
        // A byte of 0 borrows from its high bit; a byte of 0x80 or more has it set already.
        if ((((word - kOnes) | word) & kHighBits) != 0) break;
        length += sizeof word;
    }
    return length;
}

bool IsText(std::string_view text, bool nul_allowed) {
    while (!text.empty()) {
        text.remove_prefix(PlainAsciiPrefix(text));
        if (text.empty()) break;
        const std::size_t length = Utf8SequenceLength(text);
        if (length == 0 || (text[0] == '\0' && !nul_allowed)) return false;
        text.remove_prefix(length);
    }
    return true;
}

}  // namespace

std::size_t Utf8SequenceLength(std::string_view text) {
    if (text.empty()) return 0;
    const auto first = static_cast<unsigned char>(text[0]);
    const std::size_t length = LengthByFirstByte(first);
    if (length <= 1) return length;
    if (text.size() < length || !SecondByteFits(first, static_cast<unsigned char>(text[1]))) {
        return 0;
    }
    for (std::size_t i = 2; i < length; ++i) {
        if (!IsContinuation(text[i])) return 0;
    }
    return length;
}

bool IsUtf8(std::string_view text) {
    return IsText(text, true);
}

bool IsCleanText(std::string_view text) {
    return IsText(text, false);
}

std::string CleanText(std::string_view text) {
    if (IsCleanText(text)) return std::string(text);
    std::string clean;
    clean.reserve(text.size() + 16);
    while (!text.empty()) {
        const std::size_t length = text[0] == '\0' ? 0 : Utf8SequenceLength(text);
        clean += length == 0 ? kReplacementCharacter : text.substr(0, length);
        text.remove_prefix(std::max<std::size_t>(length, 1));
    }
    return clean;
}

std::string_view CutUtf8(std::string_view text, std::size_t bytes_max) {
    if (text.size() <= bytes_max) return text;
    while (bytes_max > 0 && IsContinuation(text[bytes_max])) --bytes_max;
    return text.substr(0, bytes_max);
}

std::string_view FirstCharacters(std::string_view text, std::size_t characters_max) {
    if (text.size() <= characters_max) return text;
    std::size_t bytes = 0;
    for (std::size_t i = 0; i < characters_max && bytes < text.size(); ++i) {
        bytes += std::max<std::size_t>(Utf8SequenceLength(text.substr(bytes)), 1);
    }
    return text.substr(0, bytes);
}

bool IsControlCharacter(std::string_view character) {
    const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(character[i]); };
    if (character.size() == 1) return byte(0) < 0x20 || byte(0) == 0x7F;
    if (character.size() == 2) return byte(0) == 0xC2 && byte(1) < 0xA0;
    return character == "\xE2\x80\xA8" || character == "\xE2\x80\xA9";
}

}  // namespace unibox
