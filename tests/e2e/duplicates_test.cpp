// The same webhook again, two tenants in one webhook, and everything at once.
#include "support/eventually.hpp"
#include "support/inbox_client.hpp"
#include "support/ledger.hpp"
#include "support/stack.hpp"
#include "support/status_matchers.hpp"
#include "support/webhook_client.hpp"

#include <catch2/catch.hpp>
#include <fmt/format.h>

#include <atomic>
#include <thread>

namespace unibox::test {
namespace {

using std::chrono::seconds;

WhatsAppText Text(const std::string& phone_number_id, const std::string& id) {
    const std::int64_t now_s = SystemClock().UnixMillis() / 1000;
    return {phone_number_id, "351911222333", id, "text of " + id, now_s};
}

int Post(const Stack& stack, const std::vector<WhatsAppText>& messages) {
    SignedWebhook webhook;
    webhook.secret = Secret(Stack::kAppSecret);
    webhook.body = WhatsAppWebhook(messages);
    const auto response = PostWebhook(stack.ingest_address(), webhook);
    return response.ok() ? response->status : 0;
}

// Posts from `thread_count` threads at once; how many were answered 200.
int PostInParallel(
    int thread_count, const Stack& stack, const std::function<std::string(int)>& id_of
) {
    std::atomic<int> accepted{0};
    std::vector<std::thread> threads;
    for (int i = 0; i < thread_count; ++i) {
        threads.emplace_back([&, i] {
            accepted += Post(stack, {Text(Stack::kFirstPhoneNumberId, id_of(i))}) == 200;
        });
    }
    for (auto& thread : threads) thread.join();
    return accepted;
}

std::int64_t WrittenUpTo(Stack& stack) {
    const auto text = stack.Ask("SELECT sum(last_seq) FROM ingest_partition");
    return text.empty() ? -1 : std::stoll(text);
}

void CheckOneMessage(Stack& stack, std::int64_t version) {
    InboxClient inbox(stack.gateway_address(), stack.api_key());
    const auto conversations = inbox.Conversations();
    REQUIRE(conversations.size() == 1);
    CHECK(conversations[0]["version"] == std::to_string(version));
    CHECK(conversations[0]["messageCount"] == "1");
    CHECK(conversations[0]["unreadCount"] == "1");
    CHECK(inbox.Messages(conversations[0]["id"]).size() == 1);
}

TEST_CASE("Duplicates: a webhook ten times at once, and again after the windows", "[e2e]") {
    StackOptions options;
    options.gateway_count = 1;
    options.dedup_window_ms = 1'000;
    options.environment = {{"UNIBOX_INGEST_DUPLICATE_WINDOW_MS", "1000"}};
    Stack stack(options);
    const auto same = [](int) { return "wamid.same"; };
    REQUIRE(PostInParallel(10, stack, same) == 10);
    REQUIRE(Eventually(seconds(20), [&] { return WrittenUpTo(stack) > 0; }));
    CheckOneMessage(stack, 1);
    // Stored again once both windows are over: the log has it twice, the inbox does not.
    const auto before = WrittenUpTo(stack);
    REQUIRE(Eventually(seconds(20), [&] {
        return PostInParallel(10, stack, same) == 10 && WrittenUpTo(stack) > before;
    }));
    CheckOneMessage(stack, 1);
    CHECK(CheckBooks(stack, {"wamid.same"}) == Complaints{});
}

TEST_CASE("Duplicates: one webhook of two tenants comes to each its own", "[e2e]") {
    StackOptions options;
    options.gateway_count = 1;
    Stack stack(options);
    const auto first = Text(Stack::kFirstPhoneNumberId, "wamid.first");
    const auto second = Text(Stack::kSecondPhoneNumberId, "wamid.second");
    REQUIRE(Post(stack, {first, second}) == 200);
    CHECK(CheckBooks(stack, {"wamid.first", "wamid.second"}) == Complaints{});
    InboxClient first_inbox(stack.gateway_address(), stack.api_key());
    InboxClient second_inbox(stack.gateway_address(), stack.second_api_key());
    const auto of_first = first_inbox.Conversations();
    const auto of_second = second_inbox.Conversations();
    REQUIRE(of_first.size() == 1);
    REQUIRE(of_second.size() == 1);
    CHECK(of_first[0]["preview"] == "text of wamid.first");
    CHECK(of_second[0]["preview"] == "text of wamid.second");
    const std::string id = of_first[0]["id"];
    CHECK(first_inbox.Get("/v1/conversations/" + id).status == 200);
    CHECK(second_inbox.Get("/v1/conversations/" + id).status == 404);
}

TEST_CASE("Duplicates: fifty first messages of a contact at once are one conversation", "[e2e]") {
    StackOptions options;
    options.gateway_count = 1;
    options.writer_count = 2;
    Stack stack(options);
    const auto id_of = [](int i) { return fmt::format("wamid.{}", i); };
    REQUIRE(PostInParallel(50, stack, id_of) == 50);
    std::set<std::string> ids;
    for (int i = 0; i < 50; ++i) ids.insert(id_of(i));
    CHECK(CheckBooks(stack, ids) == Complaints{});
    CHECK(stack.Ask("SELECT count(*) FROM contacts") == "1");
    CHECK(stack.Ask("SELECT count(*) FROM conversations") == "1");
    InboxClient inbox(stack.gateway_address(), stack.api_key());
    const auto conversations = inbox.Conversations();
    REQUIRE(conversations.size() == 1);
    const auto messages = inbox.Messages(conversations[0]["id"]);
    REQUIRE(messages.size() == 50);
    for (std::size_t i = 0; i < 50; ++i) CHECK(messages[i]["seq"] == std::to_string(i + 1));
}

}  // namespace
}  // namespace unibox::test
