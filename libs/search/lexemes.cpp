#include "search/lexemes.hpp"

#include "base/assert.hpp"
#include "search/detail/lexeme.hpp"

#include <map>

namespace unibox::search {
namespace {

// What PostgreSQL keeps of the places of one word.
constexpr std::size_t kPlacesMax = 255;

}  // namespace

std::string TsVectorOf(TenantId tenant, std::string_view text) {
    std::map<std::string, std::vector<std::int32_t>> places;
    for (const Word& word : Words(text)) {
        auto& known = places[word.folded];
        if (known.size() < kPlacesMax) known.push_back(word.place);
    }
    std::string vector;
    for (const auto& [word, at] : places) {
        vector += detail::Lexeme(tenant, word);
        char before = ':';
        for (const std::int32_t place : at) {
            vector += before + std::to_string(place);
            before = ',';
        }
        vector += ' ';
    }
    return vector;
}

std::string TsQueryOf(TenantId tenant, const Query& query) {
    UNIBOX_ASSERT(!query.phrases.empty());
    std::string text;
    for (const Phrase& phrase : query.phrases) {
        text += text.empty() ? "(" : " & (";
        for (std::size_t i = 0; i < phrase.words.size(); ++i) {
            const Word& word = phrase.words[i];
            if (i > 0) {
                const std::int32_t apart = word.place - phrase.words[i - 1].place;
                text += " <" + std::to_string(apart) + "> ";
            }
            text += detail::Lexeme(tenant, word.folded);
            if (phrase.prefix && i + 1 == phrase.words.size()) text += ":*";
        }
        text += ')';
    }
    return text;
}

}  // namespace unibox::search
