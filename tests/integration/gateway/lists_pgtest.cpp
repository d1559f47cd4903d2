#include "gateway_fixture.hpp"
#include "support/status_matchers.hpp"
#include "wire/json_transcoder.hpp"

#include <catch2/catch.hpp>

#include <set>
#include <string>
#include <vector>

using namespace unibox;  // NOLINT(google-build-using-namespace)
using test::GatewayFixture;

namespace {

// The ids of all pages, one after the other, over gRPC.
std::vector<std::string> Walk(
    GatewayFixture& fixture, const std::string& key, v1::ListConversationsRequest request
) {
    std::vector<std::string> ids;
    for (int page = 0; page < 1000; ++page) {
        v1::ListConversationsResponse response;
        const auto context = GatewayFixture::Context(key);
        const auto status = fixture.stub().ListConversations(context.get(), request, &response);
        INFO(status.error_message());
        REQUIRE(status.ok());
        for (const auto& conversation : response.conversations()) ids.push_back(conversation.id());
        if (response.next_page_token().empty()) return ids;
        REQUIRE(response.conversations_size() == request.page_size());
        request.set_page_token(response.next_page_token());
    }
    FAIL("the walk does not end");
    return ids;
}

}  // namespace

TEST_CASE("List: a walk over 500 equal times loses and repeats nothing", "[pg][gateway]") {
    GatewayFixture fixture;
    const auto tenant = fixture.AddTenant("equal");
    fixture.AddConversations(tenant, 1, 500, true);
    for (const int page_size : {1, 7, 99, 100}) {
        v1::ListConversationsRequest request;
        request.set_page_size(page_size);
        const auto ids = Walk(fixture, tenant.key, request);
        CHECK(ids.size() == 500);
        CHECK(std::set<std::string>(ids.begin(), ids.end()).size() == 500);
        CHECK(std::is_sorted(ids.rbegin(), ids.rend()));  // Equal times: by id, descending.
    }
}

TEST_CASE("List: the latest activity is first; 50 a page by default", "[pg][gateway]") {
    GatewayFixture fixture;
    const auto tenant = fixture.AddTenant("order");
    fixture.AddConversations(tenant, 1, 120, false);
    v1::ListConversationsResponse response;
    const auto context = GatewayFixture::Context(tenant.key);
    REQUIRE(fixture.stub().ListConversations(context.get(), {}, &response).ok());
    REQUIRE(response.conversations_size() == 50);
    for (int i = 0; i < 50; ++i) {
        CHECK(response.conversations(i).id() == GatewayFixture::ConversationUuid(tenant, 120 - i));
    }
    const v1::Conversation& first = response.conversations(0);
    CHECK(first.contact().id() == GatewayFixture::ContactUuid(tenant, 120));
    CHECK(first.contact().display_name() == "Contact 120");
    CHECK(first.contact().contact_key() == "key120");
    CHECK(first.preview() == "Preview 120");
    CHECK(first.version() == 120);
    CHECK_FALSE(first.has_close_time());
    CHECK_FALSE(first.has_last_agent_time());
    CHECK(first.last_activity_time().nanos() == 123'000'000);
}

