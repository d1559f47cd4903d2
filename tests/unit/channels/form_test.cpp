#include "channels/form.hpp"

#include "support/status_matchers.hpp"

#include <catch2/catch.hpp>

namespace unibox::channels {
namespace {

using Fields = FormFields;

TEST_CASE("form: names and values are decoded and nothing is trimmed", "[unit][channels]") {
    CHECK(
        ParseForm("a=1&b=+x+&c=&d&=e&&f=%41%c3%A9%00").value() ==
        Fields{
            {"a", "1"},
            {"b", " x "},
            {"c", ""},
            {"d", ""},
            {"", "e"},
            {"f", std::string("A\xC3\xA9\0", 4)}}
    );
    CHECK(ParseForm("a=b=c").value() == Fields{{"a", "b=c"}});
    CHECK(ParseForm("").value().empty());
}

TEST_CASE("form: a percent sign that is no escape stays", "[unit][channels]") {
    CHECK(
        ParseForm("a=100%&b=%4&c=%zz&d=%").value() ==
        Fields{{"a", "100%"}, {"b", "%4"}, {"c", "%zz"}, {"d", "%"}}
    );
    CHECK(ParseForm("a=%41").value() == Fields{{"a", "A"}});
}

TEST_CASE("form: at most a thousand fields", "[unit][channels]") {
    std::string text;
    for (int i = 0; i < 1000; ++i) text += "a&";
    CHECK(ParseForm(text).value().size() == 1000);
    CHECK_THAT(test::StatusOf(ParseForm(text + "a")), test::HasCode(Code::kResourceExhausted));
}

TEST_CASE("form: the first value of a name is found", "[unit][channels]") {
    const Fields fields = ParseForm("a=1&b=2&a=3").value();
    CHECK(FindField(fields, "a") == "1");
    CHECK_FALSE(FindField(fields, "A"));
}

}  // namespace
}  // namespace unibox::channels
