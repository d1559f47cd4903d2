#include "base/utf8.hpp"

#include <cstdint>
#include <cstring>

namespace unibox {
namespace {

// How many bytes from the start, in steps of 8, are ASCII without U+0000: most text is, and this is
// the hottest loop of what writes messages.
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

}  // namespace

std::size_t Utf8SequenceLength(std::string_view bytes) {
    const auto byte = [&](std::size_t i) -> unsigned {
        return i < bytes.size() ? static_cast<unsigned char>(bytes[i]) : 0U;
    };
    const auto continues = [&](std::size_t i) { return (byte(i) & 0xC0U) == 0x80U; };
    if (bytes.empty()) return 0;
    const unsigned first = byte(0);
    const unsigned second = byte(1);
    if (first < 0x80) return 1;
    if (first >= 0xC2 && first <= 0xDF) return continues(1) ? 2 : 0;
    if (first >= 0xE0 && first <= 0xEF) {
        const bool bad = (first == 0xE0 && second < 0xA0) || (first == 0xED && second > 0x9F);
        return !bad && continues(1) && continues(2) ? 3 : 0;
    }
    if (first >= 0xF0 && first <= 0xF4) {
        const bool bad = (first == 0xF0 && second < 0x90) || (first == 0xF4 && second > 0x8F);
        return !bad && continues(1) && continues(2) && continues(3) ? 4 : 0;
    }
    return 0;
}

bool IsStorableText(std::string_view text) {
    while (!text.empty()) {
        text.remove_prefix(PlainAsciiPrefix(text));
        if (text.empty()) break;
        const std::size_t length = Utf8SequenceLength(text);
        if (length == 0 || text[0] == '\0') return false;
        text.remove_prefix(length);
    }
    return true;
}

}  // namespace unibox
