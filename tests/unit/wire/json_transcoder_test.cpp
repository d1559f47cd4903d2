#include "wire/json_transcoder.hpp"

#include "google/api/annotations.pb.h"
#include "support/status_matchers.hpp"
#include "unibox/v1/conversation.pb.h"
#include "unibox/v1/inbox_service.pb.h"
#include "unibox/v1/ingest_service.pb.h"

#include <catch2/catch.hpp>
#include <google/protobuf/dynamic_message.h>
#include <google/protobuf/util/json_util.h>

using namespace unibox;  // NOLINT(google-build-using-namespace)
using test::HasCode;

namespace {

namespace pb = google::protobuf;

const pb::ServiceDescriptor& Service() {
    return *v1::GetContactRequest::descriptor()->file()->FindServiceByName("InboxService");
}

wire::HttpBinding BindingOf(const std::string& method) {
    const auto bindings = wire::HttpBindings(Service());
    REQUIRE_OK(bindings);
    for (const auto& binding : *bindings) {
        if (binding.method->name() == method) return binding;
    }
    FAIL("no such method");
    return {};
}

// A service with one method whose input has every kind of field, and the annotation `rule`.
class Sample {
public:
    explicit Sample(const google::api::HttpRule& rule)
        : pool_(pb::DescriptorPool::generated_pool()) {
        pb::FileDescriptorProto file;
        file.set_name("sample.proto");
        file.set_package("sample");
        file.set_syntax("proto3");
        file.add_dependency("google/protobuf/timestamp.proto");
        file.add_dependency("google/api/annotations.proto");
        auto* inner = file.add_message_type();
        inner->set_name("Inner");
        Add(inner, "name_text", 1, pb::FieldDescriptorProto::TYPE_STRING);
        Add(inner, "count", 2, pb::FieldDescriptorProto::TYPE_INT32);
        auto* in = file.add_message_type();
        in->set_name("In");
        Add(in, "id", 1, pb::FieldDescriptorProto::TYPE_STRING);
        Add(in, "big_number", 2, pb::FieldDescriptorProto::TYPE_INT64);
        Add(in, "small", 3, pb::FieldDescriptorProto::TYPE_UINT32);
        Add(in, "ratio", 4, pb::FieldDescriptorProto::TYPE_DOUBLE);
        Add(in, "data", 5, pb::FieldDescriptorProto::TYPE_BYTES);
        Add(in, "tags", 6, pb::FieldDescriptorProto::TYPE_STRING)
            ->set_label(pb::FieldDescriptorProto::LABEL_REPEATED);
        Add(in, "numbers", 7, pb::FieldDescriptorProto::TYPE_INT32)
            ->set_label(pb::FieldDescriptorProto::LABEL_REPEATED);
        Message(in, "inner", 8, ".sample.Inner");
        Message(in, "since_time", 9, ".google.protobuf.Timestamp");
        Message(in, "inners", 10, ".sample.Inner")
            ->set_label(pb::FieldDescriptorProto::LABEL_REPEATED);
        auto* service = file.add_service();
        service->set_name("Service");
        auto* method = service->add_method();
        method->set_name("Do");
        method->set_input_type(".sample.In");
        method->set_output_type(".sample.Inner");
        *method->mutable_options()->MutableExtension(google::api::http) = rule;
        const auto* built = pool_.BuildFile(file);
        REQUIRE(built != nullptr);
        service_ = built->service(0);
    }

    Result<std::vector<wire::HttpBinding>> Bindings() const {
        return wire::HttpBindings(*service_);
    }
    // The request as JSON, or the status.
    Result<std::string> Parse(
        const wire::PathValues& path, const std::string& query, const std::string& body
    ) {
        const auto bindings = Bindings();
        REQUIRE_OK(bindings);
        const auto& binding = bindings->front();
        const std::unique_ptr<pb::Message> message(
            factory_.GetPrototype(binding.method->input_type())->New()
        );
        UNIBOX_RETURN_IF_ERROR(wire::ToRequest(binding, path, query, body, message.get()));
        std::string json;
        REQUIRE(pb::util::MessageToJsonString(*message, &json).ok());
        return json;
    }

private:
    static pb::FieldDescriptorProto* Add(
        pb::DescriptorProto* to,
        const std::string& name,
        int number,
        pb::FieldDescriptorProto::Type type
    ) {
        auto* field = to->add_field();
        field->set_name(name);
        field->set_number(number);
        field->set_type(type);
        field->set_label(pb::FieldDescriptorProto::LABEL_OPTIONAL);
        return field;
    }
    static pb::FieldDescriptorProto* Message(
        pb::DescriptorProto* to, const std::string& name, int number, const std::string& type
    ) {
        auto* field = Add(to, name, number, pb::FieldDescriptorProto::TYPE_MESSAGE);
        field->set_type_name(type);
        return field;
    }

