// Every recorded webhook of every provider through the whole path, and what an agent then reads.
#include "nats/streams.hpp"
#include "subjects/subjects.hpp"
#include "support/eventually.hpp"
#include "support/inbox_client.hpp"
#include "support/ledger.hpp"
#include "support/stack.hpp"
#include "support/status_matchers.hpp"
#include "unibox/event/v1/feed.pb.h"
#include "unibox/v1/inbox_service.grpc.pb.h"
#include "webhook_fixtures.hpp"
#include "wire/json_transcoder.hpp"

#include <catch2/catch.hpp>
#include <grpcpp/grpcpp.h>

#include <set>

namespace unibox::test {
namespace {

using Json = nlohmann::json;
using std::chrono::seconds;

// Every fixture that is authentic when signed anew, in the order of the index.
std::vector<WebhookFixture> SendAll(const Stack& stack) {
    std::vector<WebhookFixture> sent;
    for (auto& fixture : LoadWebhookFixtures()) {
        // Those would be accepted when signed well: their fault is in the signature.
        if (fixture.outcome == "handshake" || fixture.http_status == 401) continue;
        if (fixture.http_status == 403) continue;
        INFO(fixture.name);
        const auto response = PostWebhook(stack.ingest_address(), SignedFixture(fixture));
        REQUIRE_OK(response);
        CHECK(response->status == fixture.http_status);
        sent.push_back(std::move(fixture));
    }
    return sent;
}

// A Messenger receipt for all that the page sent so far.
void SendRead(const Stack& stack) {
    const std::string now = std::to_string(SystemClock().UnixMillis());
    SignedWebhook webhook;
    webhook.secret = Secret(Stack::kAppSecret);
    webhook.body =
        R"({"object":"page","entry":[{"id":"104857600000001","time":)" + now +
        R"(,"messaging":[{"sender":{"id":"7311000000000001"},"recipient":{"id":"104857600000001"},)"
        R"("timestamp":)" +
        now + R"(,"read":{"watermark":)" + now + "}}]}]}";
    const auto response = PostWebhook(stack.ingest_address(), webhook);
    REQUIRE_OK(response);
    REQUIRE(response->status == 200);
}

std::map<std::string, std::string> ChannelNames(Stack& stack) {
    const auto text = stack.Ask(
        "SELECT json_object_agg(channel_id, tenants.slug || '/' || channels.slug)"
        " FROM channels JOIN tenants USING (tenant_id)"
    );
    return Json::parse(text).get<std::map<std::string, std::string>>();
}

void CheckMessage(const Json& message, const ExpectedMessage& expected) {
    INFO(message.dump());
    CHECK(message["text"] == expected.text);
    if (!expected.payload.empty()) CHECK(message["payload"] == expected.payload);
    if (expected.attachment_count.has_value()) {
        CHECK(message["attachments"].size() == *expected.attachment_count);
    }
    CHECK(message["direction"] == (expected.outbound ? "DIRECTION_OUTBOUND" : "DIRECTION_INBOUND"));
    CHECK(message.contains("editTime") == expected.edited);
    CHECK(message.contains("deleteTime") == expected.deleted);
    std::vector<std::string> emojis;
    for (const auto& reaction : message["reactions"]) emojis.push_back(reaction["emoji"]);
    CHECK(emojis == expected.emojis);
    if (expected.contact_key == "7311000000000001" && expected.outbound) {
        CHECK(message["deliveryState"] == "DELIVERY_STATE_READ");
    }
}

// Checks one conversation and takes its messages off `expected`, which is in order of arrival.
void CheckConversation(
    InboxClient& inbox, const Json& conversation, std::vector<ExpectedMessage>& expected
) {
    INFO(conversation.dump());
    const auto messages = inbox.Messages(conversation["id"]);
    std::size_t unread = 0;
    std::size_t at = 0;
    for (std::size_t i = 0; i < messages.size(); ++i) {
        CHECK(messages[i]["seq"] == std::to_string(i + 1));
        while (at < expected.size() && expected[at].provider_id != messages[i]["providerId"]) ++at;
        REQUIRE(at < expected.size());  // Else: unknown, doubled or out of order.
        CheckMessage(messages[i], expected[at]);
        CHECK(expected[at].contact_key == conversation["contact"]["contactKey"]);
        unread += expected[at].outbound ? 0 : 1;
        expected.erase(expected.begin() + static_cast<std::ptrdiff_t>(at));
    }
    REQUIRE_FALSE(messages.empty());
    CHECK(conversation["messageCount"] == std::to_string(messages.size()));
    CHECK(conversation["unreadCount"] == std::to_string(unread));
    const std::string last_text = messages.back()["text"];
    if (messages.back().contains("deleteTime")) {
        CHECK(conversation["preview"] == "[deleted]");
    } else if (!last_text.empty() && last_text.size() < 100) {
        CHECK(conversation["preview"] == last_text);
    } else {
        CHECK(conversation["preview"] != "");
    }
}

void CheckInbox(
    Stack& stack,
    const std::string& api_key,
    const std::string& tenant,
    std::map<std::string, std::vector<ExpectedMessage>>& expected
) {
    const auto names = ChannelNames(stack);
    InboxClient inbox(stack.gateway_address(), api_key);
    for (const auto& conversation : inbox.Conversations()) {
        const std::string channel = names.at(conversation["channelId"]);
        REQUIRE(channel.rfind(tenant + "/", 0) == 0);
        CheckConversation(inbox, conversation, expected[channel]);
    }
    for (const auto& [channel, missing] : expected) {
        if (channel.rfind(tenant + "/", 0) != 0) continue;
        for (const auto& message : missing) FAIL_CHECK(channel + " lacks " + message.provider_id);
    }
}

void CheckNames(Stack& stack) {
    std::map<std::string, std::string> names;
    InboxClient inbox(stack.gateway_address(), stack.api_key());
    for (const auto& conversation : inbox.Conversations()) {
        const auto& contact = conversation["contact"];
        names[contact["contactKey"]] = contact["displayName"];
        const auto alone = inbox.Get("/v1/contacts/" + std::string(contact["id"]));
        REQUIRE(alone.status == 200);
        auto told = Json::parse(alone.body);
        CHECK(told["identities"].size() == 1);
        told["identities"] = Json::array();  // Which a conversation does not tell.
        CHECK(told == contact);
    }
    CHECK(names["351911222333"] == "In\u00eas \u00c1lvares");
    CHECK(names["5012345678"] == "Zo\u00eb Q");
    CHECK(names["whatsapp:+351911222333"] == "In\u00eas");
    CHECK(names["u-9"] == "Ada");
}

// The bodies in UB_RAW are those of the webhooks that were not understood, each once.
void CheckRaw(NatsServer& server, const std::vector<WebhookFixture>& sent) {
    // Unknown to Unibox though the index says that they may be ignored.
    // Beside what cannot be read: what is read in part, and a test button's account, which nobody
    // has.
    const std::set<std::string> kept = {
        "instagram-test-changes.json",
        "telegram-unknown-update.json",
        "twilio-duplicate-params.form",
        "twilio-json-bodysha256.json"};
    std::multiset<std::string> expected;
    std::map<std::string, std::string> names;
    for (const auto& fixture : sent) {
        names[fixture.body] = fixture.name;
        if (fixture.outcome == "quarantine" || kept.contains(fixture.name))
            expected.insert(fixture.name);
    }
    obs::Metrics metrics;
    nats::Settings settings;
    settings.url = server.url();
    auto connection = nats::Connection::Connect(settings, metrics);
    REQUIRE_OK(connection);
    nats::Streams streams(**connection);
    std::multiset<std::string> found;
    const auto info = streams.Info(subjects::kRawStream);
    REQUIRE_OK(info);
    for (std::uint64_t sequence = 1; sequence <= info->last_seq; ++sequence) {
        const auto message = streams.Get(subjects::kRawStream, sequence);
        REQUIRE_OK(message);
        event::v1::RawWebhook webhook;
        REQUIRE(webhook.ParseFromString(message->payload));
        CHECK_FALSE(webhook.reason().empty());
        found.insert(names[webhook.body()]);
    }
    CHECK(found == expected);
}

template <typename Request, typename Response>
void CheckSame(
    const Stack& stack,
    const std::string& http_body,
    const Request& request,
    grpc::Status (v1::InboxService::Stub::*call)(grpc::ClientContext*, const Request&, Response*)
) {
    auto stub = v1::InboxService::NewStub(
        grpc::CreateChannel(stack.gateway_grpc_address(), grpc::InsecureChannelCredentials())
    );
    grpc::ClientContext context;
    context.AddMetadata("authorization", "Bearer " + stack.api_key());
    Response response;
    const auto status = ((*stub).*call)(&context, request, &response);
    INFO(status.error_message());
    REQUIRE(status.ok());
    const auto json = wire::ToJson(response);
    REQUIRE_OK(json);
    CHECK(Json::parse(*json) == Json::parse(http_body));
}

// gRPC and HTTP+JSON tell the same.
void CheckTransports(const Stack& stack) {
    using Stub = v1::InboxService::Stub;
    InboxClient inbox(stack.gateway_address(), stack.api_key());
    const std::string listed = inbox.Get("/v1/conversations?pageSize=100").body;
    v1::ListConversationsRequest list;
    list.set_page_size(100);
    CheckSame(stack, listed, list, &Stub::ListConversations);
    for (const auto& conversation : Json::parse(listed)["conversations"]) {
        const std::string id = conversation["id"];
        v1::GetConversationRequest one;
        one.set_conversation_id(id);
        CheckSame(stack, inbox.Get("/v1/conversations/" + id).body, one, &Stub::GetConversation);
        v1::ListMessagesRequest messages;
        messages.set_conversation_id(id);
        CheckSame(
            stack,
            inbox.Get("/v1/conversations/" + id + "/messages").body,
            messages,
            &Stub::ListMessages
        );
        v1::GetContactRequest contact;
        contact.set_contact_id(std::string(conversation["contact"]["id"]));
        CheckSame(
            stack,
            inbox.Get("/v1/contacts/" + contact.contact_id()).body,
            contact,
            &Stub::GetContact
        );
    }
}

TEST_CASE("Message path: every recorded webhook is in the inbox as it should", "[e2e]") {
    StackOptions options;
    options.gateway_count = 1;
    options.tenants_yaml = kFixtureTenants;
    Stack stack(options);
    const auto sent = SendAll(stack);
    SendRead(stack);
    auto expected = ExpectedInbox(sent);
    std::set<std::string> ids;
    std::size_t message_count = 0;
    for (const auto& [channel, messages] : expected) {
        message_count += messages.size();
        for (const auto& message : messages) ids.insert(message.provider_id);
    }
    REQUIRE(ids.size() == message_count);
    CHECK(CheckBooks(stack, ids) == Complaints{});
    REQUIRE(Eventually(seconds(10), [&] {
        return stack.Ask(
                   "SELECT count(*) FROM messages JOIN conversation_counters "
                   "USING (tenant_id, conversation_id) "
                   "WHERE direction = 2 AND created_at <= read_until"
               ) == "1";
    }));
    CheckInbox(stack, stack.api_key(), "first", expected);
    CheckInbox(stack, stack.second_api_key(), "second", expected);
    CheckNames(stack);
    CheckRaw(stack.nats(), sent);
    CheckTransports(stack);
    CHECK(stack.Ask("SELECT count(*) FROM dead_letter") == "0");
}

}  // namespace
}  // namespace unibox::test
