#include "channels/json.hpp"

#include "base/utf8.hpp"
#include "channels/text.hpp"
#include "support/status_matchers.hpp"

#include <catch2/catch.hpp>

namespace unibox::channels {
namespace {

using test::HasCode;
using test::StatusOf;

// The text of member "t" of {"t":<json>} and whether its neighbour survived.
std::string Mended(const std::string& json) {
    const auto document = JsonDocument::ParseTolerant("{\"t\":" + json + ",\"n\":\"fine\"}");
    REQUIRE_OK(document);
    CHECK(document->root()["n"].Text() == "fine");
    return document->root()["t"].Text();
}

const std::string kMark = std::string(kReplacementCharacter);

TEST_CASE("json: strings are mended one by one", "[unit][channels]") {
    CHECK(Mended(R"("plain \u00e9 \ud83d\udc4b \/ \"")") == "plain \u00e9 \U0001F44B / \"");
    CHECK(Mended(R"("cut \ud83d")") == "cut " + kMark);
    CHECK(Mended(R"("\udc4b\ud83d\ud83d\udc4b")") == kMark + kMark + "\U0001F44B");
    CHECK(Mended(R"("\ud83dx")") == kMark + "x");
    CHECK(Mended(R"("\ud83d\n")") == kMark + "\n");
    CHECK(Mended(R"("a\u0000b")") == "a" + kMark + "b");
    CHECK(Mended("\"a\xff\xfe\x62\"") == "a" + kMark + kMark + "b");
    CHECK(Mended("\"\xed\xa0\x80\xc0\x80\xf4\x90\x80\x80\"").find("\xed") == std::string::npos);
    CHECK(Mended("\"a\nb\tc\"") == "a\nb\tc");
    CHECK(Mended(R"("a\qb")") == "a" + kMark + "b");
    CHECK(Mended(R"("a\u12")") == "a" + kMark + "12");
}

TEST_CASE("json: numbers keep their digits whatever their size", "[unit][channels]") {
    CHECK(Mended("9007199254740993") == "9007199254740993");
    CHECK(Mended("-1001234567890") == "-1001234567890");
    CHECK(Mended("18446744073709551615") == "18446744073709551615");
    CHECK(Mended("184467440737095516150000") == "184467440737095516150000");
    CHECK(Mended("1e999") == "1e999");
    CHECK(Mended("7311000000000001.0") == "7311000000000001");
    CHECK(Mended("true").empty());
    CHECK(Mended("null").empty());
    CHECK(Mended("[1]").empty());
}

TEST_CASE(
    "json: what is nested too deeply is left out, and its neighbours stay", "[unit][channels]"
) {
    for (const std::size_t depth : {100, 2000, 100'000}) {
        const std::string deep = std::string(depth, '[') + "\"]\\\"\"" + std::string(depth, ']');
        CHECK(Mended(deep).empty());
        std::string objects;
        for (std::size_t i = 0; i < depth; ++i) objects += "{\"a\":";
        CHECK(Mended(objects + "1" + std::string(depth, '}')).empty());
    }
    const auto document = JsonDocument::ParseTolerant(
        "{\"t\":" + std::string(5000, '[') + std::string(5000, ']') + "}"
    );
    REQUIRE_OK(document);
    CHECK(document->repairs().depth);
}

TEST_CASE("json: what is no object is refused", "[unit][channels]") {
    for (const std::string& body :
         {std::string(),
          std::string(" "),
          std::string("[]"),
          std::string("1"),
          std::string("\"a\""),
          std::string("{\"a\":"),
          std::string("{\"a\":1}}"),
          std::string("{\"a\" 1}"),
          std::string("{\"a\":\"b"),
          std::string("\0", 1),
          std::string("{") + std::string(70'000, '['),
          std::string(70'000, '{')}) {
        CAPTURE(body.substr(0, 20));
        CHECK_THAT(StatusOf(JsonDocument::ParseTolerant(body)), HasCode(Code::kInvalidArgument));
        CHECK_THAT(StatusOf(JsonDocument::ParseStrict(body)), HasCode(Code::kInvalidArgument));
    }
    CHECK(JsonDocument::ParseTolerant("\xEF\xBB\xBF{}").ok());
}

std::string RefusedField(const std::string& body) {
    const auto document = JsonDocument::ParseStrict(body);
    CHECK_FALSE(document.ok());
    return document.status().field();
}

TEST_CASE("json: strict documents name the field that is wrong", "[unit][channels]") {
    CHECK(RefusedField(R"({"a":1,"a":2})") == "a");
    CHECK(RefusedField(R"({"a":{"b":[{"c":1},{"c":1,"c":2}]}})") == "a.b[1].c");
    CHECK(RefusedField("{\"a\":{\"t\":\"x\xff\"}}") == "a.t");
    CHECK(RefusedField("{\"a\":[\"ok\",\"\xc3\"]}") == "a[1]");
    CHECK(RefusedField("{\"k\xff\":1}") == "body");
    CHECK(RefusedField("{\"a\":\"\n\"}") == "body");
    CHECK(RefusedField(R"({"a":"\q"})") == "body");
    CHECK(RefusedField("") == "body");
    std::string deep = "1";
    for (int i = 0; i < 70; ++i) deep = "{\"a\":" + deep + "}";
    CHECK_FALSE(RefusedField(deep).empty());
    CHECK(JsonDocument::ParseStrict(
              R"({"a":"\ud83d","b":"\u0000","c":123456789012345678901234567890})"
    )
              .ok());
}

TEST_CASE("json: values are read forgivingly", "[unit][channels]") {
    const auto document = JsonDocument::ParseTolerant(
        R"({"i":"12","d":"1.5","t":"true","one":1,"no":false,"s":1785412800,"a":[1,2],"o":{"x":)"
        R"(null}})"
    );
    REQUIRE_OK(document);
    const JsonValue& root = document->root();
    CHECK(root["i"].Int() == 12);
    CHECK_FALSE(root["d"].Int());
    CHECK(root["d"].Number() == 1.5);
    CHECK(root["t"].Truth());
    CHECK(root["one"].Truth());
    CHECK_FALSE(root["no"].Truth());
    CHECK(root["s"].TimeMs() == 1'785'412'800'000);
    CHECK_FALSE(root["o"]["x"].exists());
    CHECK_FALSE(root["absent"]["deeper"]["still"].exists());
    CHECK(root["o"].Json() == "{\"x\":null}");
    int count = 0;
    for (const auto item : root["a"].Items())
        count += static_cast<int>(JsonValue(item).Int().value_or(0));
    for (const auto item : root["i"].Items()) count += JsonValue(item).exists() ? 100 : 100;
    CHECK(count == 3);
}

TEST_CASE("json: documents may live side by side", "[unit][channels]") {
    const auto first = JsonDocument::ParseTolerant(R"({"a":"first"})");
    const auto second = JsonDocument::ParseTolerant(R"({"a":"second"})");
    REQUIRE_OK(first);
    REQUIRE_OK(second);
    CHECK(first->root()["a"].Text() == "first");
    CHECK(second->root()["a"].Text() == "second");
}

TEST_CASE("text: names in snake case", "[unit][channels]") {
    CHECK(SnakeCase("Contact.Blocked-2") == "contact_blocked_2");
    CHECK(SnakeCase(std::string(100, 'a')).size() == 64);
}

}  // namespace
}  // namespace unibox::channels
