#include "gateway/page_token.hpp"
#include "gateway_fixture.hpp"
#include "rpc/status_map.hpp"
#include "support/problem.hpp"
#include "support/status_matchers.hpp"

#include <catch2/catch.hpp>

#include <limits>
#include <string>
#include <vector>

using namespace unibox;  // NOLINT(google-build-using-namespace)
using test::GatewayFixture;

namespace {

bool Holds(const http::Response& response, const std::string& text) {
    return response.body.find(text) != std::string::npos;
}

Status ListStatus(
    GatewayFixture& fixture, const std::string& key, const v1::ListConversationsRequest& request
) {
    v1::ListConversationsResponse response;
    const auto context = GatewayFixture::Context(key);
    return rpc::FromGrpc(fixture.stub().ListConversations(context.get(), request, &response));
}

}  // namespace

TEST_CASE("Errors: over HTTP every wrong input is a problem that names it", "[pg][gateway]") {
    GatewayFixture fixture;
    const auto tenant = fixture.AddTenant("http-errors");
    const std::string id = GatewayFixture::ConversationUuid(tenant, 1);
    const std::string list = "/v1/conversations";
    const std::string messages = "/v1/conversations/" + id + "/messages";
    struct Case {
        std::string target;
        std::string field;
    };
    const std::vector<Case> cases = {
        {list + "?pageSize=-1", "page_size"},
        {list + "?pageSize=0&pageSize=5", "page_size"},
        {list + "?page_size=x", "page_size"},
        {list + "?pageSize=99999999999", "page_size"},
        {list + "?pageSize=", "page_size"},
        {list + "?pageSize=5&pageSize=6", "page_size"},
        {list + "?status=OPEN", "status"},
        {list + "?status=9", "status"},
        {list + "?channelId=x", "channel_id"},
        {list + "?unread=yes", "unread"},
        {list + "?pageToken=abc", "page_token"},
        {list + "?pageToken=%25", "page_token"},
        {list + "?pageToken=%zz", "page_token"},
        {list + "?pageToken=%ff", "page_token"},
        {list + "?nope=1", "nope"},
        {list + "?PageSize=1", "PageSize"},
        {list + "/not-a-uuid", "conversation_id"},
        {list + "/" + id + "?conversationId=" + id, "conversationId"},
        {messages + "?order=UP", "order"},
        {messages + "?order=7", "order"},
        {messages + "?afterSeq=-1", "after_seq"},
        {messages + "?afterSeq=1.5", "after_seq"},
        {messages + "?pageSize=-5", "page_size"},
        {messages + "?order=0&order=2", "order"},
        {messages + "?pageToken=AQ", "page_token"},
        {list + "/x/messages", "conversation_id"},
        {"/v1/contacts/1", "contact_id"},
    };
    for (const Case& one : cases) {
        INFO(one.target);
        const auto response = fixture.Get(one.target, tenant.key);
        CHECK(response.status == 400);
        CHECK(response.content_type == "application/problem+json");
        INFO(response.body);
        CHECK(Holds(response, "\"field\":\"" + one.field + "\""));
        CHECK(Holds(response, "\"status\":400"));
        CHECK(Holds(response, "\"reason\":\""));
    }
}

TEST_CASE("Errors: over gRPC the same fields, as google.rpc.BadRequest", "[pg][gateway]") {
    GatewayFixture fixture;
    const auto tenant = fixture.AddTenant("grpc-errors");
    const auto field_of = [&](const auto& change) {
        v1::ListConversationsRequest request;
        change(request);
        const Status status = ListStatus(fixture, tenant.key, request);
        CHECK_THAT(status, test::HasCode(Code::kInvalidArgument));
        CHECK_FALSE(status.reason().empty());
        return status.field();
    };
    CHECK(field_of([](auto& request) { request.set_page_size(-1); }) == "page_size");
    CHECK(field_of([](auto& request) { request.set_channel_id("x"); }) == "channel_id");
    CHECK(field_of([](auto& request) { request.set_page_token("x"); }) == "page_token");
    CHECK(field_of([](auto& request) {
              request.set_status(static_cast<v1::ConversationStatus>(9));
          }) == "status");
}

TEST_CASE("Errors: a page token works with its tenant and filters alone", "[pg][gateway]") {
    GatewayFixture fixture;
    const auto tenant = fixture.AddTenant("token-one");
    const auto other = fixture.AddTenant("token-two");
    fixture.AddConversations(tenant, 1, 10, false);
    fixture.AddConversations(other, 1, 10, false);
    v1::ListConversationsRequest request;
    request.set_page_size(2);
    v1::ListConversationsResponse response;
    REQUIRE(fixture.stub()
                .ListConversations(GatewayFixture::Context(tenant.key).get(), request, &response)
                .ok());
    request.set_page_token(response.next_page_token());
    request.set_page_size(5);  // Another size is no other list.
    CHECK_THAT(ListStatus(fixture, tenant.key, request), test::IsOk());
    CHECK(ListStatus(fixture, other.key, request).field() == "page_token");
    auto changed = request;
    changed.set_unread(true);
    CHECK(ListStatus(fixture, tenant.key, changed).field() == "page_token");
    changed = request;
    changed.set_channel_id(tenant.channel);
    CHECK(ListStatus(fixture, tenant.key, changed).field() == "page_token");
    changed = request;
    changed.mutable_page_token()->back() = changed.page_token().back() == 'A' ? 'Q' : 'A';
    CHECK(ListStatus(fixture, tenant.key, changed).field() == "page_token");
}

