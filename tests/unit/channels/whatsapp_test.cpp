#include "fixtures.hpp"

#include <catch2/catch.hpp>

namespace unibox::channels::test {
namespace {

std::string Change(const std::string& value, const std::string& field = "messages") {
    return R"({"field":")" + field +
           R"(","value":{"messaging_product":"whatsapp","metadata":{"phone_number_id":"555"},)" +
           value + "}}";
}
std::string Body(const std::string& changes) {
    return R"({"object":"whatsapp_business_account","entry":[{"id":"1","changes":[)" + changes +
           "]}]}";
}
std::string Message(const std::string& content) {
    return R"({"from":"351911","id":"wamid.1","timestamp":"1785412800",)" + content + "}";
}
ProviderEvent Read(const std::string& message) {
    return OnlyEvent(
        "whatsapp",
        Body(Change(
            R"("contacts":[{"profile":{"name":"Ada"},"wa_id":"351911"}],"messages":[)" + message +
            "]"
        ))
    );
}
const event::v1::MessageBody ReadBody(const std::string& content) {
    return Read(Message(content)).event.message();
}

TEST_CASE("whatsapp: texts and payloads of every kind of answer", "[unit][channels]") {
    struct Case {
        const char* content;
        const char* text;
        const char* payload;
    };
    const Case cases[] = {
        {R"("type":"text","text":{"body":"hi"})", "hi", ""},
        {R"("type":"button","button":{"text":"Stop","payload":"STOP"})", "Stop", "STOP"},
        {R"("type":"interactive","interactive":{"type":"button_reply","button_reply":{"id":"b1",)"
         R"("title":"B"}})",
         "B",
         "b1"},
        {R"("type":"interactive","interactive":{"type":"list_reply","list_reply":{"id":"l1",)"
         R"("title":"L"}})",
         "L",
         "l1"},
        {R"("type":"interactive","interactive":{"type":"nfm_reply","nfm_reply":{"body":"Sent",)"
         R"("response_json":"{\"a\":1}"}})",
         "Sent",
         R"({"a":1})"},
        {R"("type":"interactive","interactive":{"type":"nfm_reply","nfm_reply":{"body":"Sent",)"
         R"("response_json":{"a":1}}})",
         "Sent",
         R"({"a":1})"},
        {R"("type":"order","order":{"text":"please","product_items":[{"product_retailer_id":)"
         R"("sku","quantity":2}]})",
         "please\n2 \u00D7 sku",
         ""},
    };
    for (const Case& c : cases) {
        CAPTURE(c.content);
        const auto body = ReadBody(c.content);
        CHECK(body.kind() == v1::MESSAGE_KIND_TEXT);
        CHECK(body.text() == c.text);
        CHECK(body.payload() == c.payload);
    }
}

TEST_CASE("whatsapp: media of every type", "[unit][channels]") {
    struct Case {
        const char* content;
        v1::AttachmentType type;
    };
    const Case cases[] = {
        {R"("type":"image","image":{"id":"m","mime_type":"image/jpeg","caption":"c"})",
         v1::ATTACHMENT_TYPE_IMAGE},
        {R"("type":"video","video":{"id":"m","caption":"c"})", v1::ATTACHMENT_TYPE_VIDEO},
        {R"("type":"audio","audio":{"id":"m","caption":"c"})", v1::ATTACHMENT_TYPE_AUDIO},
        {R"("type":"audio","audio":{"id":"m","voice":true,"caption":"c"})",
         v1::ATTACHMENT_TYPE_VOICE},
        {R"("type":"document","document":{"id":"m","filename":"a.pdf","caption":"c"})",
         v1::ATTACHMENT_TYPE_FILE},
        {R"("type":"sticker","sticker":{"id":"m","caption":"c"})", v1::ATTACHMENT_TYPE_STICKER},
    };
    for (const Case& c : cases) {
        const auto body = ReadBody(c.content);
        REQUIRE(body.attachments_size() == 1);
        CHECK(body.attachments(0).type() == c.type);
        CHECK(body.attachments(0).provider_media_id() == "m");
        CHECK(body.text() == "c");
    }
    const auto place = ReadBody(
        R"("type":"location","location":{"latitude":41.1,"longitude":-8.6,"name":"M","address":)"
        R"("R 1"})"
    );
    CHECK(place.attachments(0).latitude() == 41.1);
    CHECK(place.attachments(0).name() == "M, R 1");
    const auto cards = ReadBody(
        R"("type":"contacts","contacts":[{"name":{"formatted_name":"Al"},"phones":[{"phone":"+1"})"
        R"(]}])"
    );
    CHECK(cards.attachments(0).name() == "Al, +1");
    const auto nameless =
        ReadBody(R"("type":"contacts","contacts":[7,{"phones":[{"phone":"+1"},{"phone":"+2"}]}])");
    REQUIRE(nameless.attachments_size() == 1);
    CHECK(nameless.attachments(0).name() == "+1, +2");
    CHECK(ReadBody(R"("type":"image","image":{"caption":"c"})").attachments(0).unavailable());
}

