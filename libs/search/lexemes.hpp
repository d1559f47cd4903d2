// Words as PostgreSQL keeps and finds them: the texts of a tsvector and of a tsquery.
//
// A lexeme begins with its tenant ("42.order"): the words of an index are each tenant's own, so
// that a search costs what its tenant has, whatever the others do. No lexeme has a quotation mark
// or a backslash. Thread safety: pure functions.
#pragma once

#include "base/ids.hpp"
#include "search/query.hpp"
#include "search/words.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace unibox::search {

// The tsvector of a text; "" if it has no words.
std::string TsVectorOf(TenantId tenant, std::string_view text);
// The tsquery of what was asked for.
std::string TsQueryOf(TenantId tenant, const Query& query);

// Of contacts any part of a word is found: a lexeme for each character, with the two that follow.
std::string GramVectorOf(TenantId tenant, const std::vector<Run>& words);

// What was asked of contacts: every part must be in one of their words.
struct ContactQuery {
    std::string grams;               // A tsquery, which finds a few too many,
    std::vector<std::string> parts;  // for each must be found in FoldedOf as it stands.
};
// INVALID_ARGUMENT without field, as ParseQuery.
Result<ContactQuery> ContactQueryOf(TenantId tenant, std::string_view text);

// The words with one blank between them, at most 512 bytes.
std::string FoldedOf(const std::vector<Run>& words);

}  // namespace unibox::search
