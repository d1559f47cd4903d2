// Words of a text as they are searched for: the same rules for what is stored and for what is
// asked.
//
// A word is a run of letters, digits and marks; everything else parts words. Case and accents do
// not count ("Résumé" is "resume"), marks that vowels are written with in Arabic and Hebrew
// neither.
// No language is known: no stems, no stop words. Scripts that put no blanks between words (Chinese,
// Japanese, Thai, …; and Korean, whose words have endings) are cut into pairs of neighbouring
// characters, so that any two of them are found wherever they stand. An emoji is a word.
//
// Thread safety: pure functions.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace unibox::search {

// What is longer is known by its beginning.
inline constexpr std::size_t kWordBytesMax = 64;
// What follows in a text is not found: PostgreSQL counts places in a text up to 16,383.
inline constexpr std::size_t kWordsMax = 8'192;

// A piece of a text without anything between its characters, of one kind of script.
struct Run {
    std::string folded;           // UTF-8
    std::size_t begin = 0;        // bytes, in the text
    std::size_t end = 0;          // bytes, in the text
    bool without_blanks = false;  // Of a script that puts none between words.
};

// `text` must be UTF-8; at most kWordsMax characters of scripts without blanks and words together.
std::vector<Run> Runs(std::string_view text);

struct Word {
    std::string folded;      // UTF-8, at most kWordBytesMax
    std::size_t begin = 0;   // bytes, in the text
    std::size_t end = 0;     // bytes, in the text
    std::int32_t place = 0;  // Neighbours have neighbouring places; from 1.
};

std::vector<Word> Words(std::string_view text);

// Words of one run; the first has `place`.
void AppendWords(const Run& run, std::int32_t place, std::vector<Word>* words);

}  // namespace unibox::search
