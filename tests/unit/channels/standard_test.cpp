#include "fixtures.hpp"

#include <catch2/catch.hpp>

#include <span>

namespace unibox::channels::test {
namespace {

std::string Body(const std::string& type, const std::string& data) {
    return R"({"type":")" + type + R"(","timestamp":"2026-07-30T12:00:00Z","data":)" + data + "}";
}
ProviderEvent Read(const std::string& type, const std::string& data) {
    return OnlyEvent("standard", Body(type, data));
}

const std::string kContact = R"("contact":{"external_id":"u-9","name":"Ada"})";

TEST_CASE("standard: a message with all that it may say", "[unit][channels]") {
    const auto found = Read(
        "message.created",
        R"({"message_id":"m1","conversation_ref":"cart-77",)" + kContact +
            R"(,"text":"hi","subject":"S","reply_to":"m0","client_ref":"r1","unknown":[1],)"
            R"("attachments":[)"
            R"({"type":"image","url":"https://a/1","name":"1.png","mime_type":"image/png",)"
            R"("size_bytes":12,"id":"x"},)"
            R"({"type":"location","latitude":1.5,"longitude":2}]})"
    );
    const auto& event = found.event;
    CHECK(event.thread_key() == "cart-77");
    CHECK(event.contact_key() == "u-9");
    CHECK(event.contact_name() == "Ada");
    CHECK(event.provider_time_ms() == 1'785'412'800'000);
    CHECK(event.message().direction() == v1::DIRECTION_INBOUND);
    CHECK(event.message().kind() == v1::MESSAGE_KIND_TEXT);
    CHECK(event.message().reply_to_provider_id() == "m0");
    CHECK(event.message().client_ref() == "r1");
    CHECK(event.message().subject() == "S");
    REQUIRE(event.message().attachments_size() == 2);
    CHECK(event.message().attachments(0).size_bytes() == 12);
    CHECK(event.message().attachments(1).latitude() == 1.5);
    CHECK(found.discriminator.empty());
}

TEST_CASE("standard: thread, direction and postbacks", "[unit][channels]") {
    CHECK(
        Read("message.created", R"({"message_id":7,)" + kContact + R"(,"text":"x"})")
            .event.thread_key() == "u-9"
    );
    CHECK(
        Read("message.created", R"({"message_id":7,)" + kContact + R"(,"text":"x"})")
            .event.provider_id() == "7"
    );
    const auto ours = Read(
        "message.created",
        R"({"message_id":"m",)" + kContact + R"(,"text":"x","direction":"outbound"})"
    );
    CHECK(ours.event.message().direction() == v1::DIRECTION_OUTBOUND);
    const auto button =
        Read("message.created", R"({"message_id":"m",)" + kContact + R"(,"payload":"YES"})");
    CHECK(button.event.message().kind() == v1::MESSAGE_KIND_POSTBACK);
}

TEST_CASE("standard: changes of a message are told apart by the webhook id", "[unit][channels]") {
    const auto edit = Read(
        "message.updated", R"({"message_id":"m","conversation_ref":"c","text":"b","revision":2})"
    );
    CHECK(
        (edit.key_class == "edit" && edit.discriminator == "msg_1" &&
         edit.event.edit().revision() == 2)
    );
    CHECK(
        Read("message.deleted", R"({"message_id":"m","conversation_ref":"c"})").event.has_delete_()
    );
    const auto reaction =
        Read("message.reaction", R"({"message_id":"m",)" + kContact + R"(,"emoji":"E"})");
    CHECK((reaction.event.reaction().emoji() == "E" && reaction.discriminator == "msg_1"));
    CHECK(Read("message.reaction", R"({"message_id":"m",)" + kContact + R"(,"removed":true})")
              .event.reaction()
              .removed());
}

TEST_CASE("standard: receipts by message or up to a time", "[unit][channels]") {
    const auto failed = Read(
        "message.status", R"({"message_id":"m",)" + kContact + R"(,"status":"failed","error":550})"
    );
    CHECK(failed.event.receipt().error() == "550");
    CHECK(failed.discriminator == "failed");
    const auto read = Read(
        "message.status", "{" + kContact + R"(,"status":"read","until":"2026-07-30T11:59:00Z"})"
    );
    CHECK(read.event.receipt().watermark_ms() == 1'785'412'740'000);
    CHECK(read.event.provider_id().empty());
    CHECK(read.discriminator == "read:1785412740000");
}

TEST_CASE("standard: typing, and everything else is control", "[unit][channels]") {
    CHECK(Read("typing.started", "{" + kContact + "}").event.has_typing());
    const auto control = Read(
        "Contact.Blocked", "{" + kContact + R"(,"reason":"spam","count":3,"on":true,"deep":{}})"
    );
    CHECK(control.event.control().type() == "contact_blocked");
    const auto& attributes = control.event.control().attributes();
    CHECK(
        (attributes.at("reason") == "spam" && attributes.at("count") == "3" &&
         attributes.at("on") == "true")
    );
    CHECK(attributes.size() == 3);
}

std::pair<std::string, std::string> Refused(const std::string& body) {
    OwnedRequest request;
    request.body = body;
    request.headers["webhook-id"] = "msg_1";
    const auto parsed = AdapterOf("standard").parse(request.View());
    CHECK(parsed.status().code() == Code::kInvalidArgument);
    return {parsed.status().field(), parsed.status().message()};
}

struct RefusedCase {
    std::string body;
    const char* field;
};

void CheckRefused(std::span<const RefusedCase> cases) {
    for (const RefusedCase& c : cases) {
        CAPTURE(c.body.substr(0, 200));
        const auto [field, message] = Refused(c.body);
        CHECK(field == c.field);
        CHECK(message.find(c.field) != std::string::npos);
    }
}

std::string Created(const std::string& data) {
    return Body("message.created", data);
}

TEST_CASE("standard: a refusal names the field", "[unit][channels]") {
    const std::string ok = R"("message_id":"m",)" + kContact + R"(,"text":"x")";
    const std::string long_id(256, 'i');
    const RefusedCase cases[] = {
        {"", "body"},
        {"[]", "body"},
        {R"({"data":{}})", "type"},
        {R"({"type":7,"data":{}})", "type"},
        {R"({"type":"message.created"})", "data"},
        {Created("[]"), "data"},
        {Created("{" + kContact + R"(,"text":"x"})"), "data.message_id"},
        {Created(R"({"message_id":"",)" + kContact + R"(,"text":"x"})"), "data.message_id"},
        {Created(R"({"message_id":{},)" + kContact + R"(,"text":"x"})"), "data.message_id"},
        {Created(R"({"message_id":")" + long_id + R"(",)" + kContact + R"(,"text":"x"})"),
         "data.message_id"},
        {Created(R"({"message_id":"m","text":"x"})"), "data.contact.external_id"},
        {Created(R"({"message_id":"m","conversation_ref":"c","text":"x"})"),
         "data.contact.external_id"},
        {Created(R"({"message_id":"m","contact":"u-9","text":"x"})"), "data.contact"},
        {Created(R"({"message_id":"m",)" + kContact + "}"), "data.text"},
        {Created(R"({"message_id":"m",)" + kContact + R"(,"text":7})"), "data.text"},
        {Created(
             R"({"message_id":"m",)" + kContact + R"(,"text":")" + std::string(65'537, 'x') +
             R"("})"
         ),
         "data.text"},
        {Created("{" + ok + R"(,"direction":"up"})"), "data.direction"},
        {Created("{" + ok + R"(,"conversation_ref":[]})"), "data.conversation_ref"},
        {Created("{" + ok + R"(,"attachments":{}})"), "data.attachments"},
        {Created("{" + ok + R"(,"attachments":[{"type":"image"},{"type":"hologram"}]})"),
         "data.attachments[1].type"},
        {Created("{" + ok + R"(,"attachments":[{"type":"file","size_bytes":-1}]})"),
         "data.attachments[0].size_bytes"},
        {Created("{" + ok + R"(,"attachments":[{"type":"location","latitude":1}]})"),
         "data.attachments[0].longitude"},
        {R"({"type":"message.created","timestamp":"noon","data":{)" + ok + "}}", "timestamp"},
        {Body("message.status", R"({"message_id":"m",)" + kContact + R"(,"status":"lost"})"),
         "data.status"},
        {Body("message.status", "{" + kContact + R"(,"status":"read"})"), "data.message_id"},
        {Body("message.updated", R"({"message_id":"m",)" + kContact + "}"), "data.text"},
        {Body("message.reaction", R"({"message_id":"m",)" + kContact + "}"), "data.emoji"},
        {Body("message.deleted", R"({"message_id":"m"})"), "data.contact.external_id"},
        {Body("anything", "{}"), "data.contact.external_id"},
        {Created("{" + ok + ",\"note\":\"\xff\"}"), "data.note"},
        {Created("{" + ok + R"(,"message_id":"n"})"), "data.message_id"},
    };
    CheckRefused(cases);
    CHECK(
        Refused(Created("{" + kContact + R"(,"text":"x"})")).second == "data.message_id is missing"
    );
}

