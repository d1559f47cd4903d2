#include "channels/complete.hpp"
#include "fixtures.hpp"

#include <catch2/catch.hpp>

namespace unibox::channels::test {
namespace {

std::string Items(const std::string& items, const std::string& object = "page") {
    return R"({"object":")" + object +
           R"(","entry":[{"id":"100","time":1785412800250,"messaging":[)" + items + "]}]}";
}
std::string Item(const std::string& content) {
    return R"({"sender":{"id":"7"},"recipient":{"id":"100"},"timestamp":1785412800000,)" + content +
           "}";
}
std::string OurItem(const std::string& content) {
    return R"({"sender":{"id":"100"},"recipient":{"id":"7"},"timestamp":1785412800000,)" + content +
           "}";
}
ProviderEvent Read(const std::string& item, const std::string& object = "page") {
    return OnlyEvent("meta", Items(item, object));
}

TEST_CASE("messenger: an event knows its page and where else to look", "[unit][channels]") {
    const auto event = Read(Item(R"("message":{"mid":"m1","text":"hi"})"));
    CHECK(event.provider == v1::PROVIDER_MESSENGER);
    CHECK(event.alternative_provider == v1::PROVIDER_INSTAGRAM);
    CHECK(event.route_key == "100");
    CHECK(event.event.thread_key() == "7");
    const auto instagram = Read(Item(R"("message":{"mid":"m1","text":"hi"})"), "instagram");
    CHECK(instagram.provider == v1::PROVIDER_INSTAGRAM);
    CHECK(instagram.alternative_provider == v1::PROVIDER_MESSENGER);
}

TEST_CASE("messenger: attachments of every type", "[unit][channels]") {
    const Parsed parsed = ParseBody(
        "meta",
        Items(
            Item(R"("message":{"mid":"m1","attachments":[)"
                 R"({"type":"image","payload":{"url":"https://a/1"}},)"
                 R"({"type":"audio","payload":{"url":"u"}},)"
                 R"({"type":"location","payload":{"coordinates":{"lat":1.5,"long":-2}}},)"
                 R"({"type":"image","payload":{"sticker_id":369239263222822}},)"
                 R"({"type":"story_mention","payload":{"url":"s"}},{"type":"like_heart"},{"type":)"
                 R"("hologram","payload":{}}]})")
        )
    );
    REQUIRE(parsed.events.size() == 1);
    REQUIRE(parsed.problems.size() == 1);
    CHECK(parsed.problems[0].detail == "message.attachments[] of type hologram");
    const auto& attachments = parsed.events[0].event.message().attachments();
    REQUIRE(attachments.size() == 7);
    CHECK(attachments[0].type() == v1::ATTACHMENT_TYPE_IMAGE);
    CHECK(attachments[0].url() == "https://a/1");
    CHECK(attachments[1].type() == v1::ATTACHMENT_TYPE_AUDIO);
    CHECK(
        (attachments[2].type() == v1::ATTACHMENT_TYPE_LOCATION && attachments[2].longitude() == -2)
    );
    CHECK(
        (attachments[3].type() == v1::ATTACHMENT_TYPE_STICKER &&
         attachments[3].provider_media_id() == "369239263222822")
    );
    CHECK(attachments[4].type() == v1::ATTACHMENT_TYPE_LINK);
    CHECK(attachments[5].type() == v1::ATTACHMENT_TYPE_STICKER);
    CHECK(
        (attachments[6].type() == v1::ATTACHMENT_TYPE_OTHER && attachments[6].name() == "hologram")
    );
}

TEST_CASE("messenger: what our side wrote has the customer as contact", "[unit][channels]") {
    for (const std::string& item :
         {OurItem(R"("message":{"mid":"m1","is_echo":true,"metadata":"cid:1","text":"x"})"),
          OurItem(R"("message":{"mid":"m1","metadata":"cid:1","text":"x"})")}) {
        const auto event = Read(item).event;
        CHECK(event.message().direction() == v1::DIRECTION_OUTBOUND);
        CHECK(event.contact_key() == "7");
        CHECK(event.message().client_ref() == "cid:1");
    }
}