TEST_CASE("Errors: a forged page token is a wrong token, whatever it says", "[pg][gateway]") {
    GatewayFixture fixture;
    const auto tenant = fixture.AddTenant("forger");
    fixture.AddConversations(tenant, 1, 3, false);
    const std::string id = GatewayFixture::ConversationUuid(tenant, 1);
    constexpr std::int64_t kMin = std::numeric_limits<std::int64_t>::min();
    constexpr std::int64_t kMax = std::numeric_limits<std::int64_t>::max();
    const auto answer = [&](const std::string& target, const std::string& list, std::string place) {
        const std::string token = gateway::EncodePageToken(tenant.id, list, place);
        const char* mark = target.find('?') == std::string::npos ? "?" : "&";
        return fixture.Get(target + mark + "pageToken=" + token, tenant.key);
    };
    const auto activity = [&](std::int64_t last_activity_us) {
        return answer(
            "/v1/conversations",
            "conversations/activity/",
            gateway::PackInt64(last_activity_us) + std::string(16, '\xFF')
        );
    };
    const auto seq = [&](std::int64_t number, bool oldest_first) {
        return answer(
            "/v1/conversations/" + id + "/messages?order=" + (oldest_first ? "2" : "1"),
            "messages/" + id + (oldest_first ? "/1/0" : "/0/0"),
            gateway::PackInt64(number)
        );
    };
    const auto refused = [](const http::Response& response) {
        INFO(response.body);
        CHECK(response.status == 400);
        CHECK(Holds(response, "\"reason\":\"PAGE_TOKEN_INVALID\""));
    };
    for (const std::int64_t bad :
         {kMin,
          std::int64_t{-62'167'219'200'000'001},
          std::int64_t{253'402'300'800'000'000},
          kMax}) {
        refused(activity(bad));
    }
    for (const std::int64_t good :
         {std::int64_t{-62'167'219'200'000'000},
          std::int64_t{0},
          std::int64_t{253'402'300'799'999'999}}) {
        CHECK(activity(good).status == 200);
    }
    for (const bool oldest_first : {false, true}) {
        for (const std::int64_t bad : {kMin, std::int64_t{-1}, kMax - 999, kMax}) {
            refused(seq(bad, oldest_first));
        }
        for (const std::int64_t good : {std::int64_t{0}, std::int64_t{1}, kMax - 1'000}) {
            CHECK(seq(good, oldest_first).status == 200);
        }
    }
    refused(answer("/v1/conversations", "conversations/activity/", "short"));
}

TEST_CASE("Errors: 401 is the same for whatever is wrong with a key", "[pg][gateway]") {
    auto config = GatewayFixture::DefaultConfig();
    config.api_keys.known_ms_max = 0;  // Every call asks the database.
    GatewayFixture fixture(test::PgServer::Shared(), config);
    const auto tenant = fixture.AddTenant("keys");
    const auto revoked = fixture.AddKey(tenant, "revoked", "inbox:read");
    const auto expired = fixture.AddKey(tenant, "expired", "inbox:read");
    const auto wrong_scope = fixture.AddKey(tenant, "writer", "ingest:write");
    fixture.Sql("UPDATE api_keys SET revoked_at = now() WHERE name = 'revoked'");
    fixture.Sql("UPDATE api_keys SET expires_at = now() - interval '1 s' WHERE name = 'expired'");

    const auto none = fixture.Get("/v1/conversations", "");
    CHECK(none.status == 401);
    CHECK(none.Find("www-authenticate").has_value());
    std::string unknown = tenant.key;
    unknown.back() = unknown.back() == 'A' ? 'E' : 'A';
    for (const std::string& key : {std::string("x"), unknown, revoked, expired}) {
        const auto response = fixture.Get("/v1/conversations", key);
        CHECK(response.status == 401);
        CHECK(test::WithoutTraceId(response.body) == test::WithoutTraceId(none.body));
        CHECK_THAT(ListStatus(fixture, key, {}), test::HasCode(Code::kUnauthenticated));
    }
    const auto forbidden = fixture.Get("/v1/conversations", wrong_scope);
    CHECK(forbidden.status == 403);
    CHECK(Holds(forbidden, "inbox:read"));
    CHECK_THAT(ListStatus(fixture, wrong_scope, {}), test::HasCode(Code::kPermissionDenied));
    CHECK(fixture.Get("/v1/conversations", tenant.key).status == 200);

    // Nothing of the input is judged for a caller who is not known.
    CHECK(fixture.Get("/v1/conversations?nope=1", "").status == 401);
}