    pb::DescriptorPool pool_;
    pb::DynamicMessageFactory factory_;
    const pb::ServiceDescriptor* service_ = nullptr;
};

google::api::HttpRule Get(const std::string& pattern) {
    google::api::HttpRule rule;
    rule.set_get(pattern);
    return rule;
}
google::api::HttpRule Post(const std::string& pattern, const std::string& body) {
    google::api::HttpRule rule;
    rule.set_post(pattern);
    rule.set_body(body);
    return rule;
}

}  // namespace

TEST_CASE("Transcoder: the routes of InboxService are its annotations", "[unit][wire]") {
    const auto bindings = wire::HttpBindings(Service());
    REQUIRE_OK(bindings);
    std::vector<std::string> routes;
    for (const auto& binding : *bindings) {
        routes.push_back(binding.verb + " " + binding.pattern + " " + binding.method->name());
    }
    CHECK(
        routes ==
        std::vector<std::string>{
            "GET /v1/conversations ListConversations",
            "GET /v1/conversations/{conversation_id} GetConversation",
            "GET /v1/conversations/{conversation_id}/messages ListMessages",
            "GET /v1/conversations/{conversation_id}/audit ListConversationAudit",
            "GET /v1/contacts/{contact_id} GetContact",
            "GET /v1/contacts:blocked ListBlockedContacts",
            "POST /v1/conversations/{conversation_id}/messages AppendMessage",
            "POST /v1/conversations/{conversation_id}/messages/{seq}:edit EditMessage",
            "POST /v1/conversations/{conversation_id}/messages/{seq}:delete DeleteMessage",
            "POST /v1/conversations/{conversation_id}:open OpenConversation",
            "POST /v1/conversations/{conversation_id}:pend PendConversation",
            "POST /v1/conversations/{conversation_id}:snooze SnoozeConversation",
            "POST /v1/conversations/{conversation_id}:close CloseConversation",
            "POST /v1/conversations/{conversation_id}:assign AssignConversation",
            "POST /v1/conversations/{conversation_id}:setPriority SetPriority",
            "POST /v1/conversations/{conversation_id}:changeLabels ChangeLabels",
            "POST /v1/conversations/{conversation_id}:changeAttributes ChangeAttributes",
            "POST /v1/conversations/{conversation_id}:markRead MarkRead",
            "POST /v1/conversations/{conversation_id}:markUnread MarkUnread",
            "POST /v1/conversations/{conversation_id}:mute MuteConversation",
            "POST /v1/conversations/{conversation_id}:unmute UnmuteConversation",
            "PATCH /v1/contacts/{contact_id} UpdateContact",
            "POST /v1/contacts/{contact_id}:merge MergeContacts",
            "POST /v1/contacts/{contact_id}:block BlockContact",
            "POST /v1/contacts/{contact_id}:unblock UnblockContact"}
    );
}

TEST_CASE("Transcoder: a path variable is a text or a whole number", "[unit][wire]") {
    const auto binding = BindingOf("EditMessage");
    CHECK(binding.path_fields == std::vector<std::string>{"conversation_id", "seq"});
    v1::EditMessageRequest request;
    REQUIRE_OK(wire::ToRequest(
        binding, {{"conversation_id", "c"}, {"seq", "7"}}, "", R"({"text":"t","seq":8})", &request
    ));
    CHECK(request.conversation_id() == "c");
    CHECK(request.seq() == 7);
    CHECK(request.text() == "t");
    for (const std::string seq : {"", "x", "7x", "1.0", "9223372036854775808", " 7", "0x7"}) {
        INFO(seq);
        const Status refused =
            wire::ToRequest(binding, {{"conversation_id", "c"}, {"seq", seq}}, "", "", &request);
        CHECK_THAT(refused, HasCode(Code::kInvalidArgument));
        CHECK(refused.field() == "seq");
    }
}

