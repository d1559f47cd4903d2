#include "uniboxctl/table.hpp"

#include <catch2/catch.hpp>

using unibox::ctl::Answer;
using unibox::ctl::Json;
using unibox::ctl::Table;

TEST_CASE("Table: aligns columns, numbers to the right, wide letters too", "[unit][uniboxctl]") {
    Table table({"name", "last_seq", "ok"});
    table.Add({std::string("Zoë"), std::int64_t{7}, true});
    table.Add({std::string("a\nb"), std::int64_t{1234567890}, false});
    CHECK(
        table.ToText() ==
        "NAME    LAST SEQ  OK\n"
        "Zoë            7  yes\n"
        "a b   1234567890  no\n"
    );
}

TEST_CASE("Answer: tables and values as text and as JSON", "[unit][uniboxctl]") {
    Table table({"id", "error"});
    table.Add({std::int64_t{1}, std::string("a \"quoted\"\nline")});
    Answer answer;
    answer.Add("letters", std::move(table)).Add("version", std::int64_t{3});
    CHECK(answer.ToText() == "LETTERS\nID  ERROR\n 1  a \"quoted\" line\nversion: 3\n");
    CHECK(
        answer.ToJson() ==
        "{\n  \"letters\": [\n    {\n      \"id\": 1,\n      \"error\": \"a "
        "\\\"quoted\\\"\\nline\"\n"
        "    }\n  ],\n  \"version\": 3\n}\n"
    );
}

TEST_CASE("Answer: bytes that are no UTF-8 do not break the JSON", "[unit][uniboxctl]") {
    const std::string json = Answer().Add("body", std::string("\xFF\x01")).ToJson();
    CHECK(json == "{\n  \"body\": \"\xEF\xBF\xBD\\u0001\"\n}\n");
}

TEST_CASE("Answer: a terminal is given nothing that it would obey", "[unit][uniboxctl]") {
    // Escape, a C1 control as UTF-8, the same as a bare byte, a letter.
    const std::string text = "\x1b[2J \xC2\x9B \x9B \xC3\xA9\tx\n";
    CHECK(Answer().Add("body", text).ToText() == "body: \\x1b[2J \\xc2\\x9b \\x9b \xC3\xA9\tx\n\n");
    Table table({"a"});
    table.Add({text});
    CHECK(table.ToText() == "A\n [2J      \xC3\xA9 x\n");
}

TEST_CASE("Answer: bytes are text or base64 in JSON", "[unit][uniboxctl]") {
    CHECK(Answer().AddBytes("body", "\xC3\xA9").ToJson() == "{\n  \"body\": \"\xC3\xA9\"\n}\n");
    CHECK(Answer().AddBytes("body", "\xFF\x01").ToJson() == "{\n  \"body_base64\": \"/wE=\"\n}\n");
}

TEST_CASE("Answer: JSON texts are values of their own", "[unit][uniboxctl]") {
    Table table({"name", "old", "new"});
    table.Add({std::string("a"), Json{"null"}, Json{R"({"n":1})"}});
    table.Add({std::string("b"), Json{"no json"}, Json{"[2]"}});
    Answer answer;
    answer.Add("rows", std::move(table));
    CHECK(answer.ToText() == "NAME  OLD      NEW\na              {\"n\":1}\nb     no json  [2]\n");
    const std::string json = answer.ToJson();
    CHECK(json.find("\"old\": null") != std::string::npos);
    CHECK(json.find("\"n\": 1") != std::string::npos);
    CHECK(json.find("\"old\": \"no json\"") != std::string::npos);
}

TEST_CASE("TimeText: UTC, nothing for zero", "[unit][uniboxctl]") {
    CHECK(unibox::ctl::TimeText(0).empty());
    CHECK(unibox::ctl::TimeText(1'785'412'800'999) == "2026-07-30 12:00:00");
}

TEST_CASE("Answer: a list is an array, and words for people", "[unit][uniboxctl]") {
    Table table({"scopes"});
    table.Add({std::vector<std::string>{"inbox:read", "ingest:write"}});
    CHECK(table.ToText() == "SCOPES\ninbox:read ingest:write\n");
    const std::string json = Answer().Add("keys", std::move(table)).ToJson();
    CHECK(json.find("\"scopes\": [\n        \"inbox:read\",") != std::string::npos);
}
