#include "wire/json_reader.hpp"

#include "support/status_matchers.hpp"
#include "unibox/v1/admin_service.pb.h"
#include "unibox/v1/conversation.pb.h"
#include "unibox/v1/inbox_service.pb.h"

#include <catch2/catch.hpp>

#include <string>
#include <vector>

using namespace unibox;  // NOLINT(google-build-using-namespace)
using test::HasCode;

namespace {

template <class Message>
Message Read(const std::string& json) {
    Message message;
    REQUIRE_OK(wire::ReadJson(json, &message));
    return message;
}

struct Refusal {
    std::string json;
    std::string field;
    std::string reason;
};

template <class Message>
void CheckRefused(const std::vector<Refusal>& refusals) {
    for (const Refusal& one : refusals) {
        INFO(one.json);
        Message message;
        const Status status = wire::ReadJson(one.json, &message);
        CHECK_THAT(status, HasCode(Code::kInvalidArgument));
        CHECK(status.field() == one.field);
        CHECK(status.reason() == one.reason);
    }
}

}  // namespace

TEST_CASE("JsonReader: every kind of field, in either spelling", "[unit][wire]") {
    for (const std::string json : {
             R"({"kind":"MESSAGE_KIND_NOTE","text":"a\u00e4\ud83d\ude00","replyToSeq":"12",
                 "ifVersion":9007199254740993,"attachments":[
                    {"type":7,"latitude":-1.5,"longitude":"2e1","unavailable":true},
                    {"mimeType":"image/jpeg","contactCard":{"phones":[{"value":"1"}]}}],
                 "template":{"parameters":["x","y"]}})",
             R"({"kind":4,"text":"aä😀","reply_to_seq":12.0,"if_version":"9007199254740993",
                 "attachments":[
                    {"type":"ATTACHMENT_TYPE_LOCATION","latitude":-15e-1,"longitude":20,
                     "unavailable":true},
                    {"mime_type":"image/jpeg","contact_card":{"phones":[{"value":"1"}]}}],
                 "template":{"parameters":["x","y"]}})"}) {
        INFO(json);
        const auto request = Read<v1::AppendMessageRequest>(json);
        CHECK(request.kind() == v1::MESSAGE_KIND_NOTE);
        CHECK(request.text() == "aä😀");
        CHECK(request.reply_to_seq() == 12);
        CHECK(request.if_version() == 9'007'199'254'740'993);
        REQUIRE(request.attachments_size() == 2);
        CHECK(request.attachments(0).type() == v1::ATTACHMENT_TYPE_LOCATION);
        CHECK(request.attachments(0).latitude() == -1.5);
        CHECK(request.attachments(0).longitude() == 20);
        CHECK(request.attachments(0).unavailable());
        CHECK(request.attachments(1).mime_type() == "image/jpeg");
        CHECK(request.attachments(1).contact_card().phones(0).value() == "1");
        CHECK(request.template_().parameters(1) == "y");
    }
    const auto snooze =
        Read<v1::SnoozeConversationRequest>(R"({"snoozeTime":"2026-07-01T12:00:00.5+02:00"})");
    CHECK(snooze.snooze_time().seconds() == 1'782'900'000);
    CHECK(snooze.snooze_time().nanos() == 500'000'000);
    const auto change =
        Read<v1::ChangeAttributesRequest>(R"({"set":{"a":"1","":"x"},"remove":["b"]})");
    CHECK(change.set().size() == 2);
    CHECK(change.set().at("a") == "1");
    CHECK(change.remove(0) == "b");
}

TEST_CASE("JsonReader: null is not given, but for what may be given empty", "[unit][wire]") {
    const auto append = Read<v1::AppendMessageRequest>(
        R"({"text":null,"attachments":null,"template":null,"kind":null,"replyToSeq":null})"
    );
    CHECK(append.ByteSizeLong() == 0);
    CHECK(Read<v1::ChangeAttributesRequest>(R"({"set":null})").ByteSizeLong() == 0);
    const auto nobody = Read<v1::AssignConversationRequest>(R"({"assigneeId":""})");
    CHECK(nobody.has_assignee_id());
    CHECK_FALSE(nobody.has_team_id());
    CheckRefused<v1::AssignConversationRequest>({
        {R"({"assigneeId":null})", "assignee_id", "VALUE_INVALID"},
        {R"({"team_id":null})", "team_id", "VALUE_INVALID"},
    });
    CheckRefused<v1::ChangeLabelsRequest>({{R"({"add":["a",null]})", "add[1]", "VALUE_INVALID"}});
    CheckRefused<v1::ChangeAttributesRequest>({
        {R"({"set":{"a":null}})", "set[a]", "VALUE_INVALID"},
    });
}

