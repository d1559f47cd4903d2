#include "gateway/http_fields.hpp"

#include "api_error/api_error.hpp"
#include "support/status_matchers.hpp"
#include "unibox/v1/admin_service.pb.h"
#include "unibox/v1/inbox_service.pb.h"

#include <catch2/catch.hpp>

#include <string>
#include <utility>
#include <vector>

using namespace unibox;  // NOLINT(google-build-using-namespace)
using test::HasCode;

namespace {

using Headers = std::vector<std::pair<std::string, std::string>>;

// The headers must outlive the request.
void Fill(const Headers& headers, const std::string& body, http::Request* request) {
    for (const auto& [name, value] : headers) request->headers.push_back({name, value});
    request->body = body;
}

Status ContentType(const Headers& headers, const std::string& body = "{}") {
    http::Request request;
    Fill(headers, body, &request);
    return gateway::CheckContentType(request);
}

template <class Message>
Status Take(const Headers& headers, Message* message) {
    http::Request request;
    Fill(headers, "{}", &request);
    return gateway::TakeHeaders(request, message);
}

}  // namespace

TEST_CASE("HttpFields: a body is JSON, and says so", "[unit][gateway]") {
    for (const std::string type :
         {"application/json",
          "Application/JSON",
          "application/json; charset=utf-8",
          "application/json;charset=\"UTF-8\"",
          "application/json ;"}) {
        INFO(type);
        CHECK_THAT(ContentType({{"content-type", type}}), test::IsOk());
    }
    for (const std::string type :
         {"",
          "text/plain",
          "application/x-www-form-urlencoded",
          "application/jsonp",
          "application/json; charset=latin1",
          "application/json; x=y"}) {
        INFO(type);
        const Status status = ContentType({{"Content-Type", type}});
        CHECK_THAT(status, HasCode(Code::kInvalidArgument));
        CHECK(status.field() == "body");
        CHECK(api_error::HttpStatusOf(status) == 415);
    }
    CHECK_THAT(ContentType({}), HasCode(Code::kInvalidArgument));
    CHECK_THAT(
        ContentType({{"Content-Type", "application/json"}, {"Content-Type", "application/json"}}),
        HasCode(Code::kInvalidArgument)
    );
    CHECK_THAT(ContentType({}, ""), test::IsOk());  // No body, no type.
    CHECK_THAT(ContentType({{"Content-Type", "text/plain"}}, ""), test::IsOk());
}

TEST_CASE("HttpFields: Idempotency-Key is the request id", "[unit][gateway]") {
    const std::vector<std::pair<std::string, std::string>> good = {
        {"8e03978e-40d5-43dd-bc93-6894a57f9324", "8e03978e-40d5-43dd-bc93-6894a57f9324"},
        {"\"8e03978e\"", "8e03978e"},
        {"\"a\\\"b\\\\c\"", "a\"b\\c"},
        {"a\"b", "a\"b"},
    };
    for (const auto& [value, key] : good) {
        INFO(value);
        v1::MarkReadRequest request;
        REQUIRE_OK(Take({{"idempotency-key", value}}, &request));
        CHECK(request.request_id() == key);
        v1::MarkReadRequest same;
        same.set_request_id(key);
        CHECK_THAT(Take({{"Idempotency-Key", value}}, &same), test::IsOk());
        v1::MarkReadRequest other;
        other.set_request_id(key + "x");
        const Status refused = Take({{"Idempotency-Key", value}}, &other);
        CHECK_THAT(refused, HasCode(Code::kInvalidArgument));
        CHECK(refused.field() == "request_id");
    }
    for (const std::string value : {"", "\"", "\"\"", "\"a", "\"a\"b", "\"a\\", "\"a\\b\""}) {
        INFO(value);
        v1::MarkReadRequest request;
        CHECK(Take({{"Idempotency-Key", value}}, &request).field() == "request_id");
    }
    // Two are none, even twice the same.
    v1::MarkReadRequest request;
    for (const std::string value : {"a", "\"a\""}) {
        CHECK(
            Take({{"Idempotency-Key", value}, {"idempotency-key", value}}, &request).field() ==
            "request_id"
        );
    }
    request.Clear();
    REQUIRE_OK(Take({}, &request));
    CHECK(request.ByteSizeLong() == 0);
    v1::GetContactRequest reads;
    CHECK_THAT(Take({{"Idempotency-Key", "\""}, {"If-Match", "x"}}, &reads), test::IsOk());
}

TEST_CASE("HttpFields: a read takes the token of a change", "[unit][gateway]") {
    v1::ListConversationsRequest request;
    REQUIRE_OK(Take({{"Consistency-Token", "0/16B3748"}}, &request));
    CHECK(request.consistency_token() == "0/16B3748");
    CHECK_THAT(Take({{"consistency-token", "0/16B3748"}}, &request), test::IsOk());
    CHECK(Take({{"Consistency-Token", "0/1"}}, &request).field() == "consistency_token");
    v1::GetContactRequest twice;
    const auto refused = Take({{"Consistency-Token", "0/1"}, {"Consistency-Token", "0/1"}}, &twice);
    CHECK_THAT(refused, HasCode(Code::kInvalidArgument));
    CHECK(refused.field() == "consistency_token");
    // A change has none to take.
    v1::MarkReadRequest change;
    REQUIRE_OK(Take({{"Consistency-Token", "0/1"}}, &change));
    CHECK(change.ByteSizeLong() == 0);
}

