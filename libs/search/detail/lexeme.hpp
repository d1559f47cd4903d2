// How a word lies in a tsvector and in a tsquery. Private to search.
// Thread safety: a pure function.
#pragma once

#include "base/ids.hpp"

#include <string>
#include <string_view>

namespace unibox::search::detail {

// `word` is folded: nothing in it needs to be escaped.
inline std::string Lexeme(TenantId tenant, std::string_view word) {
    std::string lexeme = "'" + std::to_string(tenant.value) + ".";
    lexeme += word;
    lexeme += '\'';
    return lexeme;
}

}  // namespace unibox::search::detail
