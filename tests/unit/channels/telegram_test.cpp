#include "fixtures.hpp"

#include <catch2/catch.hpp>

namespace unibox::channels::test {
namespace {

const std::string kUser =
    R"({"id":5012345678,"is_bot":false,"first_name":"Zo\u00eb","last_name":"Q","username":"zoe"})";
const std::string kPrivate = R"({"id":5012345678,"first_name":"Zo\u00eb","type":"private"})";
const std::string kGroup = R"({"id":-1001234567890,"title":"Shop talk","type":"supergroup"})";

std::string Update(const std::string& kind, const std::string& body) {
    return R"({"update_id":900,")" + kind + "\":" + body + "}";
}
std::string Message(const std::string& chat, const std::string& content) {
    return R"({"message_id":7,"date":1785412800,"from":)" + kUser + R"(,"chat":)" + chat + "," +
           content + "}";
}
event::v1::InboundEvent Read(const std::string& chat, const std::string& content) {
    return OnlyEvent("telegram", Update("message", Message(chat, content))).event;
}

TEST_CASE(
    "telegram: in a group the thread is the chat and the contact the author", "[unit][channels]"
) {
    const auto event = Read(kGroup, R"("text":"hi")");
    CHECK(event.thread_key() == "-1001234567890");
    CHECK(event.contact_key() == "5012345678");
    CHECK(event.contact_name() == "Zo\u00eb Q");
    CHECK(event.provider_id() == "-1001234567890:7");
    const auto anonymous =
        Read(kGroup, R"("text":"hi","sender_chat":{"id":-100777,"title":"Admins"})");
    CHECK(anonymous.contact_key() == "-100777");
    CHECK(anonymous.contact_name() == "Admins");
}

TEST_CASE("telegram: every kind of file becomes one attachment", "[unit][channels]") {
    struct Case {
        const char* content;
        v1::AttachmentType type;
        const char* id;
    };
    const Case cases[] = {
        {R"("photo":[{"file_id":"s","file_size":10},{"file_id":"l","file_size":99}])",
         v1::ATTACHMENT_TYPE_IMAGE,
         "l"},
        {R"("animation":{"file_id":"a"},"document":{"file_id":"a"})",
         v1::ATTACHMENT_TYPE_VIDEO,
         "a"},
        {R"("document":{"file_id":"d","file_name":"a.pdf"})", v1::ATTACHMENT_TYPE_FILE, "d"},
        {R"("video":{"file_id":"v"})", v1::ATTACHMENT_TYPE_VIDEO, "v"},
        {R"("video_note":{"file_id":"n"})", v1::ATTACHMENT_TYPE_VIDEO, "n"},
        {R"("audio":{"file_id":"u"})", v1::ATTACHMENT_TYPE_AUDIO, "u"},
        {R"("voice":{"file_id":"o"})", v1::ATTACHMENT_TYPE_VOICE, "o"},
        {R"("sticker":{"file_id":"k","emoji":"x"})", v1::ATTACHMENT_TYPE_STICKER, "k"},
        {R"("contact":{"phone_number":"+351","first_name":"Al"})", v1::ATTACHMENT_TYPE_CONTACT, ""},
        {R"("location":{"latitude":1.5,"longitude":-2})", v1::ATTACHMENT_TYPE_LOCATION, ""},
        {R"("venue":{"location":{"latitude":1.5,"longitude":-2},"title":"T"},"location":{)"
         R"("latitude":9,"longitude":9})",
         v1::ATTACHMENT_TYPE_LOCATION,
         ""},
    };
    for (const Case& c : cases) {
        CAPTURE(c.content);
        const auto event = Read(kPrivate, std::string(c.content) + R"(,"caption":"look")");
        REQUIRE(event.message().attachments_size() == 1);
        const v1::Attachment& attachment = event.message().attachments(0);
        CHECK(attachment.type() == c.type);
        CHECK(attachment.provider_media_id() == c.id);
        CHECK(event.message().text() == "look");
        CHECK(event.message().kind() == v1::MESSAGE_KIND_TEXT);
        if (c.type == v1::ATTACHMENT_TYPE_LOCATION)
            CHECK((attachment.latitude() == 1.5 && attachment.longitude() == -2));
    }
}

TEST_CASE("telegram: a caption does not hide what it belongs to", "[unit][channels]") {
    const auto paid = Read(
        kPrivate,
        R"("caption":"c","paid_media":{"star_count":5,"paid_media":[{"type":"preview"},)"
        R"({"type":"photo","photo":[{"file_id":"s"},{"file_id":"l"}]},)"
        R"({"type":"video","video":{"file_id":"v"}}]})"
    );
    CHECK(paid.message().text() == "c");
    REQUIRE(paid.message().attachments_size() == 3);
    CHECK(paid.message().attachments(0).type() == v1::ATTACHMENT_TYPE_OTHER);
    CHECK(paid.message().attachments(0).name() == "paid_media");
    CHECK(paid.message().attachments(0).unavailable());
    CHECK(paid.message().attachments(1).provider_media_id() == "l");
    CHECK(paid.message().attachments(2).type() == v1::ATTACHMENT_TYPE_VIDEO);
    const Parsed unknown = ParseBody(
        "telegram",
        Update("message", Message(kPrivate, R"("caption":"c","hologram":{"file_id":"h"})"))
    );
    REQUIRE(unknown.events.size() == 1);
    const auto& body = unknown.events[0].event.message();
    CHECK(body.kind() == v1::MESSAGE_KIND_TEXT);
    CHECK(body.text() == "c");
    REQUIRE(body.attachments_size() == 1);
    CHECK(body.attachments(0).name() == "hologram");
    CHECK(unknown.problems.size() == 1);
}

TEST_CASE("telegram: files over 20 MiB are marked", "[unit][channels]") {
    const auto small = Read(kPrivate, R"("document":{"file_id":"d","file_size":20971520})");
    CHECK_FALSE(small.message().attachments(0).unavailable());
    const auto large = Read(kPrivate, R"("document":{"file_id":"d","file_size":20971521})");
    CHECK(large.message().attachments(0).unavailable());
}

TEST_CASE("telegram: unknown types are kept and named", "[unit][channels]") {
    for (const std::string type : {"poll", "dice", "hologram"}) {
        const Parsed parsed = ParseBody(
            "telegram", Update("message", Message(kPrivate, "\"" + type + "\":{\"a\":1}"))
        );
        REQUIRE(parsed.events.size() == 1);
        CHECK(parsed.events[0].event.message().kind() == v1::MESSAGE_KIND_UNSUPPORTED);
        CHECK(parsed.events[0].event.message().text() == type);
        REQUIRE(parsed.problems.size() == 1);
        CHECK(parsed.problems[0].reason == "partly_understood");
    }
}

TEST_CASE("telegram: notices about the chat are control events", "[unit][channels]") {
    const auto joined = OnlyEvent(
        "telegram", Update("message", Message(kGroup, R"("new_chat_members":[{"id":1}])"))
    );
    CHECK(joined.event.control().type() == "new_chat_members");
    CHECK(joined.key_class == "control");
    CHECK(joined.discriminator == "900");
    const auto moved = Read(kGroup, R"("migrate_to_chat_id":-1009)");
    CHECK(moved.control().type() == "chat_migrated");
    CHECK(moved.control().attributes().at("to_chat_id") == "-1009");
    for (const std::string notice : {"checklist_tasks_done", "paid_message_price_changed"}) {
        CHECK(Read(kGroup, "\"" + notice + "\":{\"a\":1}").control().type() == notice);
    }
}

TEST_CASE(
    "telegram: whatever the customer did not write in a business chat is an echo",
    "[unit][channels]"
) {
    const std::string business = R"("business_connection_id":"bc1","text":"hello")";
    const auto inbound =
        OnlyEvent("telegram", Update("business_message", Message(kPrivate, business)));
    CHECK(inbound.event.message().direction() == v1::DIRECTION_INBOUND);
    CHECK(inbound.event.thread_key() == "bc1:5012345678");
    CHECK(inbound.event.provider_id() == "bc1:5012345678:7");
    const std::string ours =
        R"({"message_id":8,"date":1,"from":{"id":77,"first_name":"Owner"},"chat":)" + kPrivate +
        "," + business + "}";
    const auto echo = OnlyEvent("telegram", Update("business_message", ours)).event;
    CHECK(echo.message().direction() == v1::DIRECTION_OUTBOUND);
    CHECK(echo.contact_key() == "5012345678");
    CHECK(echo.contact_name() == "Zo\u00eb");
    CHECK(echo.thread_key() == inbound.event.thread_key());
}

TEST_CASE(
    "telegram: edits, deletions and answers point to the same ids as messages", "[unit][channels]"
) {
    const auto edit = OnlyEvent(
        "telegram",
        Update(
            "edited_business_message",
            Message(kPrivate, R"("business_connection_id":"bc1","edit_date":1785412900,"text":"b")")
        )
    );
    CHECK(edit.event.provider_id() == "bc1:5012345678:7");
    CHECK(edit.event.edit().text() == "b");
    CHECK(edit.event.provider_time_ms() == 1'785'412'900'000);
    const Parsed deleted = ParseBody(
        "telegram",
        Update(
            "deleted_business_messages",
            R"({"business_connection_id":"bc1","chat":)" + kPrivate + R"(,"message_ids":[7,{},8]})"
        )
    );
    REQUIRE(deleted.events.size() == 2);
    CHECK(deleted.events[0].event.provider_id() == "bc1:5012345678:7");
    CHECK(deleted.events[1].event.has_delete_());
    REQUIRE(deleted.problems.size() == 1);
    const auto answer = Read(kPrivate, R"("text":"y","reply_to_message":{"message_id":3})");
    CHECK(answer.message().reply_to_provider_id() == "5012345678:3");
}

TEST_CASE(
    "telegram: an edit that cannot be read leaves the message as it was", "[unit][channels]"
) {
    for (const char* content :
         {R"("poll":{"id":"1","question":"Q"})",
          R"("text":{})",
          R"("location":{"latitude":"x"})"}) {
        CAPTURE(content);
        const Parsed parsed =
            ParseBody("telegram", Update("edited_message", Message(kPrivate, content)));
        CHECK(parsed.events.empty());
        REQUIRE(parsed.problems.size() == 1);
        CHECK(parsed.problems[0].reason == "partly_understood");
    }
    const auto moved = OnlyEvent(
        "telegram",
        Update("edited_message", Message(kPrivate, R"("location":{"latitude":1.5,"longitude":2})"))
    );
    CHECK(moved.event.edit().attachments_size() == 1);
    const auto post = OnlyEvent(
        "telegram",
        R"({"update_id":900,"edited_channel_post":{"message_id":7,"edit_date":1785412900,)"
        R"("chat":{"id":-100,"title":"C"},"text":"new"}})"
    );
    CHECK((post.event.edit().text() == "new" && post.event.contact_key() == "-100"));
}

TEST_CASE("telegram: a message in a forum topic answers nothing", "[unit][channels]") {
    const std::string topic = R"("text":"x","is_topic_message":true,"message_thread_id":3,)";
    CHECK(Read(kGroup, topic + R"("reply_to_message":{"message_id":3})")
              .message()
              .reply_to_provider_id()
              .empty());
    CHECK(
        Read(kGroup, topic + R"("reply_to_message":{"message_id":5})")
            .message()
            .reply_to_provider_id() == "-1001234567890:5"
    );
}

Parsed Reactions(const std::string& before, const std::string& after) {
    return ParseBody(
        "telegram",
        Update(
            "message_reaction",
            R"({"chat":)" + kGroup + R"(,"message_id":44,"user":)" + kUser +
                R"(,"date":1785412805,"old_reaction":)" + before + R"(,"new_reaction":)" + after +
                "}"
        )
    );
}

TEST_CASE("telegram: a change of reactions becomes what changed", "[unit][channels]") {
    const std::string fire = R"({"type":"emoji","emoji":"F"})";
    const std::string heart = R"({"type":"emoji","emoji":"H"})";
    const std::string custom = R"({"type":"custom_emoji","custom_emoji_id":"123"})";
    const Parsed none = Reactions("[" + fire + "]", "[]");
    REQUIRE(none.events.size() == 1);
    CHECK(none.events[0].event.reaction().removed());
    CHECK(none.events[0].event.reaction().emoji().empty());
    const Parsed swapped = Reactions("[" + fire + "]", "[" + heart + "," + custom + "]");
    REQUIRE(swapped.events.size() == 3);
    CHECK(
        (swapped.events[0].event.reaction().removed() &&
         swapped.events[0].event.reaction().emoji() == "F")
    );
    CHECK(
        (!swapped.events[1].event.reaction().removed() &&
         swapped.events[1].event.reaction().emoji() == "H")
    );
    CHECK(swapped.events[2].event.reaction().emoji() == "custom:123");
    CHECK(swapped.events[1].discriminator != swapped.events[2].discriminator);
    CHECK(swapped.events[1].event.contact_key() == "5012345678");
    CHECK(swapped.events[1].event.thread_key() == "-1001234567890");
}

TEST_CASE("telegram: a reaction of an unknown type is no removal", "[unit][channels]") {
    const std::string fire = R"({"type":"emoji","emoji":"F"})";
    const std::string unknown = R"({"type":"hologram","hologram":1})";
    const Parsed alone = Reactions("[]", "[" + unknown + "]");
    CHECK(alone.events.empty());
    CHECK(alone.problems.size() == 2);  // The type, and the member that is not known.
    const Parsed instead = Reactions("[" + fire + "]", "[" + unknown + "]");
    REQUIRE(instead.events.size() == 1);
    CHECK(instead.events[0].event.reaction().emoji() == "F");
    CHECK(instead.problems.size() == 2);
    const Parsed beside = Reactions("[]", "[" + unknown + "," + fire + "]");
    REQUIRE(beside.events.size() == 1);
    CHECK_FALSE(beside.events[0].event.reaction().removed());
}

TEST_CASE("telegram: a pressed button is a postback with the button's text", "[unit][channels]") {
    const auto event = OnlyEvent(
        "telegram",
        Update(
            "callback_query",
            R"({"id":"q1","from":)" + kUser +
                R"(,"data":"yes:1","message":{"message_id":44,"chat":)" + kPrivate +
                R"(,"date":5,"reply_markup":{"inline_keyboard":[[{"text":"No","callback_data":)"
                R"("no"}],[{"text":"Yes","callback_data":"yes:1"}]]}}})"
        )
    );
    CHECK(event.event.message().kind() == v1::MESSAGE_KIND_POSTBACK);
    CHECK(event.event.message().text() == "Yes");
    CHECK(event.event.message().payload() == "yes:1");
    CHECK(event.event.message().reply_to_provider_id() == "5012345678:44");
    CHECK(event.event.provider_time_ms() == 0);
    CHECK(event.key_class == "message");
    CHECK(event.discriminator.empty());
}

TEST_CASE("telegram: payments keep their payload", "[unit][channels]") {
    for (const std::string& update :
         {Update("purchased_paid_media", R"({"from":)" + kUser + R"(,"paid_media_payload":"pp"})"),
          Update("pre_checkout_query", R"({"from":)" + kUser + R"(,"invoice_payload":"pp"})")}) {
        CHECK(OnlyEvent("telegram", update).event.control().attributes().at("payload") == "pp");
    }
    const Parsed odd =
        ParseBody("telegram", Update("callback_query", R"({"id":"q","from":)" + kUser + "}"));
    CHECK(odd.events.size() == 1);
    CHECK(odd.problems.size() == 1);
}

TEST_CASE("telegram: a contact that blocks us is told", "[unit][channels]") {
    const auto change = [](const std::string& chat, const std::string& status) {
        return OnlyEvent(
                   "telegram",
                   Update(
                       "my_chat_member",
                       R"({"chat":)" + chat + R"(,"from":)" + kUser +
                           R"(,"date":1785412800,"new_chat_member":{"status":")" + status + R"("}})"
                   )
        )
            .event.control()
            .type();
    };
    CHECK(change(kPrivate, "kicked") == "contact_blocked");
    CHECK(change(kPrivate, "member") == "contact_unblocked");
    CHECK(change(kGroup, "kicked") == "membership_changed");
}

TEST_CASE(
    "telegram: what is not for an inbox is ignored, what is unknown is a problem",
    "[unit][channels]"
) {
    for (const char* ignored : {"inline_query", "poll", "message_reaction_count"}) {
        const Parsed parsed = ParseBody("telegram", Update(ignored, R"({"id":"1"})"));
        CHECK((parsed.events.empty() && parsed.problems.empty()));
    }
    for (const std::string& unknown :
         {Update("hyper_update", "{}"),
          Update("message", "[]"),
          Update("message", "{}"),
          Update("message", R"({"message_id":1,"chat":{"id":{}}})"),
          Update("edited_message", "{}"),
          Update("message_reaction", "{}"),
          Update("callback_query", "{}"),
          Update("my_chat_member", "{}"),
          Update("business_connection", "{}"),
          Update("deleted_business_messages", R"({"chat":{"id":1}})"),
          std::string("{}")}) {
        CAPTURE(unknown);
        const Parsed parsed = ParseBody("telegram", unknown);
        CHECK(parsed.events.empty());
        CHECK(parsed.problems.size() == 1);
    }
}

}  // namespace
}  // namespace unibox::channels::test
