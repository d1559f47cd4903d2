// The seam between the adapters and the writer: whatever an adapter answers 200 for, the writer can
// write. An event that it cannot would lie in dead_letter, and its sender would never know.
#include "channels/complete.hpp"
#include "domain/inbound_event.hpp"
#include "support/status_matchers.hpp"
#include "unit/channels/fixtures.hpp"
#include "unit/channels/mutations.hpp"

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

namespace unibox::decide {
namespace {

using channels::test::Fixture;

constexpr std::int64_t kNow = 1'785'412'800'000;
constexpr std::size_t kBodyBytesMax = 10'000;
const ChannelId kChannel{Uuid::Parse("0190f6c2-1111-7222-8333-444455556666").value()};

struct Seed {
    std::string provider;
    std::string body;
};

std::string Standard(const std::string& type, const std::string& data) {
    return R"({"type":")" + type +
           R"(","data":{"message_id":"m","contact":{"external_id":"u","name":"A"},)" + data + "}}";
}
std::string WhatsApp(const std::string& value) {
    return R"({"object":"whatsapp_business_account","entry":[{"changes":[{"field":"messages",)"
           R"("value":{"metadata":{"phone_number_id":"5"},)" +
           value + "}}]}]}";
}
std::string Messenger(const std::string& item) {
    return R"({"object":"page","entry":[{"id":"1","messaging":[{"sender":{"id":"2"},)"
           R"("timestamp":1785412800000,)" +
           item + "}]}]}";
}

// Kinds of events that are not among the fixtures.
std::vector<Seed> Seeds() {
    const std::string chat = R"("chat":{"id":1,"type":"private"},"message_id":2,"date":1785412800)";
    return {
        {"standard", Standard("message.created", R"("text":"x","attachments":[{"type":"file"}])")},
        {"standard", Standard("message.updated", R"("text":"x","revision":2)")},
        {"standard", Standard("message.deleted", R"("conversation_ref":"c")")},
        {"standard", Standard("message.reaction", R"("emoji":"E")")},
        {"standard", Standard("message.reaction", R"("removed":true)")},
        {"standard", Standard("message.status", R"("status":"failed","error":"e")")},
        {"standard", Standard("message.status", R"("status":"read","until":1785412800)")},
        {"standard", Standard("typing", R"("a":1)")},
        {"standard", Standard("Anything Else", R"("a":1)")},
        {"whatsapp",
         WhatsApp(R"("statuses":[{"id":"w","status":"failed","type":"payment","payment":{"a":1},)"
                  R"("timestamp":"1785412800","recipient_id":"3","errors":[{"code":1}]}])")},
        {"whatsapp",
         WhatsApp(R"("messages":[{"from":"3","id":"w","type":"edit","edit":{)"
                  R"("original_message_id":"o","message":{"type":"text","text":{"body":"x"}}}}])")},
        {"whatsapp",
         WhatsApp(R"("messages":[{"from":"3","id":"w","type":"revoke","group_id":"g","revoke":{)"
                  R"("original_message_id":"o"}}])")},
        {"whatsapp",
         WhatsApp(R"("messages":[{"from":"3","id":"w","type":"system","system":{"type":"t"}}])")},
        {"whatsapp",
         WhatsApp(R"("calls":[{"id":"c","from":"3","event":"connect"}],"user_preferences":[{)"
                  R"("wa_id":"3","value":"stop"}])")},
        {"messenger",
         Messenger(R"("reaction":{"mid":"m","action":"react","reaction":"love","emoji":"E"})")},
        {"messenger", Messenger(R"("delivery":{"mids":["m"],"watermark":1785412800000})")},
        {"messenger", Messenger(R"("read":{"mid":"m","watermark":1785412800000})")},
        {"messenger", Messenger(R"("message_edit":{"mid":"m","text":"x","num_edit":1})")},
        {"messenger", Messenger(R"("postback":{"title":"t","payload":"p"})")},
        {"messenger", Messenger(R"("pass_thread_control":{"a":1},"typing":{})")},
        {"telegram",
         R"({"update_id":1,"message_reaction":{)" + chat +
             R"(,"user":{"id":3},"old_reaction":[{"type":"emoji","emoji":"A"}],"new_reaction":[)"
             R"({"type":"paid"},{"type":"custom_emoji","custom_emoji_id":"4"}]}})"},
        {"telegram", R"({"update_id":1,"message":{)" + chat + R"(,"new_chat_title":"t"}})"},
        {"telegram",
         R"({"update_id":1,"edited_message":{)" + chat +
             R"(,"edit_date":5,"caption":"c",)"
             R"("paid_media":{"paid_media":[{"type":"preview"}]}}})"},
        {"telegram",
         R"({"update_id":1,"my_chat_member":{)" + chat +
             R"(,"from":{"id":1},"new_chat_member":{"status":"kicked"}}})"},
    };
}

