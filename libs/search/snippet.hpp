// What is shown of a text that was found: the part around the first words that match.
// Thread safety: a pure function.
#pragma once

#include "search/query.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace unibox::search {

inline constexpr std::size_t kSnippetBytesMax = 320;

struct Match {
    std::int32_t begin = 0;  // Characters (code points) of the snippet,
    std::int32_t end = 0;    // this one no more.
    bool operator==(const Match&) const = default;
};

struct Snippet {
    std::string text;            // As it stands in the text: no markup, nothing folded.
    std::vector<Match> matches;  // In their order, none in another.
    bool cut_before = false;     // There is text before it,
    bool cut_after = false;      // or behind it.
};

// `text` must be UTF-8. Without a match, its beginning.
Snippet SnippetOf(std::string_view text, const Query& query);

}  // namespace unibox::search
