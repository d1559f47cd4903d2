#include "search/snippet.hpp"

#include "base/utf8.hpp"
#include "support/status_matchers.hpp"

#include <catch2/catch.hpp>

namespace unibox::search {
namespace {

Snippet Of(std::string_view text, std::string_view query) {
    return SnippetOf(text, ParseQuery(query).value());
}

// The matches, cut out by their numbers of characters.
std::vector<std::string> Marked(const Snippet& snippet) {
    std::vector<std::string> marked;
    for (const Match& match : snippet.matches) {
        const auto begin = FirstCharacters(snippet.text, static_cast<std::size_t>(match.begin));
        const auto end = FirstCharacters(snippet.text, static_cast<std::size_t>(match.end));
        marked.emplace_back(end.substr(begin.size()));
    }
    return marked;
}

using Texts = std::vector<std::string>;

TEST_CASE("Snippet: words as they were written, counted in characters", "[unit][search]") {
    const Snippet snippet = Of("L'ÉTÉ dernier, où étais-tu? 🎉 Été!", "ete");
    CHECK(snippet.text == "L'ÉTÉ dernier, où étais-tu? 🎉 Été!");
    CHECK(Marked(snippet) == Texts{"ÉTÉ", "Été"});
    CHECK(snippet.matches[0] == Match{2, 5});
    CHECK_FALSE(snippet.cut_before);
    CHECK_FALSE(snippet.cut_after);
}

TEST_CASE("Snippet: phrases, beginnings, pairs", "[unit][search]") {
    CHECK(
        Marked(Of("late order, my order is late", "\"order is late\"")) == Texts{"order is late"}
    );
    CHECK(Marked(Of("orders ordered border", "order")) == Texts{"orders", "ordered"});
    CHECK(Marked(Of("请问我的订单在哪里", "我的订单")) == Texts{"我的订单"});
    CHECK(Marked(Of("a b c", "b a ")) == Texts{"a", "b"});
    CHECK(Marked(Of("nothing here", "else")).empty());
}

TEST_CASE("Snippet: around the first match of a long text, whole characters", "[unit][search]") {
    std::string text;
    for (int i = 0; i < 500; ++i) text += "füllwort ";
    text += "Bestellung";
    for (int i = 0; i < 500; ++i) text += " füllwort";
    const Snippet snippet = Of(text, "bestellung");
    CHECK(snippet.text.size() <= kSnippetBytesMax);
    CHECK(IsUtf8(snippet.text));
    CHECK(Marked(snippet) == Texts{"Bestellung"});
    CHECK(snippet.text.starts_with("füllwort"));
    CHECK(snippet.cut_before);
    CHECK(snippet.cut_after);
    // Without a blank to begin at.
    std::string han;
    for (int i = 0; i < 300; ++i) han += "字";
    const Snippet inside = Of(han + "订单" + han, "订单");
    CHECK(IsUtf8(inside.text));
    CHECK(Marked(inside) == Texts{"订单"});
}

}  // namespace
}  // namespace unibox::search
