// What somebody asks for, in words.
//
//   order late       both words, in any order
//   "order is late"  these words, one after the other
//   re-order         as written: the words of it one after the other
//   ord              at the end of the query: words that begin so
//
// Nothing is an operator but the quotation mark. Thread safety: pure functions.
#pragma once

#include "base/status.hpp"
#include "search/words.hpp"

#include <cstddef>
#include <string_view>
#include <vector>

namespace unibox::search {

inline constexpr std::size_t kQueryBytesMax = 512;
inline constexpr std::size_t kQueryTermsMax = 16;
// Words that begin with a single letter would be a large part of all words.
inline constexpr std::size_t kPrefixBytesMin = 2;

// Words that stand one after the other; one word is a phrase too.
struct Phrase {
    std::vector<Word> words;  // Their `place`s differ as they do in a text that matches.
    bool prefix = false;      // The last one may be the beginning of a word.
};

struct Query {
    std::vector<Phrase> phrases;  // All must be found; one at least.
};

// INVALID_ARGUMENT without field: too long, too many words, or no letter, digit or emoji in it.
Result<Query> ParseQuery(std::string_view text);

}  // namespace unibox::search