TEST_CASE("whatsapp: types that cannot be shown are kept and named", "[unit][channels]") {
    const auto declared = ReadBody(R"("type":"unsupported","errors":[{"code":131051}])");
    CHECK(declared.kind() == v1::MESSAGE_KIND_UNSUPPORTED);
    CHECK(declared.text() == "unsupported");
    for (const std::string& content :
         {std::string(R"("type":"hologram","hologram":{})"),
          std::string(R"("type":"text")"),
          std::string(R"("type":"text","text":"bare")"),
          std::string(R"("type":"image","image":[])"),
          std::string(R"("type":"ephemeral","ephemeral":{})"),
          std::string(R"("type":"location","location":{"latitude":"north","longitude":1})"),
          std::string(R"("type":"interactive","interactive":{"type":"call_permission_reply",)"
                      R"("call_permission_reply":{"response":"accept"}})"),
          std::string(R"("type":"interactive","interactive":{"type":"x"})"),
          std::string(R"("a":1)")}) {
        CAPTURE(content);
        const Parsed parsed =
            ParseBody("whatsapp", Body(Change(R"("messages":[)" + Message(content) + "]")));
        REQUIRE(parsed.events.size() == 1);
        CHECK(parsed.events[0].event.message().kind() == v1::MESSAGE_KIND_UNSUPPORTED);
        CHECK_FALSE(parsed.events[0].event.message().text().empty());
        CHECK_FALSE(parsed.problems.empty());
    }
}

TEST_CASE("whatsapp: the contact is the phone number, other ids are aliases", "[unit][channels]") {
    const std::string contacts =
        R"("contacts":[{"profile":{"name":"Other"},"wa_id":"999"},{"profile":{"name":"Ada"},)"
        R"("wa_id":"351911","user_id":"PT.1"}],)";
    const auto read = [&](const std::string& ids) {
        return OnlyEvent(
                   "whatsapp",
                   Body(Change(
                       contacts + R"("messages":[{)" + ids +
                       R"("id":"w","timestamp":"1","type":"text","text":{"body":"x"}}])"
                   ))
        )
            .event;
    };
    const auto both =
        read(R"("from":"351911","from_user_id":"PT.1","from_parent_user_id":"PT.ENT.1",)");
    CHECK(both.contact_key() == "351911");
    CHECK(both.contact_name() == "Ada");
    CHECK(
        (both.contact_aliases_size() == 2 && both.contact_aliases(0) == "PT.1" &&
         both.contact_aliases(1) == "PT.ENT.1")
    );
    const auto phone = read(R"("from":"351911",)");
    CHECK((phone.contact_aliases_size() == 1 && phone.contact_aliases(0) == "PT.1"));
    const auto user = read(R"("from_user_id":"PT.1",)");
    CHECK(user.contact_key() == "PT.1");
    CHECK((user.contact_aliases_size() == 1 && user.contact_aliases(0) == "351911"));
    const auto stranger = read(R"("from":"123",)");
    CHECK(stranger.contact_name().empty());
    CHECK(stranger.contact_aliases_size() == 0);
}

TEST_CASE("whatsapp: in a group the thread is the group", "[unit][channels]") {
    const auto event = Read(Message(R"("group_id":"g1","type":"text","text":{"body":"x"})")).event;
    CHECK(event.thread_key() == "g1");
    CHECK(event.contact_key() == "351911");
    const auto status = OnlyEvent(
        "whatsapp",
        Body(Change(
            R"("statuses":[{"id":"w","status":"read","timestamp":"1785412800","recipient_id":)"
            R"("g1","recipient_type":"group","recipient_participant_id":"351911"}])"
        ))
    );
    CHECK(status.event.thread_key() == "g1");
    CHECK(status.event.contact_key() == "351911");
}

