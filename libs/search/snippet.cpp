#include "search/snippet.hpp"

#include "base/utf8.hpp"

#include <algorithm>
#include <optional>

namespace unibox::search {
namespace {

constexpr std::size_t kBytesBefore = 80;
constexpr std::size_t kMatchesMax = 32;

struct Piece {
    std::size_t begin = 0;  // bytes of the text
    std::size_t end = 0;
};

bool Fits(const Word& wanted, const Word& word, bool prefix) {
    return prefix ? word.folded.starts_with(wanted.folded) : word.folded == wanted.folded;
}

// Where the phrase stands if it begins with the word at `at`.
std::optional<Piece> MatchAt(const std::vector<Word>& words, std::size_t at, const Phrase& phrase) {
    Piece piece{words[at].begin, words[at].end};
    for (std::size_t i = 0; i < phrase.words.size(); ++i) {
        const Word& wanted = phrase.words[i];
        const std::int32_t place = words[at].place + wanted.place - phrase.words[0].place;
        // Places are numbered without gaps.
        const std::size_t index = static_cast<std::size_t>(place - words[0].place);
        const bool prefix = phrase.prefix && i + 1 == phrase.words.size();
        if (index >= words.size() || !Fits(wanted, words[index], prefix)) return std::nullopt;
        piece.end = std::max(piece.end, words[index].end);
    }
    return piece;
}

// In their order; those that touch are one.
std::vector<Piece> MatchesOf(const std::vector<Word>& words, const Query& query) {
    std::vector<Piece> pieces;
    for (std::size_t at = 0; at < words.size(); ++at) {
        for (const Phrase& phrase : query.phrases) {
            const auto piece = MatchAt(words, at, phrase);
            if (!piece) continue;
            if (!pieces.empty() && piece->begin < pieces.back().end) {
                pieces.back().end = std::max(pieces.back().end, piece->end);
            } else {
                pieces.push_back(*piece);
            }
        }
    }
    return pieces;
}

bool IsInsideCharacter(std::string_view text, std::size_t at) {
    return at < text.size() && (static_cast<unsigned char>(text[at]) & 0xC0) == 0x80;
}

// Where the snippet begins: with a word, if there is one not far from there.
std::size_t BeginOf(std::string_view text, std::size_t first_match) {
    if (first_match <= kBytesBefore) return 0;
    std::size_t begin = first_match - kBytesBefore;
    const std::size_t blank = text.find_first_of(" \n\t", begin);
    if (blank < first_match) begin = blank + 1;
    while (IsInsideCharacter(text, begin)) ++begin;
    return begin;
}

std::int32_t CharactersIn(std::string_view text) {
    return static_cast<std::int32_t>(std::count_if(text.begin(), text.end(), [](char byte) {
        return (static_cast<unsigned char>(byte) & 0xC0) != 0x80;
    }));
}

}  // namespace

Snippet SnippetOf(std::string_view text, const Query& query) {
    const std::vector<Word> words = Words(text);
    const std::vector<Piece> pieces = MatchesOf(words, query);
    const std::size_t begin = pieces.empty() ? 0 : BeginOf(text, pieces.front().begin);
    const std::string_view shown = CutUtf8(text.substr(begin), kSnippetBytesMax);
    Snippet snippet;
    snippet.text = shown;
    snippet.cut_before = begin > 0;
    snippet.cut_after = begin + shown.size() < text.size();
    for (const Piece& piece : pieces) {
        if (piece.begin >= begin + shown.size() || snippet.matches.size() == kMatchesMax) break;
        const std::size_t end = std::min(piece.end, begin + shown.size());
        snippet.matches.push_back(
            {CharactersIn(shown.substr(0, piece.begin - begin)),
             CharactersIn(shown.substr(0, end - begin))}
        );
    }
    return snippet;
}

}  // namespace unibox::search