TEST_CASE("standard: values of other types, and what cannot be together", "[unit][channels]") {
    const std::string ok = R"("message_id":"m",)" + kContact + R"(,"text":"x")";
    const RefusedCase cases[] = {
        {Body("message.status", "{" + kContact + R"(,"status":"sent","until":1785412800})"),
         "data.status"},
        {Body("message.status", "{" + kContact + R"(,"status":"failed","until":1785412800})"),
         "data.status"},
        {Body("message.status", "{" + kContact + R"(,"status":"read","until":"soon"})"),
         "data.until"},
        {Body("message.status", R"({"message_id":"m",)" + kContact + R"(,"status":3})"),
         "data.status"},
        {Body(
             "message.reaction",
             R"({"message_id":"m",)" + kContact + R"(,"emoji":"E","removed":"yes"})"
         ),
         "data.removed"},
        {Body(
             "message.updated",
             R"({"message_id":"m",)" + kContact + R"(,"text":"x","revision":1.5})"
         ),
         "data.revision"},
        {Created(R"({"message_id":1.5,)" + kContact + R"(,"text":"x"})"), "data.message_id"},
        {Created(R"({"message_id":true,)" + kContact + R"(,"text":"x"})"), "data.message_id"},
        {Created(R"({"message_id":"m","contact":{"external_id":"u","name":7},"text":"x"})"),
         "data.contact.name"},
        {Created("{" + ok + R"(,"attachments":[null]})"), "data.attachments[0]"},
        {Created("{" + ok + R"(,"attachments":[{"type":"image","url":7}]})"),
         "data.attachments[0].url"},
        {Created("{" + ok + R"(,"attachments":[{"type":"location","latitude":91,"longitude":1}]})"),
         "data.attachments[0].latitude"},
    };
    CheckRefused(cases);
}

TEST_CASE("standard: half characters and NUL are replaced", "[unit][channels]") {
    const auto event = Read(
        "message.created", R"({"message_id":"m",)" + kContact + R"(,"text":"a\u0000b\ud83d"})"
    );
    CHECK(event.event.message().text() == "a\uFFFDb\uFFFD");
}

}  // namespace
}  // namespace unibox::channels::test
