#include "uniboxctl/hook_url.hpp"

#include <catch2/catch.hpp>

using unibox::ctl::JoinHookUrl;

TEST_CASE("JoinHookUrl: one slash between its parts", "[unit][uniboxctl]") {
    CHECK(JoinHookUrl("https://a.example", "meta") == "https://a.example/v1/hooks/meta");
    CHECK(JoinHookUrl("https://a.example/", "meta") == "https://a.example/v1/hooks/meta");
    CHECK(JoinHookUrl("http://a/in//", "twilio", "tok") == "http://a/in/v1/hooks/twilio/tok");
}