class ProviderEvents {
public:
    // How many events the request gave; each must be valid.
    std::size_t Check(const std::string& provider, channels::test::OwnedRequest request) {
        request.headers["webhook-id"] = "msg_1";
        auto parsed = channels::test::AdapterOf(provider).parse(request.View());
        if (!parsed.ok()) return 0;
        for (channels::ProviderEvent& found : parsed->events) {
            const auto event =
                channels::Complete(std::move(found), TenantId{1}, kChannel, kNow, "");
            const Status status = domain::Validate(event);
            if (status.ok()) continue;
            CAPTURE(provider, request.body, event.ShortDebugString());
            CHECK_THAT(status, unibox::test::IsOk());
        }
        return parsed->events.size();
    }
    std::size_t CheckBody(const std::string& provider, std::string body) {
        channels::test::OwnedRequest request;
        request.body = std::move(body);
        return Check(provider, std::move(request));
    }
};

std::vector<Fixture> SmallFixtures() {
    auto fixtures = channels::test::LoadFixtures();
    std::erase_if(fixtures, [](const Fixture& fixture) {
        return fixture.request.body.size() > kBodyBytesMax;
    });
    return fixtures;
}

TEST_CASE(
    "provider events: each recorded one can be written, and so can bodies changed at random",
    "[unit][decide]"
) {
    ProviderEvents events;
    const unsigned seed = std::random_device()();
    WARN("seed " << seed);
    channels::test::Random random(seed);
    std::size_t event_count = 0;
    for (const Fixture& fixture : channels::test::LoadFixtures()) {
        event_count += events.Check(fixture.provider, fixture.request);
    }
    CHECK(event_count > 100);
    const auto fixtures = SmallFixtures();
    event_count = 0;
    for (int round = 0; round < 6000; ++round) {
        const Fixture& fixture = fixtures[channels::test::Pick(random, fixtures.size())];
        auto request = fixture.request;
        request.body = channels::test::Mutated(request.body, random);
        event_count += events.Check(fixture.provider, std::move(request));
    }
    CHECK(event_count > 600);
}

TEST_CASE(
    "provider events: any one value may be left out or be another, and what is left can be written",
    "[unit][decide]"
) {
    ProviderEvents events;
    std::vector<Seed> seeds = Seeds();
    for (const Seed& seed : seeds) {
        CAPTURE(seed.body);
        CHECK(events.CheckBody(seed.provider, seed.body) >= 1);
    }
    for (const Fixture& fixture : SmallFixtures()) {
        if (nlohmann::json::accept(fixture.request.body) && fixture.provider != "twilio")
            seeds.push_back({fixture.provider, fixture.request.body});
    }
    std::size_t event_count = 0;
    for (const Seed& seed : seeds) {
        channels::test::ForEachChange(seed.body, [&](std::string body) {
            event_count += events.CheckBody(seed.provider, std::move(body));
        });
    }
    CHECK(event_count > 10'000);
}

}  // namespace
}  // namespace unibox::decide
