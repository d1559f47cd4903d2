// Two numbers of one person, from the webhooks through the gateway: merged, blocked, listened to.
#include "http/client.hpp"
#include "support/eventually.hpp"
#include "support/inbox_client.hpp"
#include "support/stack.hpp"
#include "support/status_matchers.hpp"
#include "support/webhook_client.hpp"

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include <chrono>
#include <string>
#include <vector>

namespace unibox::test {
namespace {

using Json = nlohmann::json;
using std::chrono::seconds;

struct Inbox {
    Inbox() : stack(Options()), client(stack.gateway_address(), stack.api_key()) {}

    static StackOptions Options() {
        StackOptions options;
        options.gateway_count = 1;
        return options;
    }
    void Hear(const std::string& from, const std::string& id) {
        const std::int64_t now_s = SystemClock().UnixMillis() / 1000;
        SignedWebhook webhook;
        webhook.secret = Secret(Stack::kAppSecret);
        webhook.body =
            WhatsAppWebhook({{Stack::kFirstPhoneNumberId, from, id, "text of " + id, now_s}});
        const auto response = PostWebhook(stack.ingest_address(), webhook);
        REQUIRE_OK(response);
        REQUIRE(response->status == 200);
        REQUIRE(Eventually(seconds(30), [&] {
            return stack.AskNumber(
                       "SELECT count(*) FROM messages WHERE provider_id = '" + id + "'"
                   ) == 1;
        }));
    }
    Json ConversationOf(const std::string& thread) {
        for (const Json& conversation : client.Conversations()) {
            if (conversation["threadKey"] == thread) return conversation;
        }
        FAIL("no conversation of " << thread);
        return {};
    }
    std::string ContactOf(const std::string& thread) {
        return ConversationOf(thread)["contact"]["id"];
    }
    // "" or the reason why not; the reads that follow see what was done.
    std::string Change(
        const std::string& method, const std::string& target, const std::string& body
    ) const {
        const auto response = http::Send(
            method,
            "http://" + stack.gateway_address() + target,
            {{"Authorization", "Bearer " + stack.api_key()}, {"Content-Type", "application/json"}},
            body,
            Millis(30'000)
        );
        REQUIRE_OK(response);
        const Json answer = Json::parse(response->body);
        if (response->status != 200) return answer.value("reason", "NO_REASON");
        return "";
    }
    Json Get(const std::string& target) {
        const http::Response response = client.Get(target);
        REQUIRE(response.status == 200);
        return Json::parse(response.body);
    }

    Stack stack;
    InboxClient client;
};

TEST_CASE("E2E: two contacts become one, and one is blocked", "[e2e]") {
    Inbox inbox;
    inbox.Hear("351911000001", "wamid.a1");
    inbox.Hear("351911000002", "wamid.b1");
    const std::string first = inbox.ContactOf("351911000001");
    const std::string second = inbox.ContactOf("351911000002");
    REQUIRE(first != second);
    const std::string one = "/v1/contacts/" + first;

    const std::string name = R"({"displayName":"Ines","attributes":{}})";
    CHECK(inbox.Change("PATCH", one, name) != "");  // there is no such field
    CHECK(inbox.Change("PATCH", one, R"({"displayName":"Ines","set":{"plan":"gold"}})") == "");
    const std::string merge = R"({"mergedContactId":")" + second + R"("})";
    CHECK(inbox.Change("POST", one + ":merge", merge) == "");
    CHECK(inbox.Change("POST", one + ":merge", merge) == "CONTACT_MERGED");
    inbox.Hear("351911000002", "wamid.b2");
    CHECK(inbox.ContactOf("351911000002") == first);
    CHECK(inbox.ConversationOf("351911000002")["contact"]["displayName"] == "Ines");
    const Json contact = inbox.Get("/v1/contacts/" + second);
    CHECK(contact["id"] == first);
    CHECK(contact["attributes"]["plan"] == "gold");
    CHECK(contact["identities"].size() == 2);

    CHECK(inbox.Change("POST", one + ":block", "") == "");
    CHECK(inbox.Get("/v1/contacts:blocked")["contacts"][0]["id"] == first);
    const Json before = inbox.ConversationOf("351911000002");
    inbox.Hear("351911000002", "wamid.b3");
    const Json after = inbox.ConversationOf("351911000002");
    CHECK(after["unreadCount"] == before["unreadCount"]);
    CHECK(after["messageCount"] == "3");
    const std::string id = after["id"];
    CHECK(inbox.client.Messages(id).back()["fromBlocked"] == true);
    const std::string reply = "/v1/conversations/" + id + "/messages";
    CHECK(inbox.Change("POST", reply, R"({"text":"hello"})") == "CONTACT_BLOCKED");
    CHECK(inbox.Change("POST", one + ":unblock", "") == "");
    CHECK(inbox.Change("POST", reply, R"({"text":"hello"})") == "");
    // Each was told once.
    CHECK(
        inbox.stack.AskNumber(
            "SELECT count(*) FROM command_audit WHERE contact_id = '" + first + "'"
        ) == 4
    );
}

}  // namespace
}  // namespace unibox::test
