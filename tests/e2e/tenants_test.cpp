// What belongs to one tenant does not exist for another, and one channel's URL opens no other.
#include "support/eventually.hpp"
#include "support/inbox_client.hpp"
#include "support/stack.hpp"
#include "support/status_matchers.hpp"
#include "webhook_fixtures.hpp"

#include <catch2/catch.hpp>

namespace unibox::test {
namespace {

using Json = nlohmann::json;
using std::chrono::seconds;

constexpr const char* kTenants = R"(
tenants:
  - name: first
    channels:
      - {name: bot, provider: telegram, secret: secret-of-first, token: telegram-token-of-first}
      - {name: sms, provider: twilio, secret: twilio-token-of-first, token: sms-token-of-first,
         route: "AC00000000000000000000000000000001/+14155550100"}
    api_keys:
      - {name: tests, scopes: ["inbox:read"], key: FIRST_KEY}
  - name: second
    channels:
      - {name: bot, provider: telegram, secret: secret-of-second, token: telegram-token-of-second}
      - {name: sms, provider: twilio, secret: twilio-token-of-second, token: sms-token-of-second,
         route: "AC00000000000000000000000000000001/+14155550200"}
    api_keys:
      - {name: tests, scopes: ["inbox:read"], key: SECOND_KEY}
)";

std::string Update(int number) {
    const std::string n = std::to_string(number);
    return R"({"update_id":)" + n + R"(,"message":{"message_id":)" + n + R"(,"from":{"id":)" + n +
           R"(,"is_bot":false,"first_name":"Ann"},"chat":{"id":)" + n +
           R"(,"type":"private","first_name":"Ann"},"date":)" +
           std::to_string(SystemClock().UnixMillis() / 1000) + R"(,"text":"update )" + n + "\"}}";
}

int PostUpdate(
    const Stack& stack, int number, const std::string& token, const std::string& secret
) {
    const auto response = PostWebhook(
        stack.ingest_address(),
        {"telegram", "/v1/hooks/telegram/" + token, Secret(secret), Update(number)}
    );
    REQUIRE_OK(response);
    return response->status;
}

TEST_CASE("Tenants: nothing of one exists for the other, on any read path", "[e2e]") {
    StackOptions options;
    options.gateway_count = 1;
    options.tenants_yaml = kTenants;
    Stack stack(options);
    for (int i = 1; i <= 3; ++i) {
        REQUIRE(PostUpdate(stack, i, "telegram-token-of-first", "secret-of-first") == 200);
    }
    REQUIRE(PostUpdate(stack, 9, "telegram-token-of-second", "secret-of-second") == 200);
    REQUIRE(Eventually(seconds(20), [&] {
        return stack.Ask("SELECT count(*) FROM messages") == "4";
    }));
    InboxClient first(stack.gateway_address(), stack.api_key());
    InboxClient second(stack.gateway_address(), stack.second_api_key());
    const auto conversations = first.Conversations();
    REQUIRE(conversations.size() == 3);
    CHECK(second.Conversations().size() == 1);
    for (const auto& conversation : conversations) {
        const std::string id = conversation["id"];
        const std::string contact = conversation["contact"]["id"];
        for (const auto& target :
             {"/v1/conversations/" + id,
              "/v1/conversations/" + id + "/messages",
              "/v1/contacts/" + contact}) {
            INFO(target);
            CHECK(first.Get(target).status == 200);
            const auto refused = second.Get(target);
            CHECK(refused.status == 404);
            CHECK(refused.body.find("update") == std::string::npos);
        }
    }
    const std::string channel = conversations[0]["channelId"];
    const auto by_channel = second.Get("/v1/conversations?channelId=" + channel);
    if (by_channel.status == 200) CHECK(Json::parse(by_channel.body)["conversations"].empty());
    const auto page = Json::parse(first.Get("/v1/conversations?pageSize=1").body);
    const std::string page_token = page["nextPageToken"];
    const auto walked = second.Get("/v1/conversations?pageSize=1&pageToken=" + page_token);
    CHECK(walked.body.find("update 1") == std::string::npos);
    CHECK(walked.body.find("update 2") == std::string::npos);
    InboxClient nobody(stack.gateway_address(), "ubk_0000000000000000000000000000");
    CHECK(nobody.Get("/v1/conversations").status == 401);
}

TEST_CASE("Tenants: the URL of a channel opens that channel alone", "[e2e]") {
    StackOptions options;
    options.tenants_yaml = kTenants;
    Stack stack(options);
    CHECK(PostUpdate(stack, 1, "telegram-token-of-second", "secret-of-first") == 401);
    CHECK(PostUpdate(stack, 2, "no-such-token-at-all", "secret-of-first") == 401);
    // A message to the number of `first`, well signed by the second's Twilio account.
    const auto smuggled = PostWebhook(
        stack.ingest_address(),
        {"twilio",
         "/v1/hooks/twilio/sms-token-of-second",
         Secret("twilio-token-of-second"),
         "MessageSid=SM1&AccountSid=AC00000000000000000000000000000001&From=%2B14155550199"
         "&To=%2B14155550100&Body=hello&NumMedia=0"}
    );
    REQUIRE_OK(smuggled);
    CHECK(smuggled->status == 200);
    REQUIRE(PostUpdate(stack, 3, "telegram-token-of-first", "secret-of-first") == 200);
    REQUIRE(Eventually(seconds(20), [&] {
        return stack.Ask("SELECT count(*) FROM messages") != "0";
    }));
    const auto raw = Json::parse(stack.Ctl({"raw", "list", "--output", "json"}));
    INFO(raw.dump());
    REQUIRE(raw["raw_webhooks"].size() == 1);
    CHECK(raw["raw_webhooks"][0]["reason"] == "unknown_route");
    CHECK(stack.Ask("SELECT count(*) FROM messages WHERE provider_id LIKE 'SM%'") == "0");
    CHECK(stack.Ask("SELECT sum(last_seq) FROM ingest_partition") == "1");
}

}  // namespace
}  // namespace unibox::test
