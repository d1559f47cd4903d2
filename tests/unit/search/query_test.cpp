#include "search/query.hpp"

#include "search/lexemes.hpp"
#include "support/status_matchers.hpp"

#include <catch2/catch.hpp>

#include <random>

namespace unibox::search {
namespace {

using test::HasCode;

std::string AsTsQuery(std::string_view text) {
    const auto query = ParseQuery(text);
    REQUIRE_OK(query);
    return TsQueryOf(TenantId{7}, *query);
}

TEST_CASE("Query: all words, the last one may go on", "[unit][search]") {
    CHECK(AsTsQuery("late order") == "('7.late') & ('7.order':*)");
    CHECK(AsTsQuery("late order ") == "('7.late') & ('7.order')");
    CHECK(AsTsQuery("  Où   ÉTÉ!") == "('7.ou') & ('7.ete')");
    CHECK(AsTsQuery("a") == "('7.a')");  // A single letter would begin too many.
    CHECK(AsTsQuery("ab") == "('7.ab':*)");
}

TEST_CASE("Query: a phrase, in quotation marks or joined", "[unit][search]") {
    CHECK(AsTsQuery("\"order is late\"") == "('7.order' <1> '7.is' <1> '7.late')");
    CHECK(AsTsQuery("x\"a b\"c") == "('7.x') & ('7.a' <1> '7.b') & ('7.c')");
    CHECK(AsTsQuery("re-order") == "('7.re' <1> '7.order':*)");
    CHECK(AsTsQuery("me@example.com now") == "('7.me' <1> '7.example' <1> '7.com') & ('7.now':*)");
    // A mark that is not closed ends with the query.
    CHECK(AsTsQuery("late \"my or") == "('7.late') & ('7.my' <1> '7.or')");
    CHECK(AsTsQuery("\"\" late \"") == "('7.late')");
}

TEST_CASE("Query: scripts without blanks", "[unit][search]") {
    CHECK(AsTsQuery("订单") == "('7.订单')");
    CHECK(AsTsQuery("的订单") == "('7.的订' <1> '7.订单')");
    CHECK(AsTsQuery("单") == "('7.单':*)");
    CHECK(AsTsQuery("手机iphone") == "('7.手机' <2> '7.iphone':*)");
    CHECK(AsTsQuery("🎉") == "('7.🎉':*)");
}

TEST_CASE("Query: operators are text", "[unit][search]") {
    CHECK(
        AsTsQuery("a & b | !c <-> (d):* 'e\\'f") ==
        "('7.a') & ('7.b') & ('7.c') & ('7.d') & ('7.e' <1> '7.f')"
    );
    CHECK(AsTsQuery("'; DROP TABLE messages; --") == "('7.drop') & ('7.table') & ('7.messages')");
    CHECK(AsTsQuery("8.secret ") == "('7.8' <1> '7.secret')");  // Nobody else's words.
}

TEST_CASE("Query: nothing to search for, or too much", "[unit][search]") {
    for (const char* text : {"", "   ", "!?", "\"\"", "& | ! <->", "\u200F", "。、", "\u0301"}) {
        INFO(text);
        CHECK_THAT(ParseQuery(text).status(), HasCode(Code::kInvalidArgument));
        CHECK_THAT(ContactQueryOf(TenantId{7}, text).status(), HasCode(Code::kInvalidArgument));
    }
    CHECK_THAT(
        ParseQuery(std::string(kQueryBytesMax + 1, 'x')).status(), HasCode(Code::kInvalidArgument)
    );
    REQUIRE_OK(ParseQuery(std::string(kQueryBytesMax, 'x')));
    std::string words;
    for (std::size_t i = 0; i < kQueryTermsMax; ++i) words += "w ";
    REQUIRE_OK(ParseQuery(words));
    CHECK_THAT(ParseQuery(words + "w").status(), HasCode(Code::kInvalidArgument));
}

// Bytes that are no UTF-8 do not come (protobuf refuses them), and nothing depends on it.
TEST_CASE("Query: garbage is refused or becomes quoted words", "[unit][search]") {
    std::mt19937 random(20'261'130);
    for (int round = 0; round < 20'000; ++round) {
        std::string text(random() % 40, ' ');
        for (char& byte : text) byte = static_cast<char>(random() % 256);
        const auto query = ParseQuery(text);
        if (!query.ok()) continue;
        const std::string asked = TsQueryOf(TenantId{7}, *query);
        std::size_t quotes = 0;
        for (const char c : asked) quotes += c == '\'' ? 1 : 0;
        std::size_t words = 0;
        for (const Phrase& phrase : query->phrases) words += phrase.words.size();
        REQUIRE(quotes == 2 * words);
        REQUIRE(asked.find('\\') == std::string::npos);
    }
}

}  // namespace
}  // namespace unibox::search