TEST_CASE(
    "whatsapp: messages from the business app are echoes to the customer", "[unit][channels]"
) {
    const auto echo =
        OnlyEvent(
            "whatsapp",
            Body(Change(
                R"("message_echoes":[{"from":"15550783881","to":"351911","id":"w","timestamp":)"
                R"("1785412800","type":"text","text":{"body":"x"}}])",
                "smb_message_echoes"
            ))
        )
            .event;
    CHECK(echo.message().direction() == v1::DIRECTION_OUTBOUND);
    CHECK(echo.thread_key() == "351911");
    CHECK(echo.contact_key() == "351911");
}

TEST_CASE(
    "whatsapp: reactions, edits and revocations have their own event ids", "[unit][channels]"
) {
    const auto reaction =
        Read(Message(R"("type":"reaction","reaction":{"message_id":"wamid.T","emoji":"E"})"));
    CHECK(reaction.event.provider_id() == "wamid.T");
    CHECK(reaction.discriminator == "wamid.1");
    CHECK_FALSE(reaction.event.reaction().removed());
    const auto edit = Read(Message(
        R"("type":"edit","edit":{"original_message_id":"wamid.T","message":{"type":"text","text":)"
        R"({"body":"new"}}})"
    ));
    CHECK(edit.event.edit().text() == "new");
    CHECK(edit.event.provider_id() == "wamid.T");
    const auto revoke =
        Read(Message(R"("type":"revoke","revoke":{"original_message_id":"wamid.T"})"));
    CHECK(revoke.event.has_delete_());
    CHECK(revoke.discriminator == "wamid.1");
}

ProviderEvent Status(const std::string& rest) {
    return OnlyEvent(
        "whatsapp",
        Body(Change(
            R"("statuses":[{"id":"w","timestamp":"1785412800","recipient_id":"351911",)" + rest +
            "}]"
        ))
    );
}

TEST_CASE("whatsapp: statuses are receipts, a failure carries its code", "[unit][channels]") {
    CHECK(Status(R"("status":"sent")").event.receipt().state() == v1::DELIVERY_STATE_SENT);
    CHECK(Status(R"("status":"played")").event.receipt().state() == v1::DELIVERY_STATE_READ);
    const auto failed =
        Status(R"("status":"failed","errors":[{"code":131047,"title":"t"},{"code":1}])");
    CHECK(failed.event.receipt().state() == v1::DELIVERY_STATE_FAILED);
    CHECK(failed.event.receipt().error() == "131047");
    CHECK(failed.discriminator == "failed");
    CHECK(Status(R"("status":"deleted")").event.has_delete_());
}

TEST_CASE("whatsapp: the status of a payment or a call is no receipt", "[unit][channels]") {
    const auto payment = Status(
        R"("type":"payment","status":"failed","payment":{"reference_id":"r1","currency":"INR"},)"
        R"("errors":[{"code":2}])"
    );
    CHECK(payment.event.control().type() == "payment_status");
    CHECK(payment.event.provider_id() == "w");
    CHECK(payment.event.thread_key() == "351911");
    CHECK(payment.discriminator == "payment:failed:1785412800");
    const auto& attributes = payment.event.control().attributes();
    CHECK((attributes.at("status") == "failed" && attributes.at("reference_id") == "r1"));
    CHECK(attributes.at("error") == "2");
    CHECK(Status(R"("type":"call","status":"RINGING")").event.control().type() == "call_status");
    CHECK(Status(R"("type":"message","status":"failed")").event.has_receipt());
}

TEST_CASE("whatsapp: every status of a large body is an event", "[unit][channels]") {
    constexpr std::size_t kStatusCount = 5000;
    std::string statuses;
    for (std::size_t i = 0; i < kStatusCount; ++i) {
        statuses += R"({"id":"wamid.)" + std::to_string(i) +
                    R"(","status":"read","timestamp":"1785412800","recipient_id":"351911"},)" +
                    R"({"status":"read"},)";  // Always the same problem.
    }
    statuses += R"({"id":"w","status":"teleported","recipient_id":"1"})";
    const Parsed parsed = ParseBody("whatsapp", Body(Change(R"("statuses":[)" + statuses + "]")));
    REQUIRE(parsed.events.size() == kStatusCount);
    CHECK(parsed.events.back().event.provider_id() == "wamid.4999");
    REQUIRE(parsed.problems.size() == 2);
    CHECK(parsed.problems[0].detail == "statuses[].id is missing");
    CHECK(parsed.problems[1].reason == "unknown_event");
}

