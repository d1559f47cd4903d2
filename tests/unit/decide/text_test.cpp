#include "decide/text.hpp"

#include "base/utf8.hpp"

#include <catch2/catch.hpp>

namespace unibox::decide {

TEST_CASE("OneLine: line ends and control characters become one space", "[unit][decide]") {
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

TEST_CASE("OneLine: at most 140 code points", "[unit][decide]") {
    std::string emoji;
    for (int i = 0; i < 200; ++i) emoji += "\xF0\x9F\x98\x80";
    CHECK(OneLine(emoji) == emoji.substr(0, 140 * 4));
    const std::string text(139, 'a');
    CHECK(OneLine(text + "bc") == text + "b");
    CHECK(OneLine(text + " c") == text);  // no blank at the end
    CHECK(OneLine(std::string(140, 'a')) == std::string(140, 'a'));
}

TEST_CASE("PreviewOf: text, else attachment, else payload", "[unit][decide]") {
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

TEST_CASE("PreviewOf: a template without its words shows its name", "[unit][decide]") {
    domain::MessageRow row;
    row.message_template.set_name("order\nshipped");
    CHECK(PreviewOf(row) == "[template] order shipped");
    row.body = "Your order was shipped.";
    CHECK(PreviewOf(row) == "Your order was shipped.");
}

}  // namespace unibox::decide
