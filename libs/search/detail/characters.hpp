// What kind of character one is, and as what it is searched for. Private to search.
// Thread safety: pure functions.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace unibox::search::detail {

enum class Kind {
    kLetter,         // Digits too.
    kWithoutBlanks,  // A letter of a script that puts no blanks between words.
    kEmoji,
    kMark,  // Belongs to the character before and changes no word.
    kBetween,
};

Kind KindOf(char32_t character);
char32_t Fold(char32_t character);

// One well-formed sequence of UTF-8; and back.
char32_t Decode(std::string_view sequence);
void Encode(char32_t character, std::string* out);
// Of the character at the start of `text`, which is not empty; 1 if there is none.
std::size_t CharacterBytes(std::string_view text);

}  // namespace unibox::search::detail
