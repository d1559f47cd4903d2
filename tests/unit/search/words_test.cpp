#include "search/words.hpp"

#include "search/detail/characters.hpp"
#include "search/detail/fold_table.hpp"

#include <catch2/catch.hpp>

#include <algorithm>

namespace unibox::search {
namespace {

std::vector<std::string> FoldedWords(std::string_view text) {
    std::vector<std::string> folded;
    for (const Word& word : Words(text)) folded.push_back(word.folded);
    return folded;
}

using Texts = std::vector<std::string>;

TEST_CASE("Words: letters and digits, the rest parts them", "[unit][search]") {
    CHECK(FoldedWords("Where is order #4711-B?") == Texts{"where", "is", "order", "4711", "b"});
    CHECK(FoldedWords("a_b\tc\nd") == Texts{"a", "b", "c", "d"});
    CHECK(FoldedWords("“quoted” – dash… £5") == Texts{"quoted", "dash", "5"});
    CHECK(FoldedWords("mail me@example.com") == Texts{"mail", "me", "example", "com"});
    CHECK(Words("").empty());
    CHECK(Words(" .,;:!?-()[]{}<>|&*'\"\\/ \u2028\u3000。、").empty());
}

TEST_CASE("Words: case and accents do not count, composed or not", "[unit][search]") {
    CHECK(FoldedWords("RÉSUMÉ re\u0301sume\u0301") == Texts{"resume", "resume"});
    CHECK(
        FoldedWords("Ångström Łódź Çelik İstanbul") ==
        Texts{"angstrom", "lodz", "celik", "istanbul"}
    );
    CHECK(FoldedWords("ЗАКАЗ Ёлка") == Texts{"заказ", "елка"});
    CHECK(FoldedWords("ΣΊΣΥΦΟΣ σίσυφος") == Texts{"σισυφοσ", "σισυφοσ"});
    CHECK(FoldedWords("ｆｕｌｌ １２") == Texts{"full", "12"});
    CHECK(FoldedWords("Straße") == Texts{"straße"});
}

TEST_CASE("Words: from right to left, with and without the marks of vowels", "[unit][search]") {
    CHECK(FoldedWords("שָׁלוֹם עולם") == Texts{"שלום", "עולם"});
    CHECK(FoldedWords("مُحَمَّد") == FoldedWords("محمد"));
    CHECK(FoldedWords("أين طلبي؟") == Texts{"اين", "طلبي"});
    CHECK(FoldedWords("\u200Fטקסט\u200E") == Texts{"טקסט"});
    CHECK(FoldedWords("١٢٣") == Texts{"123"});
}

TEST_CASE("Words: scripts without blanks are cut into pairs", "[unit][search]") {
    CHECK(FoldedWords("我的订单") == Texts{"我的", "的订", "订单", "单"});
    CHECK(FoldedWords("注文はどこ") == Texts{"注文", "文は", "はど", "どこ", "こ"});
    CHECK(FoldedWords("주문") == Texts{"주문", "문"});
    CHECK(FoldedWords("iPhone手机") == Texts{"iphone", "手机", "机"});
    CHECK(FoldedWords("好") == Texts{"好"});
    // Thai tone marks are characters of their own.
    CHECK(FoldedWords("ไทย").size() == 3);
    const auto words = Words("我的订单");
    CHECK(words[1].begin == 3);
    CHECK(words[1].end == 9);
    CHECK(words[3].place == 4);
}

TEST_CASE("Words: an emoji is one, in whatever colour", "[unit][search]") {
    CHECK(FoldedWords("thanks🎉🎉 ok") == Texts{"thanks", "🎉", "🎉", "ok"});
    CHECK(FoldedWords("👍🏽") == Texts{"👍"});
    CHECK(FoldedWords("❤\uFE0F") == Texts{"❤"});
}

TEST_CASE("Words: where they stand, in bytes and one after the other", "[unit][search]") {
    const std::string text = "Où est l'été ?";
    const auto words = Words(text);
    REQUIRE(words.size() == 4);
    CHECK(text.substr(words[0].begin, words[0].end - words[0].begin) == "Où");
    CHECK(text.substr(words[3].begin, words[3].end - words[3].begin) == "été");
    for (std::size_t i = 0; i < words.size(); ++i) {
        CHECK(words[i].place == static_cast<std::int32_t>(i) + 1);
    }
}

TEST_CASE("Words: what is long is cut, words and texts", "[unit][search]") {
    const auto words = Words(std::string(1'000, 'x') + " ende");
    REQUIRE(words.size() == 2);
    CHECK(words[0].folded == std::string(kWordBytesMax, 'x'));
    CHECK(words[0].end == 1'000);
    std::string many;
    for (int i = 0; i < 20'000; ++i) many += "w ";
    CHECK(Words(many).size() == kWordsMax);
    std::string han;
    for (int i = 0; i < 20'000; ++i) han += "订";
    CHECK(Words(han).size() == kWordsMax);
}

// Whatever the bytes: nothing that has a meaning in a tsquery, nothing empty.
TEST_CASE("Words: no character of ASCII but letters and digits is in one", "[unit][search]") {
    for (char32_t character = 1; character < 0x30000; ++character) {
        if (character >= 0xD800 && character <= 0xDFFF) continue;
        std::string text;
        detail::Encode(character, &text);
        REQUIRE(detail::Decode(text) == character);
        for (const Word& word : Words(text)) {
            REQUIRE_FALSE(word.folded.empty());
            REQUIRE(word.begin == 0);
            REQUIRE(word.end == text.size());
            for (const char byte : word.folded) {
                const bool plain = (byte >= 'a' && byte <= 'z') || (byte >= '0' && byte <= '9');
                REQUIRE((plain || (byte & 0x80) != 0));
            }
            // What is stored and what is asked for meet, however often it was folded.
            REQUIRE(FoldedWords(word.folded) == Texts{word.folded});
        }
    }
}

TEST_CASE("Words: the table of letters can be searched", "[unit][search]") {
    CHECK(std::is_sorted(detail::kFoldedFrom.begin(), detail::kFoldedFrom.end()));
    CHECK(detail::kFoldedFrom.size() > 1'000);
}

}  // namespace
}  // namespace unibox::search