TEST_CASE(
    "HttpFields: If-Match is the version that the conversation must have", "[unit][gateway]"
) {
    const std::vector<std::pair<std::string, std::int64_t>> good = {
        {"\"12\"", 12}, {"W/\"12\"", 12}, {"*", 0}, {"\"9223372036854775807\"", INT64_MAX}};
    for (const auto& [value, version] : good) {
        INFO(value);
        v1::MarkReadRequest request;
        REQUIRE_OK(Take({{"If-Match", value}}, &request));
        CHECK(request.if_version() == version);
        request.set_if_version(version);
        CHECK_THAT(Take({{"If-Match", value}}, &request), test::IsOk());
        request.set_if_version(3);
        CHECK(Take({{"If-Match", value}}, &request).field() == "if_version");
    }
    for (const std::string value :
         {"",
          "12",
          "\"\"",
          "\"0\"",
          "\"-1\"",
          "\"x\"",
          "\"1\", \"2\"",
          "\"12",
          "W/12",
          "\"1.0\"",
          "\"9223372036854775808\""}) {
        INFO(value);
        v1::MarkReadRequest request;
        CHECK(Take({{"If-Match", value}}, &request).field() == "if_version");
    }
}

TEST_CASE("HttpFields: what a client has already is not sent again", "[unit][gateway]") {
    const auto answer = [](const Headers& headers, const std::string& tag) {
        http::Request request;
        Fill(headers, "", &request);
        http::Response response;
        response.content_type = "application/json";
        response.body = "{}";
        if (!tag.empty()) response.headers.push_back({"ETag", tag});
        gateway::AnswerIfNew(request, &response);
        CHECK(response.body.empty() == (response.status == 304));
        CHECK(response.content_type.empty() == (response.status == 304));
        CHECK(response.Find("ETag").has_value());
        return response;
    };
    const std::string weak(*answer({}, "").Find("ETag"));
    CHECK(weak.starts_with("W/\""));
    CHECK(*answer({}, "\"12\"").Find("ETag") == "\"12\"");
    for (const std::string value :
         {"\"12\"", "W/\"12\"", "*", "\"1\", \"12\"", "\"x,y\",W/\"12\" , \"3\""}) {
        INFO(value);
        CHECK(answer({{"If-None-Match", value}}, "\"12\"").status == 304);
    }
    CHECK(
        answer({{"If-None-Match", "\"1\""}, {"If-None-Match", "\"12\""}}, "\"12\"").status == 304
    );
    for (const std::string value : {"", "12", "\"1\"", "\"13\", W/\"11\"", "\"12", "w/\"12\""}) {
        INFO(value);
        CHECK(answer({{"If-None-Match", value}}, "\"12\"").status == 200);
    }
    CHECK(answer({{"If-None-Match", weak}}, "").status == 304);
    CHECK(answer({{"If-None-Match", weak.substr(2)}}, "").status == 304);
}

TEST_CASE("HttpFields: an answer tells version and token", "[unit][gateway]") {
    const auto told = [](const google::protobuf::Message& message, std::string_view name) {
        http::Response response;
        gateway::TellHeaders(message, &response);
        const auto value = response.Find(name);
        return value ? std::string(*value) : std::string();
    };
    v1::Conversation conversation;
    conversation.set_version(12);
    CHECK(told(conversation, "ETag") == "\"12\"");
    CHECK(told(conversation, "Consistency-Token").empty());
    v1::ChangeConversationResponse changed;
    *changed.mutable_conversation() = conversation;
    changed.set_consistency_token("0/16B3748");
    CHECK(told(changed, "ETag") == "\"12\"");
    CHECK(told(changed, "Consistency-Token") == "0/16B3748");
    v1::AppendMessageResponse appended;
    *appended.mutable_conversation() = conversation;
    CHECK(told(appended, "ETag") == "\"12\"");
    CHECK(told(v1::ListConversationsResponse(), "ETag").empty());
    CHECK(told(v1::Contact(), "ETag").empty());
}

TEST_CASE("HttpFields: If-Match is the etag that a resource must have", "[unit][gateway]") {
    for (const auto& [value, etag] : std::vector<std::pair<std::string, std::string>>{
             {"\"a-B_1\"", "a-B_1"}, {"W/\"a-B_1\"", "a-B_1"}, {"*", ""}}) {
        INFO(value);
        v1::UpdateTenantRequest request;
        REQUIRE_OK(Take({{"If-Match", value}}, &request));
        CHECK(request.etag() == etag);
    }
    for (const std::string value : {"a", "\"\"", "\"a\", \"b\"", "\"a"}) {
        INFO(value);
        v1::UpdateTenantRequest request;
        CHECK(Take({{"If-Match", value}}, &request).field() == "etag");
    }
    v1::UpdateTenantRequest request;
    request.set_etag("other");
    CHECK(Take({{"If-Match", "\"a\""}}, &request).field() == "etag");
}
