#include "gateway_fixture.hpp"
#include "support/status_matchers.hpp"
#include "wire/json_transcoder.hpp"

#include <catch2/catch.hpp>

#include <limits>
#include <set>
#include <string>
#include <vector>

using namespace unibox;  // NOLINT(google-build-using-namespace)
using test::GatewayFixture;

namespace {

std::string HexOf(const std::string& bytes) {
    constexpr std::string_view kDigits = "0123456789abcdef";
    std::string hex;
    for (const char c : bytes) {
        hex += kDigits[static_cast<unsigned char>(c) >> 4U];
        hex += kDigits[static_cast<unsigned char>(c) & 15U];
    }
    return hex;
}

// Messages 1 to `count` of conversation 1, each as large as a message may be, and small ones after
// them up to number 120.
void AddLargeMessages(GatewayFixture& fixture, const test::TestTenant& tenant, int count) {
    v1::Message extras;
    for (int i = 0; i < 64; ++i) {
        auto* attachment = extras.add_attachments();
        attachment->set_type(v1::ATTACHMENT_TYPE_IMAGE);
        attachment->set_url("https://files.example.org/" + std::string(2'000, 'u'));
        attachment->set_name(std::string(255, 'n'));
    }
    const std::string conversation = GatewayFixture::ConversationUuid(tenant, 1);
    const std::string large = "n <= " + std::to_string(count);
    fixture.Sql(
        "INSERT INTO messages (tenant_id, conversation_id, seq, created_at, message_id, "
        "channel_id, direction, kind, body, extras, received_at, version) SELECT " +
        tenant.id.ToString() + ", '" + conversation + "', n, now(), gen_random_uuid(), '" +
        tenant.channel + "', 1, 1, CASE WHEN " + large +
        " THEN repeat('x', 513 * 1024) ELSE 'small' END, CASE WHEN " + large + " THEN '\\x" +
        HexOf(extras.SerializeAsString()) +
        "'::bytea ELSE '' END, now(), n FROM generate_series(1, 120) n"
    );
    fixture.Sql(
        "UPDATE conversation_counters SET last_seq = 120, first_message_at = m.first, "
        "last_message_at = m.last FROM (SELECT min(created_at) AS first, max(created_at) AS last "
        "FROM messages) m WHERE conversation_id = '" +
        conversation + "'"
    );
}

// Messages 1 to 30 of conversation 1; the first ten of the month before.
void AddMessages(GatewayFixture& fixture, const test::TestTenant& tenant) {
    v1::Message extras;
    auto* attachment = extras.add_attachments();
    attachment->set_type(v1::ATTACHMENT_TYPE_IMAGE);
    attachment->set_name("photo.jpg");
    attachment->set_size_bytes(5'000'000'000);
    auto* phone = attachment->mutable_contact_card()->add_phones();
    phone->set_value("+351911");
    extras.mutable_context()->mutable_referral()->set_headline("Summer sale");
    extras.mutable_context()->mutable_forward()->set_many_times(true);
    extras.add_reactions()->set_emoji("\xF0\x9F\x91\x8D");
    const std::string hex = HexOf(extras.SerializeAsString());
    const std::string where = " WHERE tenant_id = " + tenant.id.ToString() +
                              " AND conversation_id = '" +
                              GatewayFixture::ConversationUuid(tenant, 1) + "'";
    fixture.Sql(
        "INSERT INTO messages (tenant_id, conversation_id, seq, created_at, message_id, "
        "channel_id, direction, kind, contact_id, body, extras, provider_id, received_at, version) "
        "SELECT " +
        tenant.id.ToString() + ", '" + GatewayFixture::ConversationUuid(tenant, 1) +
        "', n, date_trunc('month', now()) + (n - 10) * interval '1 minute' - interval '1 second', "
        "gen_random_uuid(), '" +
        tenant.channel +
        "', CASE WHEN n % 2 = 0 THEN 2 ELSE 1 END, 1, "
        "CASE WHEN n % 2 = 0 THEN NULL ELSE '" +
        GatewayFixture::ContactUuid(tenant, 1) +
        "'::uuid END, 'Text ' || n, CASE WHEN n = 5 THEN '\\x" + hex +
        "'::bytea ELSE '' END, "
        "'p' || n, now(), n FROM generate_series(1, 30) n"
    );
    fixture.Sql(
        "UPDATE conversation_counters SET last_seq = 30, "
        "first_message_at = (SELECT min(created_at) FROM messages" +
        where +
        "), "
        "last_message_at = (SELECT max(created_at) FROM messages" +
        where + ")" + where
    );
}

std::vector<std::int64_t> Walk(
    GatewayFixture& fixture, const std::string& key, v1::ListMessagesRequest request
) {
    std::vector<std::int64_t> seqs;
    for (int page = 0; page < 100; ++page) {
        v1::ListMessagesResponse response;
        const auto context = GatewayFixture::Context(key);
        const auto status = fixture.stub().ListMessages(context.get(), request, &response);
        INFO(status.error_message());
        REQUIRE(status.ok());
        for (const auto& message : response.messages()) seqs.push_back(message.seq());
        if (response.next_page_token().empty()) return seqs;
        request.set_page_token(response.next_page_token());
    }
    FAIL("the walk does not end");
    return seqs;
}

std::vector<std::int64_t> Range(std::int64_t first, std::int64_t last) {
    std::vector<std::int64_t> seqs;
    const std::int64_t step = first <= last ? 1 : -1;
    for (std::int64_t seq = first; seq != last + step; seq += step) seqs.push_back(seq);
    return seqs;
}

}  // namespace

TEST_CASE("Messages: both directions, over months, from a seq on", "[pg][gateway]") {
    GatewayFixture fixture;
    const auto tenant = fixture.AddTenant("messages");
    fixture.AddConversations(tenant, 1, 2, false);
    AddMessages(fixture, tenant);
    v1::ListMessagesRequest request;
    request.set_conversation_id(GatewayFixture::ConversationUuid(tenant, 1));
    for (const int page_size : {1, 7, 30, 100}) {
        request.set_page_size(page_size);
        request.set_after_seq(0);
        request.set_order(v1::ListMessagesRequest::ORDER_UNSPECIFIED);
        CHECK(Walk(fixture, tenant.key, request) == Range(30, 1));
        request.set_order(v1::ListMessagesRequest::ORDER_OLDEST_FIRST);
        CHECK(Walk(fixture, tenant.key, request) == Range(1, 30));
        request.set_after_seq(8);
        CHECK(Walk(fixture, tenant.key, request) == Range(9, 30));
        request.set_order(v1::ListMessagesRequest::ORDER_NEWEST_FIRST);
        CHECK(Walk(fixture, tenant.key, request) == Range(30, 9));
        for (const std::int64_t beyond :
             {std::int64_t{30}, std::numeric_limits<std::int64_t>::max()}) {
            request.set_after_seq(beyond);
            for (const auto order :
                 {v1::ListMessagesRequest::ORDER_NEWEST_FIRST,
                  v1::ListMessagesRequest::ORDER_OLDEST_FIRST}) {
                request.set_order(order);
                CHECK(Walk(fixture, tenant.key, request).empty());
            }
        }
    }
}

TEST_CASE("Messages: gaps that retention left are stepped over", "[pg][gateway]") {
    GatewayFixture fixture;
    const auto tenant = fixture.AddTenant("gaps");
    fixture.AddConversations(tenant, 1, 2, false);
    AddMessages(fixture, tenant);
    // Provider times are not in the order of seq, so a dropped month takes any.
    fixture.Sql("DELETE FROM messages WHERE seq <= 9 OR seq BETWEEN 14 AND 20 OR seq = 30");
    std::vector<std::int64_t> left = Range(10, 13);
    for (const std::int64_t seq : Range(21, 29)) left.push_back(seq);
    v1::ListMessagesRequest request;
    request.set_conversation_id(GatewayFixture::ConversationUuid(tenant, 1));
    for (const int page_size : {1, 2, 5, 100}) {
        request.set_page_size(page_size);
        request.set_order(v1::ListMessagesRequest::ORDER_OLDEST_FIRST);
        CHECK(Walk(fixture, tenant.key, request) == left);
        request.set_order(v1::ListMessagesRequest::ORDER_NEWEST_FIRST);
        CHECK(
            Walk(fixture, tenant.key, request) ==
            std::vector<std::int64_t>(left.rbegin(), left.rend())
        );
    }
}

TEST_CASE("Messages: a page ends before 3 MiB, and the walk loses nothing", "[pg][gateway]") {
    GatewayFixture fixture;
    const auto tenant = fixture.AddTenant("large");
    fixture.AddConversations(tenant, 1, 1, false);
    AddLargeMessages(fixture, tenant, 100);
    v1::ListMessagesRequest request;
    request.set_conversation_id(GatewayFixture::ConversationUuid(tenant, 1));
    request.set_page_size(100);
    for (const auto order :
         {v1::ListMessagesRequest::ORDER_NEWEST_FIRST,
          v1::ListMessagesRequest::ORDER_OLDEST_FIRST}) {
        request.set_order(order);
        request.clear_page_token();
        std::vector<std::int64_t> seqs;
        int pages = 0;
        // The client has gRPC's own limit, 4 MiB.
        for (; pages < 130; ++pages) {
            v1::ListMessagesResponse response;
            const auto context = GatewayFixture::Context(tenant.key);
            const auto status = fixture.stub().ListMessages(context.get(), request, &response);
            INFO(status.error_message());
            REQUIRE(status.ok());
            CHECK(response.ByteSizeLong() < (3U << 20) + 100);
            CHECK(response.messages_size() > 0);
            for (const auto& message : response.messages()) seqs.push_back(message.seq());
            request.set_page_token(response.next_page_token());
            if (response.next_page_token().empty()) break;
        }
        const bool newest = order == v1::ListMessagesRequest::ORDER_NEWEST_FIRST;
        CHECK(seqs == (newest ? Range(120, 1) : Range(1, 120)));
        CHECK(pages >= 24);  // Four large ones a page.
        CHECK(pages <= 26);
    }
    const auto http = fixture.Get(
        "/v1/conversations/" + request.conversation_id() + "/messages?pageSize=1000&order=2",
        tenant.key
    );
    CHECK(http.status == 200);
    CHECK(http.body.size() < (4U << 20));
    CHECK(http.body.find("\"nextPageToken\":\"\"") == std::string::npos);
}

TEST_CASE("Messages: a page fits in what the gateway may send", "[pg][gateway]") {
    auto config = GatewayFixture::DefaultConfig();
    config.grpc.send_bytes_max = 1 << 20;
    GatewayFixture fixture(test::PgServer::Shared(), config);
    const auto tenant = fixture.AddTenant("tight");
    fixture.AddConversations(tenant, 1, 100, false);
    AddLargeMessages(fixture, tenant, 3);
    v1::ListMessagesRequest request;
    request.set_conversation_id(GatewayFixture::ConversationUuid(tenant, 1));
    request.set_order(v1::ListMessagesRequest::ORDER_OLDEST_FIRST);
    CHECK(Walk(fixture, tenant.key, request) == Range(1, 120));
    // The list of conversations ends early too.
    config.grpc.send_bytes_max = 8 << 10;
    GatewayFixture narrow(test::PgServer::Shared(), config);
    const auto other = narrow.AddTenant("narrow");
    narrow.AddConversations(other, 1, 100, false);
    v1::ListConversationsRequest list;
    list.set_page_size(100);
    std::set<std::string> ids;
    int pages = 0;
    for (; pages < 100; ++pages) {
        v1::ListConversationsResponse page;
        const auto context = GatewayFixture::Context(other.key);
        REQUIRE(narrow.stub().ListConversations(context.get(), list, &page).ok());
        for (const auto& conversation : page.conversations()) ids.insert(conversation.id());
        if (page.next_page_token().empty()) break;
        list.set_page_token(page.next_page_token());
    }
    CHECK(ids.size() == 100);
    CHECK(pages > 1);
}

TEST_CASE("Messages: all that is stored is shown, over both transports", "[pg][gateway]") {
    GatewayFixture fixture;
    const auto tenant = fixture.AddTenant("content");
    fixture.AddConversations(tenant, 1, 2, false);
    AddMessages(fixture, tenant);
    const std::string id = GatewayFixture::ConversationUuid(tenant, 1);
    v1::ListMessagesRequest request;
    request.set_conversation_id(id);
    request.set_order(v1::ListMessagesRequest::ORDER_OLDEST_FIRST);
    v1::ListMessagesResponse response;
    REQUIRE(fixture.stub()
                .ListMessages(GatewayFixture::Context(tenant.key).get(), request, &response)
                .ok());
    REQUIRE(response.messages_size() == 30);
    const v1::Message& fifth = response.messages(4);
    CHECK(fifth.text() == "Text 5");
    CHECK(fifth.conversation_id() == id);
    CHECK(fifth.contact_id() == GatewayFixture::ContactUuid(tenant, 1));
    CHECK(fifth.direction() == v1::DIRECTION_INBOUND);
    CHECK(fifth.provider_id() == "p5");
    REQUIRE(fifth.attachments_size() == 1);
    CHECK(fifth.attachments(0).size_bytes() == 5'000'000'000);
    CHECK(fifth.attachments(0).contact_card().phones(0).value() == "+351911");
    CHECK(fifth.context().referral().headline() == "Summer sale");
    CHECK(fifth.context().forward().many_times());
    REQUIRE(fifth.reactions_size() == 1);
    CHECK(response.messages(5).contact_id().empty());
    CHECK(response.messages(5).attachments_size() == 0);
    CHECK_FALSE(response.messages(5).has_context());
    const auto http =
        fixture.Get("/v1/conversations/" + id + "/messages?order=ORDER_OLDEST_FIRST", tenant.key);
    CHECK(http.body == *wire::ToJson(response));
    CHECK(http.body.find("\"reactions\":[]") != std::string::npos);  // Empty lists are written.
}

TEST_CASE("Messages: none yet is an empty page, no conversation is 404", "[pg][gateway]") {
    GatewayFixture fixture;
    const auto tenant = fixture.AddTenant("empty");
    fixture.AddConversations(tenant, 1, 1, false);
    const std::string here = GatewayFixture::ConversationUuid(tenant, 1);
    const std::string nowhere = GatewayFixture::ConversationUuid(tenant, 2);
    const auto empty = fixture.Get("/v1/conversations/" + here + "/messages", tenant.key);
    CHECK(empty.status == 200);
    CHECK(empty.body == R"({"messages":[],"nextPageToken":""})");
    CHECK(fixture.Get("/v1/conversations/" + nowhere + "/messages", tenant.key).status == 404);
    CHECK(fixture.Get("/v1/conversations/" + nowhere, tenant.key).status == 404);
}
