#include "fixtures.hpp"

#include <catch2/catch.hpp>

namespace unibox::channels::test {
namespace {

const std::string kForm = "application/x-www-form-urlencoded";
const std::string kPlace = "&AccountSid=AC1&From=%2B1&To=%2B2";

ProviderEvent Read(const std::string& form) {
    return OnlyEvent("twilio", form + kPlace, kForm);
}

TEST_CASE("twilio: media, location and buttons of a message", "[unit][channels]") {
    const auto media = Read(
        "MessageSid=MM1&NumMedia=2&MediaUrl0=https%3A%2F%2Fa%2FME1&MediaContentType0=image%2Fjpeg&"
        "MediaUrl1=https%3A%2F%2Fa%2FME2&MediaContentType1=text%2Fvcard"
    );
    REQUIRE(media.event.message().attachments_size() == 2);
    CHECK(media.event.message().attachments(0).type() == v1::ATTACHMENT_TYPE_IMAGE);
    CHECK(media.event.message().attachments(0).url() == "https://a/ME1");
    CHECK(media.event.message().attachments(0).provider_media_id() == "ME1");
    CHECK(media.event.message().attachments(1).type() == v1::ATTACHMENT_TYPE_CONTACT);
    const auto place =
        Read("MessageSid=SM1&Latitude=41.5&Longitude=-8.25&Label=Here").event.message();
    CHECK(place.attachments(0).latitude() == 41.5);
    CHECK(place.attachments(0).name() == "Here");
    const auto button = Read("MessageSid=SM1&ButtonText=Yes&ButtonPayload=y").event.message();
    CHECK((button.text() == "Yes" && button.payload() == "y"));
}

TEST_CASE("twilio: a missing URL loses no other one", "[unit][channels]") {
    struct Case {
        const char* form;
        std::vector<std::string> ids;
        std::vector<std::string> problems;
    };
    const Case cases[] = {
        {"NumMedia=3&MediaUrl0=u%2F0&MediaUrl1=&MediaUrl2=u%2F2",
         {"0", "2"},
         {"MediaUrl1 is missing"}},
        {"NumMedia=2&MediaUrl0=u%2F0", {"0"}, {"MediaUrl1 is missing"}},
        {"NumMedia=1&MediaUrl0=u%2F0&MediaUrl1=u%2F1", {"0", "1"}, {}},
        {"MediaUrl1=u%2F1", {"1"}, {"MediaUrl0 is missing"}},
        {"NumMedia=x&Body=b&MediaUrlX=u", {}, {"MediaUrlX is not known"}},
        {"NumMedia=-3&Body=b&MediaUrl9999=u", {}, {}},
    };
    for (const Case& c : cases) {
        CAPTURE(c.form);
        const Parsed parsed =
            ParseBody("twilio", std::string("MessageSid=MM1&") + c.form + kPlace, kForm);
        REQUIRE(parsed.events.size() == 1);
        std::vector<std::string> ids;
        for (const auto& attachment : parsed.events[0].event.message().attachments())
            ids.push_back(attachment.provider_media_id());
        CHECK(ids == c.ids);
        std::vector<std::string> problems;
        for (const Problem& problem : parsed.problems) problems.push_back(problem.detail);
        CHECK(problems == c.problems);
    }
    const Parsed many =
        ParseBody("twilio", "MessageSid=MM1&MediaUrl0=u%2F0&NumMedia=4000000000" + kPlace, kForm);
    CHECK(many.events[0].event.message().attachments_size() == 1);
    CHECK(many.problems[0].detail == "more than 64 media");
}

TEST_CASE("twilio: odd parameters of WhatsApp", "[unit][channels]") {
    const auto place =
        Read("MessageSid=SM1&Latitude=41.5&Longitude=-8.25&Label=Here&Address=R+1").event.message();
    CHECK(place.attachments(0).name() == "Here, R 1");
    const Parsed nowhere =
        ParseBody("twilio", "MessageSid=SM1&Body=x&Latitude=north&Longitude=-8.25" + kPlace, kForm);
    CHECK(nowhere.events[0].event.message().attachments_size() == 0);
    CHECK(nowhere.problems.size() == 1);
    const auto list =
        Read("MessageSid=SM1&MessageType=interactive&ListId=l1&ListTitle=Small").event.message();
    CHECK((list.text() == "Small" && list.payload() == "l1"));
    CHECK(Read("MessageSid=SM1&Body=STOP&OptOutType=STOP").event.message().text() == "STOP");
}

TEST_CASE("twilio: the body is taken as it is", "[unit][channels]") {
    CHECK(Read("MessageSid=SM1&Body=++padded++%0A").event.message().text() == "  padded  \n");
    CHECK(Read("MessageSid=SM1&Body=").event.message().text().empty());
    CHECK(Read("MessageSid=SM1&Body=a%00b%FFc").event.message().text() == "a\uFFFDb\uFFFDc");
    CHECK(Read("SmsSid=SM9&Body=legacy").event.provider_id() == "SM9");
}

TEST_CASE("twilio: every status word has its fate", "[unit][channels]") {
    struct Case {
        const char* word;
        v1::DeliveryState state;
    };
    for (const Case& c :
         {Case{"sent", v1::DELIVERY_STATE_SENT},
          Case{"delivered", v1::DELIVERY_STATE_DELIVERED},
          Case{"read", v1::DELIVERY_STATE_READ},
          Case{"undelivered", v1::DELIVERY_STATE_FAILED},
          Case{"failed", v1::DELIVERY_STATE_FAILED},
          Case{"canceled", v1::DELIVERY_STATE_FAILED}}) {
        CAPTURE(c.word);
        const auto event = Read(std::string("MessageSid=SM1&MessageStatus=") + c.word);
        CHECK(event.event.receipt().state() == c.state);
        CHECK(event.discriminator == c.word);
        CHECK(event.route_key == "AC1/+1");
        CHECK(event.event.contact_key() == "+2");
        CHECK(
            event.event.receipt().error() == (c.state == v1::DELIVERY_STATE_FAILED ? c.word : "")
        );
    }
    CHECK(
        Read("MessageSid=SM1&MessageStatus=undelivered&ErrorCode=30003").event.receipt().error() ==
        "30003"
    );
    for (const char* ignored : {"accepted", "scheduled", "queued", "sending"}) {
        const Parsed parsed = ParseBody(
            "twilio", std::string("MessageSid=SM1&MessageStatus=") + ignored + kPlace, kForm
        );
        CHECK((parsed.events.empty() && parsed.problems.empty()));
    }
    const Parsed unknown =
        ParseBody("twilio", "MessageSid=SM1&MessageStatus=teleported" + kPlace, kForm);
    CHECK((unknown.events.empty() && unknown.problems.size() == 1));
    CHECK(Read("MessageSid=SM1&SmsStatus=delivered").event.has_receipt());
    CHECK(Read("MessageSid=SM1&SmsStatus=receiving&Body=x").event.has_message());
}

TEST_CASE("twilio: calls are control events of the customer", "[unit][channels]") {
    const auto inbound = Read("CallSid=CA1&CallStatus=ringing&Direction=inbound&SequenceNumber=0");
    CHECK(inbound.event.contact_key() == "+1");
    CHECK(inbound.discriminator == "ringing:0");
    const auto outbound = Read(
        "CallSid=CA1&CallStatus=completed&Direction=outbound-api&CallDuration=61&Timestamp=Thu%2C+"
        "30+Jul+2026+12%3A00%3A00+%2B0000"
    );
    CHECK(outbound.event.contact_key() == "+2");
    CHECK(outbound.route_key == "AC1/+1");
    CHECK(outbound.event.provider_time_ms() == 1'785'412'800'000);
    CHECK(outbound.event.control().attributes().at("duration_s") == "61");
}

TEST_CASE("twilio: types that cannot be shown are kept and named", "[unit][channels]") {
    const Parsed parsed = ParseBody("twilio", "MessageSid=SM1&MessageType=order" + kPlace, kForm);
    REQUIRE(parsed.events.size() == 1);
    CHECK(parsed.events[0].event.message().kind() == v1::MESSAGE_KIND_UNSUPPORTED);
    CHECK(parsed.events[0].event.message().text() == "order");
    CHECK(parsed.problems.size() == 1);
}

TEST_CASE("twilio: what is no message is a problem", "[unit][channels]") {
    for (const std::string form :
         {"", "a=b", "Body=x&From=%2B1", "MessageSid=SM1&Body=no+sender"}) {
        CAPTURE(form);
        const Parsed parsed = ParseBody("twilio", form, kForm);
        CHECK(parsed.events.empty());
        CHECK(parsed.problems.size() == 1);
    }
    std::string many;
    for (int i = 0; i < 1001; ++i) many += "a=b&";
    OwnedRequest request;
    request.body = many;
    request.content_type = kForm;
    CHECK(AdapterOf("twilio").parse(request.View()).status().code() == Code::kInvalidArgument);
}

}  // namespace
}  // namespace unibox::channels::test
