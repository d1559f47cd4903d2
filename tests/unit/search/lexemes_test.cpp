#include "search/lexemes.hpp"

#include "support/status_matchers.hpp"

#include <catch2/catch.hpp>

namespace unibox::search {
namespace {

TEST_CASE("Lexemes: each is its tenant's, with its places", "[unit][search]") {
    CHECK(
        TsVectorOf(TenantId{7}, "to be or Not to be") == "'7.be':2,6 '7.not':4 '7.or':3 '7.to':1,5 "
    );
    CHECK(TsVectorOf(TenantId{7}, " ?! ").empty());
}

TEST_CASE("Lexemes: a word that stands very often keeps its first places", "[unit][search]") {
    std::string text;
    for (int i = 0; i < 1'000; ++i) text += "ha ";
    const std::string vector = TsVectorOf(TenantId{7}, text);
    CHECK(vector.ends_with(",254,255 "));
}

TEST_CASE("Contacts: parts of three characters, whatever they are", "[unit][search]") {
    CHECK(
        GramVectorOf(TenantId{7}, Runs("Anaïs 42")) ==
        "'7.2' '7.42' '7.ais' '7.ana' '7.is' '7.nai' '7.s' "
    );
    const auto query = ContactQueryOf(TenantId{7}, "+351 naï x");
    REQUIRE_OK(query);
    CHECK(query->grams == "'7.351' & '7.nai' & '7.x':*");
    CHECK(query->parts == std::vector<std::string>{"351", "nai", "x"});
    const auto longer = ContactQueryOf(TenantId{7}, "silva");
    REQUIRE_OK(longer);
    CHECK(longer->grams == "'7.sil' & '7.ilv' & '7.lva'");
    CHECK(FoldedOf(Runs("João  da SILVA, +351")) == "joao da silva 351");
    CHECK(FoldedOf(Runs(std::string(5'000, 'x'))).size() == 512);
}

}  // namespace
}  // namespace unibox::search
