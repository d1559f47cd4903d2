#include "search/words.hpp"

#include "base/utf8.hpp"
#include "search/detail/characters.hpp"
#include "search/detail/fold_table.hpp"

#include <algorithm>
#include <array>

namespace unibox::search {
namespace detail {
namespace {

struct Range {
    char32_t first;
    char32_t last;
};

template <std::size_t kCount>
bool In(const std::array<Range, kCount>& ranges, char32_t character) {
    const auto next = std::upper_bound(
        ranges.begin(),
        ranges.end(),
        character,
        [](char32_t value, const Range& range) { return value < range.first; }
    );
    return next != ranges.begin() && character <= std::prev(next)->last;
}

// Marks that a word is the same without.
constexpr std::array<Range, 14> kMarks = {{
    {0x00AD, 0x00AD},
    {0x0300, 0x036F},
    {0x0483, 0x0487},
    {0x0591, 0x05BD},
    {0x05BF, 0x05BF},
    {0x05C1, 0x05C2},
    {0x05C4, 0x05C5},
    {0x05C7, 0x05C7},
    {0x0610, 0x061A},
    {0x0640, 0x0640},  // Tatweel only stretches.
    {0x064B, 0x065F},
    {0x0670, 0x0670},
    {0x200B, 0x200F},  // Joiners and directions, invisible.
    {0xFE00, 0xFE0F},
}};

// What stands between words, beyond ASCII.
constexpr std::array<Range, 19> kBetween = {{
    {0x0080, 0x00A9}, {0x00AB, 0x00B4}, {0x00B6, 0x00B9}, {0x00BB, 0x00BF}, {0x00D7, 0x00D7},
    {0x00F7, 0x00F7}, {0x055A, 0x055F}, {0x0589, 0x058A}, {0x05BE, 0x05C0}, {0x05C3, 0x05C3},
    {0x05C6, 0x05C6}, {0x05F3, 0x05F4}, {0x0600, 0x061F}, {0x066A, 0x066D}, {0x06D4, 0x06D4},
    {0x2000, 0x25FF}, {0x2800, 0x2BFF}, {0x3000, 0x3004}, {0x3008, 0x3020},
}};
constexpr std::array<Range, 5> kMoreBetween = {{
    {0x0964, 0x0965},
    {0x30FB, 0x30FB},
    {0xE000, 0xF8FF},
    {0xFE10, 0xFE6F},
    {0xFF00, 0xFF0F},
}};
constexpr std::array<Range, 4> kBetweenWide = {{
    {0xFF1A, 0xFF20},
    {0xFF3B, 0xFF40},
    {0xFF5B, 0xFF65},
    {0xFFE0, 0xFFFF},
}};

constexpr std::array<Range, 2> kEmoji = {{{0x2600, 0x27BF}, {0x1F000, 0x1FAFF}}};
constexpr std::array<Range, 1> kSkinTones = {{{0x1F3FB, 0x1F3FF}}};

constexpr std::array<Range, 12> kWithoutBlanks = {{
    {0x0E00, 0x0EFF},    // Thai, Lao
    {0x1000, 0x109F},    // Myanmar
    {0x1100, 0x11FF},    // Hangul, in parts
    {0x1780, 0x17FF},    // Khmer
    {0x3005, 0x3007},    // Ideographic repetition, zero
    {0x3040, 0x30FF},    // Hiragana, Katakana
    {0x3100, 0x318F},    // Bopomofo, Hangul
    {0x3400, 0x9FFF},    // Han
    {0xA000, 0xA4CF},    // Yi
    {0xAC00, 0xD7FF},    // Hangul
    {0xF900, 0xFAFF},    // Han
    {0x20000, 0x3FFFF},  // Han
}};

}  // namespace

char32_t Fold(char32_t character) {
    if (character < 0x80) {
        return character >= 'A' && character <= 'Z' ? character + ('a' - 'A') : character;
    }
    const auto* const at = std::lower_bound(kFoldedFrom.begin(), kFoldedFrom.end(), character);
    if (at == kFoldedFrom.end() || *at != character) return character;
    return kFoldedTo[static_cast<std::size_t>(at - kFoldedFrom.begin())];
}

Kind KindOf(char32_t character) {
    if (character < 0x80) {
        const char32_t folded = Fold(character);
        const bool letter = folded >= 'a' && folded <= 'z';
        return letter || (character >= '0' && character <= '9') ? Kind::kLetter : Kind::kBetween;
    }
    if (In(kMarks, character) || In(kSkinTones, character)) return Kind::kMark;
    if (In(kEmoji, character)) return Kind::kEmoji;
    if (In(kBetween, character) || In(kMoreBetween, character) || In(kBetweenWide, character)) {
        return Kind::kBetween;
    }
    return In(kWithoutBlanks, character) ? Kind::kWithoutBlanks : Kind::kLetter;
}

char32_t Decode(std::string_view sequence) {
    const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(sequence[i]); };
    switch (sequence.size()) {
        case 1:
            return byte(0);
        case 2:
            return static_cast<char32_t>((byte(0) & 0x1F) << 6 | (byte(1) & 0x3F));
        case 3:
            return static_cast<char32_t>(
                (byte(0) & 0x0F) << 12 | (byte(1) & 0x3F) << 6 | (byte(2) & 0x3F)
            );
        default:
            return static_cast<char32_t>(
                (byte(0) & 0x07) << 18 | (byte(1) & 0x3F) << 12 | (byte(2) & 0x3F) << 6 |
                (byte(3) & 0x3F)
            );
    }
}

void Encode(char32_t character, std::string* out) {
    const auto put = [out](char32_t bits) { out->push_back(static_cast<char>(bits)); };
    const auto tail = [&put, character](int shift) { put(0x80 | (character >> shift & 0x3F)); };
    if (character < 0x80) return put(character);
    if (character < 0x800) {
        put(0xC0 | character >> 6);
    } else {
        if (character < 0x10000) {
            put(0xE0 | character >> 12);
        } else {
            put(0xF0 | character >> 18);
            tail(12);
        }
        tail(6);
    }
    tail(0);
}

std::size_t CharacterBytes(std::string_view text) {
    return std::max<std::size_t>(Utf8SequenceLength(text), 1);
}

}  // namespace detail

