#include "base/utf8.hpp"
#include "search/detail/characters.hpp"
#include "search/detail/lexeme.hpp"
#include "search/lexemes.hpp"

#include <set>

namespace unibox::search {
namespace {

constexpr std::size_t kFoldedBytesMax = 512;
constexpr std::size_t kGramCharacters = 3;

// For each character of the word, the characters from there on, three at most.
std::vector<std::string> GramsOf(std::string_view word) {
    std::vector<std::string> grams;
    while (!word.empty()) {
        grams.emplace_back(FirstCharacters(word, kGramCharacters));
        word.remove_prefix(detail::CharacterBytes(word));
    }
    return grams;
}

}  // namespace

std::string GramVectorOf(TenantId tenant, const std::vector<Run>& words) {
    std::set<std::string> grams;
    for (const Run& word : words) {
        for (std::string& gram : GramsOf(word.folded)) grams.insert(std::move(gram));
    }
    std::string vector;
    for (const std::string& gram : grams) vector += detail::Lexeme(tenant, gram) + " ";
    return vector;
}

Result<ContactQuery> ContactQueryOf(TenantId tenant, std::string_view text) {
    if (text.size() > kQueryBytesMax) {
        return InvalidArgument("must have at most " + std::to_string(kQueryBytesMax) + " bytes");
    }
    ContactQuery query;
    for (const Run& run : Runs(text)) {
        const auto grams = GramsOf(run.folded);
        // The last two are shorter: parts of the ones before, if there are any.
        const std::size_t whole = grams.size() < kGramCharacters ? 1 : grams.size() - 2;
        for (std::size_t i = 0; i < whole; ++i) {
            if (!query.grams.empty()) query.grams += " & ";
            query.grams += detail::Lexeme(tenant, grams[i]);
            if (grams.size() < kGramCharacters) query.grams += ":*";
        }
        query.parts.push_back(run.folded);
    }
    if (query.parts.empty()) return InvalidArgument("must have a letter, a digit or an emoji");
    if (query.parts.size() > kQueryTermsMax) {
        return InvalidArgument("must have at most " + std::to_string(kQueryTermsMax) + " words");
    }
    return query;
}

std::string FoldedOf(const std::vector<Run>& words) {
    std::string folded;
    for (const Run& word : words) {
        if (!folded.empty()) folded += ' ';
        folded += word.folded;
        if (folded.size() > kFoldedBytesMax) break;
    }
    return std::string(CutUtf8(folded, kFoldedBytesMax));
}

}  // namespace unibox::search
