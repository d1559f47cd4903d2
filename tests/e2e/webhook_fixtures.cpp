#include "webhook_fixtures.hpp"

#include "base/clock.hpp"
#include "channels/adapter.hpp"
#include "support/stack.hpp"
#include "uniboxctl/retime.hpp"

#include <catch2/catch.hpp>

#include <algorithm>
#include <fstream>
#include <iterator>

namespace unibox::test {
namespace {

using Json = nlohmann::json;

const std::string kFolder = UNIBOX_SOURCE_DIR "/tests/data/webhooks/";

std::string ReadFile(const std::string& path) {
    std::ifstream file(path, std::ios::binary);
    REQUIRE(file.good());
    return {std::istreambuf_iterator<char>(file), {}};
}

// A large body is not spelled out in the index: every message of it is one event.
Json EventsOfLargeBody(const std::string& body) {
    Json events = Json::array();
    const auto value = Json::parse(body)["entry"][0]["changes"][0]["value"];
    for (const auto& message : value["messages"]) {
        events.push_back(
            {{"kind", "message"},
             {"route", value["metadata"]["phone_number_id"]},
             {"external_id", message["id"]},
             {"sender", message["from"]},
             {"text", message["text"]["body"]}}
        );
    }
    return events;
}

WebhookFixture FixtureOf(const Json& entry) {
    WebhookFixture fixture;
    fixture.name = entry["file"];
    fixture.provider = entry["provider"];
    const std::string target = entry["path"];
    if (const auto mark = target.find('?'); mark != target.npos)
        fixture.query = target.substr(mark);
    const std::string body = ReadFile(kFolder + "bodies/" + fixture.name);
    const channels::Adapter& adapter = *channels::FindAdapter(fixture.provider);
    fixture.body = ctl::RetimeBody(body, adapter.source.time_members, SystemClock().UnixMillis());
    fixture.webhook_id = entry["headers"].value("webhook-id", "msg_1");
    fixture.outcome = entry["expect"]["outcome"];
    fixture.http_status = entry["expect"]["http"];
    fixture.events = entry["expect"].value("events", Json());
    if (fixture.events.is_null()) fixture.events = EventsOfLargeBody(body);
    return fixture;
}

ExpectedMessage MessageOf(const Json& event, const std::string& provider_id) {
    ExpectedMessage message;
    message.provider_id = provider_id;
    message.contact_key = event["sender"];
    message.text = event.value("text", "");
    message.payload = event.value("payload", "");
    if (event.contains("attachments")) message.attachment_count = event["attachments"];
    message.outbound = event["kind"] == "echo";
    return message;
}

// What the edits, deletions and reactions of a message did to it, whenever they arrived.
void Change(ExpectedMessage& message, const Json& event) {
    if (event["kind"] == "edit") {
        message.text = event.value("text", "");
        message.edited = true;
    } else if (event["kind"] == "delete") {
        message.text.clear();
        message.attachment_count = 0;
        message.deleted = true;
    } else if (event["kind"] == "reaction" && event.value("action", "") == "react") {
        message.emojis.push_back(event["emoji"]);
    }
}

}  // namespace

const char* const kFixtureTenants = R"(
apps:
  - name: meta
    provider: meta
    secret: meta-app-secret-of-the-stack
    verify_token: verify-me-0001
tenants:
  - name: first
    channels:
      - {name: whatsapp, provider: whatsapp, route: "106540352242922"}
      - {name: messenger, provider: messenger, route: "104857600000001"}
      - {name: instagram, provider: instagram, route: "17841400000000001"}
      - {name: telegram, provider: telegram, secret: tg_secret-Token_0001,
         token: telegram-token-of-first}
      - {name: sms, provider: twilio, secret: twilio-auth-token-for-tests-0001,
         route: "AC00000000000000000000000000000001/+14155550100", token: sms-token-of-first}
      - {name: twilio-whatsapp, provider: twilio, secret: twilio-auth-token-for-tests-0001,
         route: "AC00000000000000000000000000000001/whatsapp:+14155550100",
         token: twilio-whatsapp-token-of-first}
      - {name: widget, provider: standard, token: standard-token-of-first,
         secret: "whsec_tLLbHWCx2rJHHz8aYTpWlSJwNJ1aEXFB1x05iL9Df7g="}
    api_keys:
      - {name: tests, scopes: ["inbox:read"], key: FIRST_KEY}
  - name: second
    channels:
      - {name: whatsapp, provider: whatsapp, route: "106540352242933"}
      - {name: messenger, provider: messenger, route: "104857600000002"}
    api_keys:
      - {name: tests, scopes: ["inbox:read"], key: SECOND_KEY}
)";

