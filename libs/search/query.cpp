#include "search/query.hpp"

#include <algorithm>
#include <string>
#include <utility>

namespace unibox::search {
namespace {

// What stands between blanks or quotation marks.
struct Part {
    std::string_view text;
    bool last = false;  // Ends where the query ends, outside of quotation marks.
};

constexpr std::string_view kBlanks = " \t\r\n\f\v";

std::vector<Part> Split(std::string_view text) {
    std::vector<Part> parts;
    std::size_t at = 0;
    while (at < text.size()) {
        const bool quoted = text[at] == '"';
        const std::size_t begin = quoted ? at + 1 : at;
        const std::size_t found =
            quoted ? text.find('"', begin) : text.find_first_of(std::string(kBlanks) + '"', begin);
        const std::size_t end = std::min(found, text.size());
        parts.push_back({text.substr(begin, end - begin), !quoted && end == text.size()});
        const bool skips = end < text.size() && (quoted || text[end] != '"');
        at = skips ? end + 1 : end;
    }
    return parts;
}

Phrase PhraseOf(const Part& part) {
    const std::vector<Run> runs = Runs(part.text);
    Phrase phrase;
    std::int32_t place = 1;
    for (std::size_t i = 0; i < runs.size(); ++i) {
        const Run& run = runs[i];
        std::vector<Word> words;
        AppendWords(run, place, &words);
        place = words.back().place + 1;
        const bool ends = i + 1 == runs.size();
        // Nothing that is stored is one such character alone, but where it is the last.
        const bool part_of_pairs = run.without_blanks && words.size() == 1;
        // The last pair is a whole one: what follows it in a text is not asked for.
        if (run.without_blanks && words.size() > 1) words.pop_back();
        if (ends) {
            const bool typed = part.last && run.end == part.text.size() &&
                               run.folded.size() >= kPrefixBytesMin && !run.without_blanks;
            phrase.prefix = typed || part_of_pairs;
        }
        std::move(words.begin(), words.end(), std::back_inserter(phrase.words));
    }
    return phrase;
}

}  // namespace

Result<Query> ParseQuery(std::string_view text) {
    if (text.size() > kQueryBytesMax) {
        return InvalidArgument("must have at most " + std::to_string(kQueryBytesMax) + " bytes");
    }
    Query query;
    std::size_t count = 0;
    for (const Part& part : Split(text)) {
        Phrase phrase = PhraseOf(part);
        if (phrase.words.empty()) continue;
        count += phrase.words.size();
        query.phrases.push_back(std::move(phrase));
    }
    if (query.phrases.empty()) return InvalidArgument("must have a letter, a digit or an emoji");
    if (count > kQueryTermsMax) {
        return InvalidArgument("must have at most " + std::to_string(kQueryTermsMax) + " words");
    }
    return query;
}

}  // namespace unibox::search
