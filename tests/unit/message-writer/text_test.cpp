#include "message-writer/text.hpp"

#include "base/utf8.hpp"

#include <catch2/catch.hpp>

namespace unibox::writer {

TEST_CASE("StorableText: leaves good text as it is", "[unit][writer]") {
    const std::string good = "a\xC3\xA9\xE2\x82\xAC\xF0\x9F\x98\x80\xF4\x8F\xBF\xBF";
    CHECK(IsStorableText(good));
    CHECK(StorableText(good) == good);
    CHECK(StorableText("") == "");
}

TEST_CASE("StorableText: replaces what PostgreSQL refuses", "[unit][writer]") {
    const std::string r = "\xEF\xBF\xBD";
    CHECK(StorableText(std::string("a\0b", 3)) == "a" + r + "b");
    CHECK(StorableText("\xC0\x80") == r + r);                  // overlong
    CHECK(StorableText("\xE0\x80\x80") == r + r + r);          // overlong
    CHECK(StorableText("\xF0\x80\x80\x80") == r + r + r + r);  // overlong
    CHECK(StorableText("\xED\xA0\x80") == r + r + r);          // surrogate
    CHECK(StorableText("\xF4\x90\x80\x80") == r + r + r + r);  // beyond U+10FFFF
    CHECK(StorableText("x\xE2\x82") == "x" + r + r);           // cut off
    CHECK(StorableText("\x80z") == r + "z");
    CHECK(StorableText("\xFF") == r);
}

TEST_CASE("StorableText: finds the bad byte wherever it lies", "[unit][writer]") {
    const std::string plain(40, 'a');
    CHECK(IsStorableText(plain));
    for (std::size_t at = 0; at < plain.size(); ++at) {
        for (const char bad : {'\0', '\x80', '\xFF'}) {
            std::string text = plain;
            text[at] = bad;
            CHECK_FALSE(IsStorableText(text));
            CHECK(StorableText(text).size() == plain.size() + 2);
        }
        std::string text = plain;
        text[at] = '\x01';
        CHECK(IsStorableText(text));
        text[at] = '\x7F';
        CHECK(IsStorableText(text));
        CHECK(IsStorableText(text.insert(at, "\xC3\xA9")));
    }
}

TEST_CASE("FirstChars: counts code points and never cuts one", "[unit][writer]") {
    CHECK(FirstChars("\xF0\x9F\x98\x80\xF0\x9F\x98\x80z", 1) == "\xF0\x9F\x98\x80");
    CHECK(
        FirstChars("\xF0\x9F\x98\x80\xF0\x9F\x98\x80z", 3) == "\xF0\x9F\x98\x80\xF0\x9F\x98\x80z"
    );
    CHECK(FirstChars("abc", 2) == "ab");
    CHECK(FirstChars("abc", 0) == "");
}

TEST_CASE("OneLine: line ends and control characters become one space", "[unit][writer]") {
    CHECK(OneLine("a\nb") == "a b");
    CHECK(OneLine("a \r\n\t b") == "a b");
    CHECK(
        OneLine("a\xC2\x85"
                "b\xE2\x80\xA8"
                "c") == "a b c"
    );
    CHECK(OneLine("a  b") == "a  b");  // plain spaces are the writer's own
    CHECK(OneLine("\n  a  \n") == "a");
    CHECK(OneLine("\n\n") == "");
    CHECK(OneLine("caf\xC3\xA9\xC2\xA0x") == "caf\xC3\xA9\xC2\xA0x");
}

TEST_CASE("OneLine: at most 140 code points", "[unit][writer]") {
    std::string emoji;
    for (int i = 0; i < 200; ++i) emoji += "\xF0\x9F\x98\x80";
    CHECK(OneLine(emoji) == emoji.substr(0, 140 * 4));
    const std::string text(139, 'a');
    CHECK(OneLine(text + "bc") == text + "b");
    CHECK(OneLine(text + " c") == text);  // no blank at the end
    CHECK(OneLine(std::string(140, 'a')) == std::string(140, 'a'));
}

TEST_CASE("PreviewOf: text, else attachment, else payload", "[unit][writer]") {
    domain::MessageRow row;
    CHECK(PreviewOf(row) == "");
    row.payload = "BUY\n1";
    CHECK(PreviewOf(row) == "BUY 1");
    auto& attachment = row.attachments.emplace_back();
    attachment.set_type(v1::ATTACHMENT_TYPE_IMAGE);
    CHECK(PreviewOf(row) == "[image]");
    attachment.set_name("cat.png");
    CHECK(PreviewOf(row) == "[image] cat.png");
    attachment.set_type(v1::ATTACHMENT_TYPE_OTHER);
    CHECK(PreviewOf(row) == "[attachment] cat.png");
    row.body = "look";
    CHECK(PreviewOf(row) == "look");
    row.deleted_at = 1;
    CHECK(PreviewOf(row) == "[deleted]");
}

}  // namespace unibox::writer