namespace {

using detail::Kind;

// Whether a character of the kind goes on with the run instead of beginning another.
bool Continues(const Run& run, Kind before, Kind kind) {
    if (run.folded.empty() || before != kind || kind == Kind::kEmoji) return false;
    return kind == Kind::kLetter || kind == Kind::kWithoutBlanks;
}

}  // namespace

std::vector<Run> Runs(std::string_view text) {
    std::vector<Run> runs;
    Kind before = Kind::kBetween;
    std::size_t words = 0;
    std::size_t length = 0;
    for (std::size_t at = 0; at < text.size(); at += length) {
        length = detail::CharacterBytes(text.substr(at));
        const char32_t character = detail::Decode(text.substr(at, length));
        const char32_t folded = detail::Fold(character);
        const Kind kind = detail::KindOf(folded);
        if (kind == Kind::kMark) {
            if (before != Kind::kBetween) runs.back().end = at + length;
            continue;
        }
        const bool goes_on = !runs.empty() && Continues(runs.back(), before, kind);
        before = kind;
        if (kind == Kind::kBetween) continue;
        if (!goes_on || kind == Kind::kWithoutBlanks) {
            if (++words > kWordsMax) break;
        }
        if (!goes_on) runs.push_back({{}, at, at, kind == Kind::kWithoutBlanks});
        detail::Encode(folded, &runs.back().folded);
        runs.back().end = at + length;
    }
    return runs;
}

namespace {

// Pairs of neighbours, and the last character alone: what begins anywhere can be asked for.
void AppendPairs(const Run& run, std::int32_t place, std::vector<Word>* words) {
    std::vector<std::size_t> starts;
    const std::string_view text = run.folded;
    for (std::size_t at = 0; at < text.size(); at += detail::CharacterBytes(text.substr(at))) {
        starts.push_back(at);
    }
    // Every character is there, each in as many bytes: those scripts know no case.
    const bool same_bytes = run.end - run.begin == text.size();
    starts.push_back(text.size());
    starts.push_back(text.size());
    for (std::size_t i = 0; i + 2 < starts.size(); ++i) {
        const std::size_t begin = starts[i];
        const std::size_t end = starts[i + 2];
        Word word{std::string(text.substr(begin, end - begin)), run.begin, run.end, place++};
        if (same_bytes) {
            word.begin = run.begin + begin;
            word.end = run.begin + end;
        }
        words->push_back(std::move(word));
    }
}

}  // namespace

void AppendWords(const Run& run, std::int32_t place, std::vector<Word>* words) {
    if (run.without_blanks) return AppendPairs(run, place, words);
    words->push_back({std::string(CutUtf8(run.folded, kWordBytesMax)), run.begin, run.end, place});
}

std::vector<Word> Words(std::string_view text) {
    std::vector<Word> words;
    for (const Run& run : Runs(text)) {
        const std::int32_t place = words.empty() ? 1 : words.back().place + 1;
        AppendWords(run, place, &words);
    }
    return words;
}

}  // namespace unibox::search
