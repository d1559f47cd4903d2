#include "uniboxctl/webhook_url.hpp"

#include <catch2/catch.hpp>

namespace unibox::ctl {
namespace {

TEST_CASE("webhook url: base, provider and token", "[unit][uniboxctl]") {
    CHECK(WebhookUrl("https://h.example/in//", "meta", "") == "https://h.example/in/v1/hooks/meta");
    CHECK(WebhookUrl("https://h.example", "twilio", "T") == "https://h.example/v1/hooks/twilio/T");
}

TEST_CASE("webhook url: Twilio alone is told to retry, and calls without it", "[unit][uniboxctl]") {
    const std::string entered = UrlToEnter("https://h.example", "twilio", "T");
    CHECK(entered == "https://h.example/v1/hooks/twilio/T#rc=5&rp=all");
    CHECK(WithoutFragment(entered) == WebhookUrl("https://h.example", "twilio", "T"));
    for (const char* other : {"telegram", "meta", "standard"}) {
        CHECK(
            UrlToEnter("https://h.example", other, "T") ==
            WebhookUrl("https://h.example", other, "T")
        );
    }
}

}  // namespace
}  // namespace unibox::ctl