TEST_CASE("messenger: deliveries by message, else by watermark", "[unit][channels]") {
    const Parsed by_id = ParseBody(
        "meta", Items(Item(R"("delivery":{"mids":["m1","m2",null],"watermark":1785412799000})"))
    );
    REQUIRE(by_id.events.size() == 2);
    CHECK(by_id.events[1].event.provider_id() == "m2");
    CHECK(by_id.events[1].event.receipt().state() == v1::DELIVERY_STATE_DELIVERED);
    CHECK(by_id.events[1].event.receipt().watermark_ms() == 0);
    CHECK(by_id.problems.size() == 1);
    const auto watermark = Read(Item(R"("delivery":{"watermark":1785412799})"));
    CHECK(watermark.event.receipt().watermark_ms() == 1'785'412'799'000);
    CHECK(watermark.event.provider_id().empty());
    CHECK(watermark.event.thread_key() == "7");
    CHECK(watermark.discriminator == "delivered:1785412799000");
    const auto seen = Read(Item(R"("read":{"mid":"m9"})"), "instagram");
    CHECK(seen.event.provider_id() == "m9");
    CHECK(seen.event.receipt().state() == v1::DELIVERY_STATE_READ);
}

TEST_CASE("messenger: on, off and on again are three reactions", "[unit][channels]") {
    const auto react = [](const std::string& action, int ms) {
        return Read(
            R"({"sender":{"id":"7"},"recipient":{"id":"100"},"timestamp":)" +
            std::to_string(1785412800000 + ms) + R"(,"reaction":{"mid":"m1","action":")" + action +
            R"(","emoji":"E"}})"
        );
    };
    const auto first = react("react", 0);
    CHECK(first.event.reaction().emoji() == "E");
    CHECK(react("unreact", 1).event.reaction().removed());
    CHECK(first.discriminator != react("unreact", 1).discriminator);
    CHECK(first.discriminator != react("react", 2).discriminator);
    CHECK(first.discriminator == react("react", 0).discriminator);
    const auto ours =
        Read(OurItem(R"("reaction":{"mid":"m1","action":"react","reaction":"love"})"));
    CHECK(ours.event.thread_key() == "7");
    CHECK(ours.event.contact_key().empty());
    CHECK(ours.event.reaction().emoji() == "love");
}

TEST_CASE("messenger: postbacks with and without an id", "[unit][channels]") {
    const auto with = Read(Item(R"("postback":{"mid":"m1","title":"T","payload":"P"})"));
    CHECK(with.discriminator.empty());
    const auto without = Read(Item(R"("postback":{"title":"T"})"));
    CHECK(without.event.provider_id().empty());
    CHECK(without.discriminator == "postback:1785412800000");
    CHECK(without.event.message().kind() == v1::MESSAGE_KIND_POSTBACK);
}

TEST_CASE("messenger: edits by revision, unsent messages are deletions", "[unit][channels]") {
    CHECK(
        Read(Item(R"("message_edit":{"mid":"m1","text":"b","num_edit":"2"})")).discriminator ==
        "revision:2"
    );
    CHECK(Read(Item(R"("message_edit":{"mid":"m1","text":"b"})")).discriminator == "1785412800000");
    const auto unsent =
        Read(OurItem(R"("message":{"mid":"m1","is_deleted":true,"is_echo":true})"), "instagram");
    CHECK(unsent.event.has_delete_());
    CHECK(unsent.event.thread_key() == "7");
}

TEST_CASE("messenger: messages that cannot be shown are kept", "[unit][channels]") {
    const auto unsupported =
        Read(Item(R"("message":{"mid":"m1","is_unsupported":true})"), "instagram");
    CHECK(unsupported.event.message().kind() == v1::MESSAGE_KIND_UNSUPPORTED);
    const Parsed odd = ParseBody("meta", Items(Item(R"("message":{"mid":"m1","text":{"a":1}})")));
    REQUIRE(odd.events.size() == 1);
    CHECK(odd.events[0].event.message().kind() == v1::MESSAGE_KIND_UNSUPPORTED);
    CHECK(odd.problems.size() == 1);
}