TEST_CASE("whatsapp: calls, preferences and notices are control events", "[unit][channels]") {
    const auto call = OnlyEvent(
        "whatsapp",
        Body(Change(
            R"("calls":[{"id":"c1","from":"351911","to":"1555","event":"terminate","timestamp":)"
            R"("1785412800","direction":"USER_INITIATED","duration":"5"}])",
            "calls"
        ))
    );
    CHECK(call.event.control().type() == "call_status");
    CHECK(call.event.contact_key() == "351911");
    CHECK(call.event.control().attributes().at("event") == "terminate");
    const auto preference = OnlyEvent(
        "whatsapp",
        Body(Change(
            R"("user_preferences":[{"wa_id":"351911","value":"stop","category":)"
            R"("marketing_messages","timestamp":1785412800}])",
            "user_preferences"
        ))
    );
    CHECK(preference.event.control().type() == "contact_preference");
    CHECK(preference.event.thread_key() == "351911");
    const Parsed moved = ParseBody(
        "whatsapp",
        Body(Change(
            R"("messages":[)" +
            Message(R"("type":"system","system":{"type":"user_changed_number","wa_id":"352000"})") +
            "]"
        ))
    );
    REQUIRE(moved.events.size() == 2);
    for (const auto& found : moved.events) {
        CHECK(found.event.control().type() == "user_changed_number");
        CHECK(found.event.contact_aliases(0) == "352000");
        CHECK(found.event.contact_key() == "351911");
    }
    CHECK_FALSE(moved.events[0].event.control().contact_moved());
    CHECK(moved.events[1].event.control().contact_moved());
    CHECK(moved.events[1].event.thread_key() == "352000");
    CHECK(moved.events[0].discriminator != moved.events[1].discriminator);
    CHECK(Read(Message(R"("type":"request_welcome")")).event.control().type() == "request_welcome");
}

TEST_CASE("whatsapp: one odd part costs nothing but itself", "[unit][channels]") {
    const std::string good =
        Change(R"("messages":[)" + Message(R"("type":"text","text":{"body":"fine"})") + "]");
    const auto message = [](const std::string& json) {
        return Change(R"("messages":[)" + json + "]");
    };
    for (const std::string& odd :
         {std::string("7"),
          std::string("{}"),
          std::string(R"({"field":"messages","value":[]})"),
          std::string(R"({"field":"messages","value":{}})"),
          std::string(R"({"field":"history","value":{}})"),
          Change(R"("messages":{})"),
          message("null"),
          message(R"({"id":"w"})"),
          message(R"({"from":"1","type":"text"})"),
          message(R"({"from":"1","id":"w","type":"reaction","reaction":{}})"),
          message(R"({"from":"1","id":"w","type":"edit","edit":{"original_message_id":"o"}})"),
          message(
              R"({"from":"1","id":"w","type":"edit","edit":{"original_message_id":"o","message":{)"
              R"("type":"hologram"}}})"
          ),
          Change(R"("groups":[{"type":"group_create"}])"),
          Change(R"("statuses":[{"id":"w","status":"teleported","recipient_id":"1"}])"),
          Change(R"("statuses":[{"status":"read"}])"),
          Change(R"("errors":[7])")}) {
        CAPTURE(odd);
        const Parsed parsed = ParseBody("whatsapp", Body(good + "," + odd + "," + good));
        REQUIRE(parsed.events.size() == 2);
        for (const auto& event : parsed.events) CHECK(event.event.message().text() == "fine");
        CHECK(parsed.problems.size() >= 1);
    }
}

TEST_CASE("whatsapp: fields about templates and set-up are ignored", "[unit][channels]") {
    for (const char* field :
         {"message_template_status_update", "template_category_update", "partner_solutions"}) {
        const Parsed parsed = ParseBody(
            "whatsapp", Body(std::string(R"({"field":")") + field + R"(","value":{"event":"X"}})")
        );
        CHECK((parsed.events.empty() && parsed.problems.empty()));
    }
}

}  // namespace
}  // namespace unibox::channels::test