TEST_CASE("List: more than 100 a page is 100", "[pg][gateway]") {
    GatewayFixture fixture;
    const auto tenant = fixture.AddTenant("coerced");
    fixture.AddConversations(tenant, 1, 120, false);
    for (const int page_size : {100, 101, 2'000'000'000}) {
        v1::ListConversationsRequest request;
        request.set_page_size(page_size);
        v1::ListConversationsResponse response;
        const auto context = GatewayFixture::Context(tenant.key);
        REQUIRE(fixture.stub().ListConversations(context.get(), request, &response).ok());
        CHECK(response.conversations_size() == 100);
        CHECK_FALSE(response.next_page_token().empty());
    }
}

TEST_CASE("List: filters by status, channel and unread, alone and together", "[pg][gateway]") {
    GatewayFixture fixture;
    const auto tenant = fixture.AddTenant("filters");
    fixture.AddConversations(tenant, 1, 200, false);
    for (int status = 0; status <= 3; ++status) {
        for (const bool channel : {false, true}) {
            for (const bool unread : {false, true}) {
                v1::ListConversationsRequest request;
                request.set_status(static_cast<v1::ConversationStatus>(status));
                if (channel) request.set_channel_id(tenant.other_channel);
                request.set_unread(unread);
                request.set_page_size(9);
                std::vector<std::string> expected;
                for (int n = 200; n >= 1; --n) {
                    if (status != 0 && 1 + n % 3 != status) continue;
                    if (channel && n % 5 != 0) continue;
                    if (unread && n % 4 == 0) continue;
                    expected.push_back(GatewayFixture::ConversationUuid(tenant, n));
                }
                INFO("status " << status << " channel " << channel << " unread " << unread);
                CHECK(Walk(fixture, tenant.key, request) == expected);
            }
        }
    }
}

TEST_CASE("List: closed conversations of all months, and only when asked for", "[pg][gateway]") {
    GatewayFixture fixture;
    const auto tenant = fixture.AddTenant("closed");
    fixture.AddConversations(tenant, 1, 40, false);
    // Ten of them were closed, some this month and some the month before; one now and here.
    fixture.Sql(
        "UPDATE conversations SET status = 4, closed_at = date_trunc('month', now()) + "
        "(version % 2 * 10 - 5) * interval '1 day' WHERE tenant_id = " +
        tenant.id.ToString() + " AND version <= 10"
    );
    fixture.Sql(
        "UPDATE conversation_counters n SET closed_at = c.closed_at FROM conversations c "
        "WHERE n.tenant_id = c.tenant_id AND n.conversation_id = c.conversation_id"
    );
    v1::ListConversationsRequest request;
    request.set_page_size(3);
    CHECK(Walk(fixture, tenant.key, request).size() == 30);
    request.set_status(v1::CONVERSATION_STATUS_CLOSED);
    std::vector<std::string> expected;
    for (int n = 10; n >= 1; --n) expected.push_back(GatewayFixture::ConversationUuid(tenant, n));
    CHECK(Walk(fixture, tenant.key, request) == expected);

    // A closed one is found by its id, with its time.
    v1::GetConversationRequest get;
    get.set_conversation_id(GatewayFixture::ConversationUuid(tenant, 3));
    v1::Conversation conversation;
    REQUIRE(fixture.stub()
                .GetConversation(GatewayFixture::Context(tenant.key).get(), get, &conversation)
                .ok());
    CHECK(conversation.status() == v1::CONVERSATION_STATUS_CLOSED);
    CHECK(conversation.has_close_time());
}

TEST_CASE("Transports: HTTP and gRPC give the same answers", "[pg][gateway]") {
    GatewayFixture fixture;
    const auto tenant = fixture.AddTenant("same");
    fixture.AddConversations(tenant, 1, 20, false);
    const std::string id = GatewayFixture::ConversationUuid(tenant, 7);

    v1::ListConversationsRequest list;
    list.set_page_size(3);
    list.set_unread(true);
    list.set_status(v1::CONVERSATION_STATUS_PENDING);
    v1::ListConversationsResponse page;
    REQUIRE(fixture.stub()
                .ListConversations(GatewayFixture::Context(tenant.key).get(), list, &page)
                .ok());
    REQUIRE_FALSE(page.next_page_token().empty());
    for (const std::string query :
         {"pageSize=3&unread=true&status=CONVERSATION_STATUS_PENDING",
          "page_size=3&unread=true&status=2"}) {
        const auto http = fixture.Get("/v1/conversations?" + query, tenant.key);
        CHECK(http.status == 200);
        CHECK(http.content_type == "application/json");
        CHECK(http.body == *wire::ToJson(page));
        const auto next = fixture.Get(
            "/v1/conversations?" + query + "&pageToken=" + page.next_page_token(), tenant.key
        );
        CHECK(next.status == 200);
        CHECK(next.body != http.body);
    }

    v1::GetConversationRequest get;
    get.set_conversation_id(id);
    v1::Conversation conversation;
    REQUIRE(fixture.stub()
                .GetConversation(GatewayFixture::Context(tenant.key).get(), get, &conversation)
                .ok());
    CHECK(conversation.id() == id);
    const auto http = fixture.Get("/v1/conversations/" + id, tenant.key);
    CHECK(http.status == 200);
    CHECK(http.body == *wire::ToJson(conversation));

    v1::GetContactRequest get_contact;
    get_contact.set_contact_id(conversation.contact().id());
    v1::Contact contact;
    REQUIRE(fixture.stub()
                .GetContact(GatewayFixture::Context(tenant.key).get(), get_contact, &contact)
                .ok());
    CHECK(fixture.Get("/v1/contacts/" + contact.id(), tenant.key).body == *wire::ToJson(contact));
    contact.clear_identities();  // Which a conversation does not tell.
    CHECK(contact.SerializeAsString() == conversation.contact().SerializeAsString());
}