TEST_CASE("Transcoder: query parameters in either spelling", "[unit][wire]") {
    const auto binding = BindingOf("ListConversations");
    for (const std::string query :
         {"pageSize=7&channelId=a%20b+c&unread=true&status=CONVERSATION_STATUS_OPEN&pageToken=t",
          "&page_size=7&channel_id=a+b%20c&&unread=true&status=1&page_token=t&"}) {
        v1::ListConversationsRequest request;
        REQUIRE_OK(wire::ToRequest(binding, {}, query, "", &request));
        CHECK(request.page_size() == 7);
        CHECK(request.channel_id() == "a b c");
        CHECK(request.unread());
        CHECK(request.status() == v1::CONVERSATION_STATUS_OPEN);
        CHECK(request.page_token() == "t");
    }
}

TEST_CASE("Transcoder: every type of field", "[unit][wire]") {
    Sample sample(Get("/v1/things/{id}"));
    const auto json = sample.Parse(
        {{"id", "x/y"}},
        "bigNumber=-9223372036854775808&small=4294967295&ratio=1.5e3&data=AQI%3D&tags=a&tags=b"
        "&numbers=1&numbers=-2&inner.nameText=n&inner.count=3&sinceTime=2026-07-01T00:00:00Z",
        ""
    );
    REQUIRE_OK(json);
    CHECK(
        *json ==
        R"({"id":"x/y","bigNumber":"-9223372036854775808","small":4294967295,"ratio":1500,)"
        R"("data":"AQI=","tags":["a","b"],"numbers":[1,-2],"inner":{"nameText":"n","count":3},)"
        R"("sinceTime":"2026-07-01T00:00:00Z"})"
    );
}

TEST_CASE("Transcoder: wrong parameters are refused by name", "[unit][wire]") {
    struct Case {
        std::string query;
        std::string field;
        std::string reason;
    };
    const std::vector<Case> cases = {
        {"nope=1", "nope", "UNKNOWN_PARAMETER"},
        {"nope", "nope", "UNKNOWN_PARAMETER"},
        {"BigNumber=1", "BigNumber", "UNKNOWN_PARAMETER"},
        {"inner=x", "inner", "UNKNOWN_PARAMETER"},
        {"inner.nope=x", "inner.nope", "UNKNOWN_PARAMETER"},
        {"inner.=x", "inner.", "UNKNOWN_PARAMETER"},
        {"inners.count=1", "inners.count", "UNKNOWN_PARAMETER"},
        {"tags.x=1", "tags.x", "UNKNOWN_PARAMETER"},
        {"id=other", "id", "UNKNOWN_PARAMETER"},  // Bound by the path.
        {"small=-1", "small", "VALUE_INVALID"},
        {"small=4294967296", "small", "VALUE_INVALID"},
        {"small=", "small", "VALUE_INVALID"},
        {"small", "small", "VALUE_INVALID"},
        {"small=%201", "small", "VALUE_INVALID"},
        {"small=0x1", "small", "VALUE_INVALID"},
        {"ratio=inf", "ratio", "VALUE_INVALID"},
        {"numbers=1,2", "numbers", "VALUE_INVALID"},
        {"data=!", "data", "VALUE_INVALID"},
        {"sinceTime=yesterday", "since_time", "VALUE_INVALID"},
        {"small=1&small=2", "small", "DUPLICATE_PARAMETER"},
        {"small=1&sm%61ll=2", "small", "DUPLICATE_PARAMETER"},
        {"small=0&small=2", "small", "DUPLICATE_PARAMETER"},
        {"small=2&small=0", "small", "DUPLICATE_PARAMETER"},
        {"small=0&small=0", "small", "DUPLICATE_PARAMETER"},
        {"tags=%", "tags", "QUERY_INVALID"},
        {"tags=%4", "tags", "QUERY_INVALID"},
        {"tags=%00", "tags", "QUERY_INVALID"},
        {"tags=%C3", "tags", "QUERY_INVALID"},
        {"%C3=1", "query", "QUERY_INVALID"},
    };
    for (const Case& one : cases) {
        INFO(one.query);
        Sample sample(Get("/v1/things/{id}"));
        const auto parsed = sample.Parse({{"id", "x"}}, one.query, "");
        CHECK_THAT(parsed.status(), HasCode(Code::kInvalidArgument));
        CHECK(parsed.status().field() == one.field);
        CHECK(parsed.status().reason() == one.reason);
    }
}