std::vector<WebhookFixture> LoadWebhookFixtures() {
    std::vector<WebhookFixture> fixtures;
    std::ifstream index(kFolder + "index.jsonl");
    for (std::string line; std::getline(index, line);) {
        if (!line.empty()) fixtures.push_back(FixtureOf(Json::parse(line)));
    }
    REQUIRE_FALSE(fixtures.empty());
    return fixtures;
}

std::string ChannelOfEvent(const WebhookFixture& fixture, const Json& event) {
    if (fixture.provider == "standard") return "first/widget";
    if (fixture.provider == "telegram") return "first/telegram";
    const std::string route = event["route"];
    if (fixture.provider == "twilio") {
        const bool whatsapp = route.find("whatsapp:") != route.npos;
        return whatsapp ? "first/twilio-whatsapp" : "first/sms";
    }
    const bool second = route == "106540352242933" || route == "104857600000002";
    return (second ? "second/" : "first/") + fixture.provider;
}

SignedWebhook SignedFixture(const WebhookFixture& fixture) {
    SignedWebhook webhook;
    webhook.body = fixture.body;
    webhook.provider = fixture.provider;
    webhook.id = fixture.webhook_id;
    webhook.secret = Secret(Stack::kAppSecret);
    if (fixture.provider == "telegram") {
        webhook.path = "/v1/hooks/telegram/telegram-token-of-first";
        webhook.secret = Secret("tg_secret-Token_0001");
    } else if (fixture.provider == "twilio") {
        const bool whatsapp = fixture.name.find("whatsapp") != std::string::npos;
        const std::string token = whatsapp ? "twilio-whatsapp-token" : "sms-token";
        webhook.path = "/v1/hooks/twilio/" + token + "-of-first" + fixture.query;
        webhook.secret = Secret("twilio-auth-token-for-tests-0001");
    } else if (fixture.provider == "standard") {
        webhook.path = "/v1/hooks/standard/standard-token-of-first";
        webhook.secret = Secret("whsec_tLLbHWCx2rJHHz8aYTpWlSJwNJ1aEXFB1x05iL9Df7g=");
    }
    return webhook;
}

std::map<std::string, std::vector<ExpectedMessage>> ExpectedInbox(
    const std::vector<WebhookFixture>& sent
) {
    std::map<std::string, std::vector<ExpectedMessage>> inbox;
    std::multimap<std::pair<std::string, std::string>, Json> changes;
    for (const auto& fixture : sent) {
        const bool business = fixture.body.find("business_connection_id") != std::string::npos;
        for (const auto& event : fixture.events) {
            const std::string channel = ChannelOfEvent(fixture, event);
            const std::string id =
                (business ? "bc_FIXTURE:" : "") + event.value("external_id", std::string());
            const std::string kind = event["kind"];
            if (kind != "message" && kind != "echo" && kind != "postback") {
                changes.emplace(std::pair(channel, id), event);
                continue;
            }
            auto& messages = inbox[channel];
            const auto known = std::find_if(messages.begin(), messages.end(), [&](const auto& m) {
                return m.provider_id == id;
            });
            if (known == messages.end()) messages.push_back(MessageOf(event, id));
        }
    }
    for (auto& [channel, messages] : inbox) {
        for (auto& message : messages) {
            const auto range = changes.equal_range({channel, message.provider_id});
            for (auto it = range.first; it != range.second; ++it) Change(message, it->second);
        }
    }
    return inbox;
}

}  // namespace unibox::test
