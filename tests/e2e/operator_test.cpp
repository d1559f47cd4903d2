// The operator's way through the real programs: apply, channels, webhook send, selftest.
#include "support/eventually.hpp"
#include "support/inbox_client.hpp"
#include "support/stack.hpp"
#include "support/temp_dir.hpp"

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include <fstream>

namespace unibox::test {
namespace {

using Json = nlohmann::json;
using std::chrono::seconds;

// A channel of each provider. The base URLs end in a slash, as people type them.
constexpr const char* kTenants = R"(
apps:
  - {name: meta, provider: meta, secret: app-secret, verify_token: verify-me}
tenants:
  - name: demo
    channels:
      - {name: telegram, provider: telegram, secret: Telegram_secret}
      - {name: whatsapp, provider: whatsapp, route: "1"}
      - {name: messenger, provider: messenger, route: "2"}
      - {name: instagram, provider: instagram, route: "3"}
      - {name: sms, provider: twilio, secret: twilio-auth-token}
      - {name: own-sms, provider: twilio, secret: own-auth-token, public_base_url: "BASE/"}
      - {name: website, provider: standard, secret: "whsec_ZGVtby13ZWJzaXRlLXNlY3JldC0wMDE="}
    api_keys:
      - {name: tests, scopes: ["inbox:read"], key: FIRST_KEY}
)";

constexpr const char* kSms = "AccountSid=AC1&From=%2B351911000001&To=%2B14155550100&Body=hello&";

struct Sample {
    const char* channel;
    std::string body;
};

std::vector<Sample> Samples() {
    const std::string meta_message =
        R"(,"time":1785412800250,"messaging":[{"sender":{"id":"99"},"timestamp":1785412800000,)";
    return {
        {"telegram",
         R"({"update_id":1,"message":{"message_id":1,"date":1785412800,"text":"hello","chat":)"
         R"({"id":5,"type":"private"},"from":{"id":5,"is_bot":false,"first_name":"Zoe"}}})"},
        {"whatsapp",
         R"({"object":"whatsapp_business_account","entry":[{"id":"7","changes":[{"field":)"
         R"("messages","value":{"messaging_product":"whatsapp","metadata":{"phone_number_id":"1"},)"
         R"("messages":[{"from":"351911222333","id":"wamid.1","timestamp":"1785412800","type":)"
         R"("text","text":{"body":"hello"}}]}}]}]})"},
        {"messenger",
         R"({"object":"page","entry":[{"id":"2")" + meta_message +
             R"("recipient":{"id":"2"},"message":{"mid":"m_1","text":"hello"}}]}]})"},
        {"instagram",
         R"({"object":"instagram","entry":[{"id":"3")" + meta_message +
             R"("recipient":{"id":"3"},"message":{"mid":"m_2","text":"hello"}}]}]})"},
        {"sms", std::string(kSms) + "MessageSid=SM1"},
        {"own-sms", std::string(kSms) + "MessageSid=SM2"},
        {"website",
         R"({"type":"message.created","data":{"message_id":"1","text":"hello","contact":)"
         R"({"external_id":"u-9"}}})"},
    };
}

std::map<std::string, std::string> UrlsIn(const Json& channels) {
    std::map<std::string, std::string> urls;
    for (const Json& channel : channels) {
        urls[channel.at("channel")] = channel.at("webhook_url").get<std::string>();
    }
    return urls;
}

TEST_CASE("Operator: each printed URL takes what its provider signs for it", "[e2e]") {
    StackOptions options;
    options.gateway_count = 1;
    options.tenants_yaml = "tenants: []";
    Stack stack(options);
    const std::string base = "http://" + stack.ingest_address();
    std::string tenants = kTenants;
    tenants.replace(tenants.find("BASE"), 4, base);
    const Json applied =
        Json::parse(stack.Apply(tenants, {"--output", "json", "--public-base-url", base + "/"}));
    const std::string setting = "ingest.public_base_url=" + base + "/";
    const Json listed =
        Json::parse(stack.Ctl({"--output", "json", "--set", setting, "channels", "--tenant", "demo"}
        ));
    const auto urls = UrlsIn(applied["channels"]);
    CHECK(urls == UrlsIn(listed["channels"]));
    CHECK(urls.at("whatsapp") == base + "/v1/hooks/meta");
    CHECK(urls.at("own-sms").rfind(base + "/v1/hooks/twilio/", 0) == 0);
    for (const Json& channel : listed["channels"]) {
        CHECK(channel["state"] == "enabled");
        CHECK(channel["tenant"] == "demo");
    }
    const TempDir folder;
    for (const Sample& sample : Samples()) {
        INFO(sample.channel);
        const std::string path = folder / "body";
        std::ofstream(path) << sample.body;
        const Json sent = Json::parse(stack.Ctl(
            {"--output",
             "json",
             "--set",
             setting,
             "webhook",
             "send",
             "--channel",
             std::string("demo/") + sample.channel,
             "--body",
             path,
             "--retime"}
        ));
        CHECK(sent["http_status"] == 200);
    }
    InboxClient inbox(stack.gateway_address(), stack.api_key());
    CHECK(Eventually(seconds(20), [&] { return inbox.Conversations().size() == 7; }));
}

TEST_CASE("Operator: the self-test goes the whole way, again and again", "[e2e]") {
    StackOptions options;
    options.gateway_count = 1;
    Stack stack(options);
    for (int round = 0; round < 2; ++round) {
        const Json tested = Json::parse(stack.Ctl(
            {"--output",
             "json",
             "selftest",
             "--gateway-url",
             "http://" + stack.gateway_address(),
             "--ingest-url",
             "http://" + stack.ingest_address()}
        ));
        REQUIRE(tested["checks"].size() == 6);
        for (const Json& check : tested["checks"]) CHECK(check["result"] == "ok");
    }
    CHECK(stack.Ask("SELECT count(*) FROM api_keys WHERE revoked_at IS NULL") == "2");
}

}  // namespace
}  // namespace unibox::test