TEST_CASE("Transcoder: bodies, whole or of one field; the path wins", "[unit][wire]") {
    Sample whole(Post("/v1/things/{id}", "*"));
    const auto json = whole.Parse({{"id", "path"}}, "", R"({"id":"body","bigNumber":"5"})");
    REQUIRE_OK(json);
    CHECK(*json == R"({"id":"path","bigNumber":"5"})");
    CHECK(whole.Parse({{"id", "x"}}, "small=1", "{}").status().field() == "small");
    CHECK(whole.Parse({{"id", "x"}}, "", "{").status().field() == "body");
    CHECK(whole.Parse({{"id", "x"}}, "", R"({"nope":1})").status().field() == "nope");
    CHECK(whole.Parse({{"id", "x"}}, "", "[]").status().field() == "body");

    Sample field(Post("/v1/things/{id}", "inner"));
    const auto part = field.Parse({{"id", "x"}}, "small=1", R"({"nameText":"n"})");
    REQUIRE_OK(part);
    CHECK(*part == R"({"id":"x","small":1,"inner":{"nameText":"n"}})");
    CHECK(field.Parse({{"id", "x"}}, "", R"({"nope":1})").status().field() == "inner.nope");
    CHECK(field.Parse({{"id", "x"}}, "", "[").status().field() == "inner");
    CHECK(
        field.Parse({{"id", "x"}}, "inner.count=1", "{}").status().reason() == "UNKNOWN_PARAMETER"
    );

    Sample none(Get("/v1/things/{id}"));
    CHECK(none.Parse({{"id", "x"}}, "", "{}").status().field() == "body");
    CHECK(none.Parse({{"id", "\xC3"}}, "", "").status().field() == "id");
}

TEST_CASE("Transcoder: annotations that cannot be served are found at the start", "[unit][wire]") {
    auto response_body = Get("/v1/x");
    response_body.set_response_body("inner");
    const std::vector<google::api::HttpRule> bad = {
        google::api::HttpRule(),
        Get("no-slash"),
        Get("/v1/{nope}"),
        Get("/v1/{tags}"),
        Get("/v1/{ratio}"),
        Get("/v1/{data}"),
        Get("/v1/{inner}"),
        Get("/v1/{since_time}"),
        Get("/v1/{id=things/*}"),
        Get("/v1/{id=**}"),
        Get("/v1/*"),
        Get("/v1/{id"),
        Post("/v1/x", "nope"),
        Post("/v1/x", "id"),
        Post("/v1/x", "inners"),
        response_body};
    for (const auto& rule : bad) {
        INFO(rule.ShortDebugString());
        CHECK_THAT(Sample(rule).Bindings().status(), HasCode(Code::kFailedPrecondition));
    }
    CHECK_THAT(Sample(Get("/v1/{id}/{big_number}:do")).Bindings().status(), test::IsOk());
    auto additional = Get("/v1/{id=*}");
    *additional.add_additional_bindings() = Post("/v2/{id}:do", "*");
    const auto bindings = Sample(additional).Bindings();
    REQUIRE_OK(bindings);
    REQUIRE(bindings->size() == 2);
    CHECK((*bindings)[0].pattern == "/v1/{id}");
    CHECK((*bindings)[1].verb == "POST");
    CHECK((*bindings)[1].pattern == "/v2/{id}:do");
    CHECK((*bindings)[1].path_fields == std::vector<std::string>{"id"});
}

TEST_CASE("Transcoder: JSON shows zeros and empty lists, not absent times", "[unit][wire]") {
    v1::Conversation conversation;
    conversation.set_id("x");
    conversation.set_message_count(9'007'199'254'740'993);
    conversation.mutable_create_time()->set_seconds(1'782'900'000);
    conversation.mutable_create_time()->set_nanos(5'000'000);
    const auto json = wire::ToJson(conversation);
    REQUIRE_OK(json);
    CHECK(
        *json == R"({"id":"x","channelId":"","provider":"PROVIDER_UNSPECIFIED","threadKey":"",)"
                 R"("status":"CONVERSATION_STATUS_UNSPECIFIED","unreadCount":"0",)"
                 R"("messageCount":"9007199254740993","preview":"",)"
                 R"("previewDirection":"DIRECTION_UNSPECIFIED","version":"0",)"
                 R"("priority":"PRIORITY_UNSPECIFIED","assigneeId":"","teamId":"","labels":[],)"
                 R"("attributes":{},"muted":false,)"
                 R"("createTime":"2026-07-01T10:00:00.005Z"})"
    );
    CHECK(wire::JsonName("conversation_id") == "conversationId");
    CHECK(wire::JsonName("id") == "id");
    CHECK(wire::JsonName("attachments[1].mime_type") == "attachments[1].mimeType");
    CHECK(wire::JsonName("set_it[a_b]") == "setIt[a_b]");
}