TEST_CASE("messenger: what cannot be read of a message is told", "[unit][channels]") {
    for (const char* content :
         {R"("text":"x","attachments":{"type":"image"})",
          R"("text":"x","attachments":[7])",
          R"("text":7,"attachments":[{"type":"image","payload":{"url":"u"}}])"}) {
        CAPTURE(content);
        const Parsed parsed = ParseBody(
            "meta", Items(Item(R"("message":{"mid":"m1",)" + std::string(content) + "}"))
        );
        REQUIRE(parsed.events.size() == 1);
        CHECK_FALSE(parsed.events[0].event.message().text().empty());
        CHECK(parsed.problems.size() == 1);
    }
    const auto nowhere =
        Read(Item(R"("message":{"mid":"m1","attachments":[{"type":"location","payload":{}}]})"));
    CHECK(nowhere.event.message().attachments(0).unavailable());
}

TEST_CASE("messenger: control events keep what they say", "[unit][channels]") {
    const auto referral =
        Read(Item(R"("referral":{"ref":"c7","source":"ADS","ad_id":6045246247433,"deep":{"x":1}})")
        );
    CHECK(referral.event.control().type() == "referral");
    CHECK(referral.event.control().attributes().at("ad_id") == "6045246247433");
    CHECK(referral.event.control().attributes().at("deep_x") == "1");
    const auto handover = Read(Item(R"("pass_thread_control":{"new_owner_app_id":"1"})"));
    CHECK(handover.event.control().type() == "handover");
    CHECK(handover.event.control().attributes().at("action") == "pass_thread_control");
    CHECK(handover.discriminator != referral.discriminator);
    const auto timeless = Read(R"({"sender":{"id":"7"},"optin":{"ref":"a"}})");
    CHECK(timeless.discriminator == R"(optin:{"ref":"a"})");
}

TEST_CASE("messenger: one odd item costs nothing but itself", "[unit][channels]") {
    const std::string good = Item(R"("message":{"mid":"good","text":"fine"})");
    for (const std::string& odd :
         {std::string("null"),
          std::string("7"),
          std::string("[]"),
          std::string("{}"),
          Item(R"("message":7)"),
          Item(R"("message":{"text":"no mid"})"),
          Item(R"("message":{"mid":[]})"),
          Item(R"("hyper":{})"),
          Item(R"("reaction":{"mid":"m","action":"dance"})"),
          Item(R"("reaction":{"mid":"m","action":"react"})"),
          Item(R"("reaction":{"mid":"m","action":"react","emoji":{},"reaction":""})"),
          Item(R"("message_edit":{"mid":"m","num_edit":1})"),
          Item(R"("message_edit":{"mid":"m","text":7})"),
          std::string(R"({"recipient":{"id":"100"},"optin":{"ref":"r","user_ref":"u"}})"),
          Item(R"("read":{})"),
          std::string(R"({"message":{"mid":"m","text":"nobody"}})"),
          Item(R"("message":{"mid":")" + std::string(600, 'm') + R"(","text":"x"})")}) {
        CAPTURE(odd);
        const Parsed parsed = ParseBody("meta", Items(good + "," + odd + "," + good));
        CHECK(parsed.events.size() == 2);
        CHECK(parsed.problems.size() == 1);
        for (const auto& event : parsed.events) CHECK(event.event.message().text() == "fine");
    }
    const std::string entries =
        R"({"object":"page","entry":[7,{"id":"1","messaging":{}},{"messaging":[{}]},{"id":"2"},{)"
        R"("id":"100","messaging":[)" +
        good + "]}]}";
    const Parsed parsed = ParseBody("meta", entries);
    CHECK(parsed.events.size() == 1);
    CHECK(parsed.problems.size() == 4);
}

TEST_CASE(
    "meta: what is not understood as a whole is refused, nothing to do is nothing",
    "[unit][channels]"
) {
    for (const char* body :
         {"",
          "[]",
          "{",
          "{}",
          R"({"object":"permissions","entry":[]})",
          R"({"object":"page"})",
          R"({"object":"page","entry":{}})"}) {
        CAPTURE(body);
        OwnedRequest request;
        request.body = body;
        CHECK(AdapterOf("meta").parse(request.View()).status().code() == Code::kInvalidArgument);
    }
    const Parsed empty = ParseBody("meta", R"({"object":"page","entry":[]})");
    CHECK((empty.events.empty() && empty.problems.empty()));
}

}  // namespace
}  // namespace unibox::channels::test
