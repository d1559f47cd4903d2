#include "base/utf8.hpp"

#include <catch2/catch.hpp>

#include <string>

namespace unibox {
namespace {

TEST_CASE("utf8: clean text stays as it is", "[unit][base]") {
    const std::string good = "plain, caf\xC3\xA9, \xE2\x82\xAC, \xF0\x9F\x98\x80, \xF4\x8F\xBF\xBF";
    CHECK(IsUtf8(good));
    CHECK(IsCleanText(good));
    CHECK(CleanText(good) == good);
    CHECK(CleanText("") == "");
}

TEST_CASE("utf8: what is malformed is replaced byte by byte", "[unit][base]") {
    const std::string r(kReplacementCharacter);
    CHECK(CleanText(std::string("a\0b", 3)) == "a" + r + "b");
    CHECK(CleanText("\xC0\x80") == r + r);                  // overlong
    CHECK(CleanText("\xE0\x80\x80") == r + r + r);          // overlong
    CHECK(CleanText("\xF0\x80\x80\x80") == r + r + r + r);  // overlong
    CHECK(CleanText("\xED\xA0\x80") == r + r + r);          // surrogate
    CHECK(CleanText("\xF4\x90\x80\x80") == r + r + r + r);  // beyond U+10FFFF
    CHECK(CleanText("x\xE2\x82") == "x" + r + r);           // cut off
    CHECK(CleanText("\x80z") == r + "z");
    CHECK(CleanText("\xFF") == r);
}

TEST_CASE("utf8: the bad byte is found wherever it lies", "[unit][base]") {
    const std::string plain(40, 'x');
    CHECK(IsCleanText(plain));
    for (std::size_t at = 0; at < plain.size(); ++at) {
        for (const char bad : {'\0', '\x80', '\xFF'}) {
            std::string text = plain;
            text[at] = bad;
            CHECK_FALSE(IsCleanText(text));
            CHECK(IsUtf8(text) == (bad == '\0'));
            CHECK(CleanText(text).size() == plain.size() + 2);
        }
        std::string text = plain;
        text[at] = '\x7F';
        CHECK(IsCleanText(text));
        CHECK(IsCleanText(text.insert(at, "\xC3\xA9")));
    }
}

TEST_CASE("utf8: a cut never lies inside a character", "[unit][base]") {
    CHECK(
        CutUtf8(
            "a\xE2\x82\xAC"
            "b",
            3
        ) == "a"
    );
    CHECK(
        CutUtf8(
            "a\xE2\x82\xAC"
            "b",
            4
        ) == "a\xE2\x82\xAC"
    );
    CHECK(CutUtf8("abc", 3) == "abc");
    CHECK(CutUtf8("\xE2\x82\xAC", 0).empty());
    const std::string faces = "\xF0\x9F\x98\x80\xF0\x9F\x98\x80z";
    CHECK(FirstCharacters(faces, 1) == "\xF0\x9F\x98\x80");
    CHECK(FirstCharacters(faces, 3) == faces);
    CHECK(FirstCharacters("abc", 2) == "ab");
    CHECK(FirstCharacters("abc", 0) == "");
}

TEST_CASE("utf8: controls are C0, C1, DEL and the line ends of Unicode", "[unit][base]") {
    for (const char* control :
         {"\x1F", "\n", "\x7F", "\xC2\x80", "\xC2\x9F", "\xE2\x80\xA8", "\xE2\x80\xA9"}) {
        CHECK(IsControlCharacter(control));
    }
    CHECK(IsControlCharacter(std::string_view("\0", 1)));
    for (const char* other :
         {" ", "a", "\xC2\xA0", "\xC3\xA9", "\xE2\x80\xA7", "\xF0\x9F\x98\x80"}) {
        CHECK_FALSE(IsControlCharacter(other));
    }
}

}  // namespace
}  // namespace unibox
