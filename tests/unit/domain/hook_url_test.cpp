#include "domain/hook_url.hpp"

#include <catch2/catch.hpp>

using unibox::domain::JoinHookUrl;
using unibox::domain::kMetaWebhooks;
using unibox::domain::kTwilioWebhooks;
using unibox::domain::UrlToEnter;
using unibox::domain::WithoutFragment;

TEST_CASE("JoinHookUrl: one slash between its parts", "[unit][domain]") {
    CHECK(JoinHookUrl("https://a.example", kMetaWebhooks) == "https://a.example/v1/hooks/meta");
    CHECK(JoinHookUrl("https://a.example/", kMetaWebhooks) == "https://a.example/v1/hooks/meta");
    CHECK(
        JoinHookUrl("http://a/in//", kTwilioWebhooks, "tok") == "http://a/in/v1/hooks/twilio/tok"
    );
}

TEST_CASE("UrlToEnter: Twilio alone is told to retry, and calls without it", "[unit][domain]") {
    const std::string entered = UrlToEnter("https://h.example", kTwilioWebhooks, "T");
    CHECK(entered == "https://h.example/v1/hooks/twilio/T#rc=5&rp=all");
    CHECK(WithoutFragment(entered) == JoinHookUrl("https://h.example", kTwilioWebhooks, "T"));
    for (const unibox::domain::WebhookSource* other : unibox::domain::kWebhookSources) {
        if (other == &kTwilioWebhooks) continue;
        CHECK(
            UrlToEnter("https://h.example", *other, "T") ==
            JoinHookUrl("https://h.example", *other, "T")
        );
    }
}