TEST_CASE("JsonReader: what could be understood in two ways is refused", "[unit][wire]") {
    CheckRefused<v1::AppendMessageRequest>({
        {R"({"text":"a","text":"a"})", "text", "DUPLICATE_FIELD"},
        {R"({"text":"a","text":null})", "text", "DUPLICATE_FIELD"},
        {R"({"replyToSeq":1,"reply_to_seq":1})", "reply_to_seq", "DUPLICATE_FIELD"},
        {R"({"attachments":[{"url":"a","url":"b"}]})", "attachments[0].url", "DUPLICATE_FIELD"},
        {R"({"nope":1})", "nope", "UNKNOWN_FIELD"},
        {R"({"":1})", "\"\"", "UNKNOWN_FIELD"},
        {R"({"Text":"a"})", "Text", "UNKNOWN_FIELD"},
        {R"({"attachments":[{},{"contactCard":{"nope":1}}]})",
         "attachments[1].contact_card.nope",
         "UNKNOWN_FIELD"},
    });
    CheckRefused<v1::ChangeAttributesRequest>({
        {R"({"set":{"a":"1","a":"1"}})", "set[a]", "DUPLICATE_FIELD"},
        {R"({"set":{"a":"1","\u0061":"1"}})", "set[a]", "DUPLICATE_FIELD"},
    });
    const std::string made_up(1'000, 'x');
    v1::AppendMessageRequest request;
    CHECK(wire::ReadJson("{\"" + made_up + "\":1}", &request).field().size() == 64);
}

TEST_CASE("JsonReader: a value of another type is refused by its field", "[unit][wire]") {
    CheckRefused<v1::AppendMessageRequest>({
        {R"({"text":1})", "text", "VALUE_INVALID"},
        {R"({"text":{}})", "text", "VALUE_INVALID"},
        {R"({"kind":"NOTE"})", "kind", "VALUE_INVALID"},
        {R"({"kind":1.5})", "kind", "VALUE_INVALID"},
        {R"({"kind":4294967297})", "kind", "VALUE_INVALID"},
        {R"({"ifVersion":1.5})", "if_version", "VALUE_INVALID"},
        {R"({"ifVersion":"1.0"})", "if_version", "VALUE_INVALID"},
        {R"({"ifVersion":""})", "if_version", "VALUE_INVALID"},
        {R"({"ifVersion":9223372036854775808})", "if_version", "VALUE_INVALID"},
        {R"({"ifVersion":1e300})", "if_version", "VALUE_INVALID"},
        {R"({"ifVersion":true})", "if_version", "VALUE_INVALID"},
        {R"({"attachments":{}})", "attachments", "VALUE_INVALID"},
        {R"({"attachments":[[]]})", "attachments[0]", "VALUE_INVALID"},
        {R"({"attachments":[{"latitude":"x"}]})", "attachments[0].latitude", "VALUE_INVALID"},
        {R"({"attachments":[{"latitude":"nan"}]})", "attachments[0].latitude", "VALUE_INVALID"},
        {R"({"attachments":[{"unavailable":1}]})", "attachments[0].unavailable", "VALUE_INVALID"},
        {R"({"template":[]})", "template", "VALUE_INVALID"},
    });
    CheckRefused<v1::SnoozeConversationRequest>({
        {R"({"snoozeTime":"tomorrow"})", "snooze_time", "VALUE_INVALID"},
        {R"({"snoozeTime":1782900000})", "snooze_time", "VALUE_INVALID"},
        {R"({"snoozeTime":{"seconds":1}})", "snooze_time", "VALUE_INVALID"},
    });
    CheckRefused<v1::ChangeAttributesRequest>({
        {R"({"set":[]})", "set", "VALUE_INVALID"},
        {R"({"set":{"a":1}})", "set[a]", "VALUE_INVALID"},
    });
}

TEST_CASE("JsonReader: what is no JSON is refused whole", "[unit][wire]") {
    const std::vector<std::string> bodies = {
        "{",
        " ",
        "[]",
        "null",
        "7",
        "{'text':'a'}",
        "{text:1}",
        R"({"text":"a",})",
        R"({"text":"a"} x)",
        R"({"text":"a"}{})",
        "{\"text\":\"a\nb\"}",
        "{\"text\":\"\xC3\"}",
        R"({"text":"\ud83d"})",
        "{\"text\":01}",
        R"({"a":)" + std::string(100, '[') + std::string(100, ']') + "}"};
    for (const std::string& body : bodies) {
        CheckRefused<v1::AppendMessageRequest>({{body, "body", "BODY_INVALID"}});
    }
}

TEST_CASE("ReadJson: a field mask is names with commas between", "[unit][wire]") {
    const auto paths = [](const std::string& json) {
        const auto request = Read<v1::UpdateTenantRequest>(json);
        return std::vector<std::string>(
            request.update_mask().paths().begin(), request.update_mask().paths().end()
        );
    };
    const std::vector<std::string> both = {"display_name", "plan"};
    CHECK(paths(R"({"updateMask": "displayName,plan"})") == both);
    CHECK(paths(R"({"update_mask": "display_name,plan"})") == both);
    CHECK(paths(R"({"updateMask": ""})").empty());
    for (const std::string json :
         {R"({"updateMask": "plan,"})",
          R"({"updateMask": ",plan"})",
          R"({"updateMask": ["plan"]})"}) {
        INFO(json);
        v1::UpdateTenantRequest request;
        const Status status = wire::ReadJson(json, &request);
        CHECK_THAT(status, HasCode(Code::kInvalidArgument));
        CHECK(status.field() == "update_mask");
    }
}
