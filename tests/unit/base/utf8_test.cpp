#include "base/utf8.hpp"

#include <catch2/catch.hpp>

#include <string>

namespace unibox {

TEST_CASE("Utf8SequenceLength: the characters that Unicode knows, and nothing else", "[unit]") {
    CHECK(Utf8SequenceLength("") == 0);
    CHECK(Utf8SequenceLength(std::string(1, '\0')) == 1);
    CHECK(Utf8SequenceLength("az") == 1);
    CHECK(Utf8SequenceLength("\xC3\xA9z") == 2);
    CHECK(Utf8SequenceLength("\xE2\x82\xACz") == 3);
    CHECK(Utf8SequenceLength("\xF4\x8F\xBF\xBF") == 4);
    for (const char* bad :
         {"\x80",
          "\xC0\x80",
          "\xC3",
          "\xC3z",
          "\xE0\x80\x80",
          "\xED\xA0\x80",
          "\xE2\x82",
          "\xF0\x80\x80\x80",
          "\xF4\x90\x80\x80",
          "\xF5\x80\x80\x80",
          "\xFF"}) {
        CAPTURE(std::string(bad));
        CHECK(Utf8SequenceLength(bad) == 0);
    }
}

TEST_CASE("IsStorableText: finds the bad byte wherever it lies", "[unit]") {
    const std::string plain(40, 'a');
    CHECK(IsStorableText(""));
    CHECK(IsStorableText(plain));
    for (std::size_t at = 0; at < plain.size(); ++at) {
        for (const char bad : {'\0', '\x80', '\xFF'}) {
            std::string text = plain;
            text[at] = bad;
            CHECK_FALSE(IsStorableText(text));
        }
        std::string text = plain;
        text[at] = '\x01';
        CHECK(IsStorableText(text));
        text[at] = '\x7F';
        CHECK(IsStorableText(text));
        CHECK(IsStorableText(text.insert(at, "\xC3\xA9")));
    }
}

}  // namespace unibox
