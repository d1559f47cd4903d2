// Agents' replies stay right while what carries them is killed.
#include "agent_load.hpp"
#include "base/encoding.hpp"
#include "base/ids.hpp"
#include "support/eventually.hpp"
#include "support/ledger.hpp"
#include "support/stack.hpp"
#include "support/webhook_client.hpp"
#include "unibox/event/v1/feed.pb.h"
#include "unibox/event/v1/send_job.pb.h"

#include <catch2/catch.hpp>

#include <iterator>
#include <set>
#include <sstream>

namespace unibox::test {
namespace {

using std::chrono::seconds;

constexpr int kCustomerCount = 10;

StackOptions Options() {
    StackOptions options;
    options.writer_count = 2;
    options.gateway = true;
    // Slots and partitions of a killed writer are free soon.
    options.environment = {{"UNIBOX_OWNERSHIP_LEASE_MS", "3000"}};
    return options;
}

std::vector<std::string> ConversationsOf(Stack& stack) {
    std::istringstream ids(
        stack.Ask("SELECT string_agg(conversation_id::text, ' ') FROM conversations")
    );
    return {std::istream_iterator<std::string>(ids), {}};
}

// The messages that wait to be sent.
std::set<std::string> JobIds(Stack& stack) {
    std::istringstream rows(
        stack.Ask("SELECT string_agg(encode(batch, 'hex'), ' ') FROM outbox WHERE target <> 1")
    );
    std::set<std::string> ids;
    for (std::string hex; rows >> hex;) {
        event::v1::OutboxBatch batch;
        REQUIRE(batch.ParseFromString(HexDecode(hex).value()));
        for (const auto& entry : batch.entries()) {
            event::v1::SendJob job;
            REQUIRE(job.ParseFromString(entry.payload()));
            CHECK(ids.insert(Uuid::FromBytes(job.message_id()).value().ToString()).second);
        }
    }
    return ids;
}

// Ten customers wrote, and agents reply to them.
struct Shop {
    Shop() : stack(Options()) {
        std::vector<WhatsAppText> messages;
        for (int i = 0; i < kCustomerCount; ++i) {
            const std::string n = std::to_string(i);
            messages.push_back(
                {Stack::kFirstPhoneNumberId,
                 "35191100000" + n,
                 "wamid.shop." + n,
                 "hello?",
                 SystemClock().UnixMillis() / 1000}
            );
        }
        SignedWebhook webhook;
        webhook.secret = Secret(Stack::kAppSecret);
        webhook.body = WhatsAppWebhook(messages);
        REQUIRE(PostWebhook(stack.ingest_address(), webhook).ok());
        REQUIRE(Eventually(seconds(30), [&] {
            return ConversationsOf(stack).size() == kCustomerCount;
        }));
    }

    AgentLoadOptions Load() {
        AgentLoadOptions load;
        load.gateway_address = stack.gateway_address();
        load.api_key = stack.api_key();
        load.conversations = ConversationsOf(stack);
        return load;
    }

    // Every reply is there once, no place in a conversation is empty, and all became events.
    void CheckBooks(const AgentLoad& load) {
        const auto messages = load.messages();
        CHECK(load.complaints() == Complaints{});
        std::set<std::string> ids;
        for (const auto& [request_id, id] : messages) ids.insert(id);
        CHECK(ids.size() == messages.size());
        CHECK(
            stack.AskNumber("SELECT count(*) FROM messages WHERE direction = 2") ==
            static_cast<std::int64_t>(messages.size())
        );
        CHECK(
            stack.AskNumber("SELECT count(*) FROM (SELECT body FROM messages WHERE direction = 2 "
                            "GROUP BY body HAVING count(*) > 1) d") == 0
        );
        CHECK(
            stack.AskNumber(
                "SELECT count(*) FROM conversation_counters n WHERE n.last_seq <> (SELECT count(*) "
                "FROM messages m WHERE m.tenant_id = n.tenant_id "
                "AND m.conversation_id = n.conversation_id)"
            ) == 0
        );
        // The jobs to send wait for who sends; the feed's events are out.
        CHECK(Eventually(seconds(60), [&] {
            return stack.AskNumber("SELECT count(*) FROM outbox WHERE target = 1") == 0;
        }));
        CHECK(JobIds(stack) == ids);
    }

    Stack stack;
};

void WaitForAnswers(const AgentLoad& load, std::int64_t more) {
    const std::int64_t wanted = load.answered_count() + more;
    REQUIRE(Eventually(seconds(60), [&] { return load.answered_count() >= wanted; }));
}

TEST_CASE("Commands: 1,000 replies, each asked for ten times, are there once", "[fault]") {
    Shop shop;
    AgentLoad load(shop.Load());
    load.Start();
    load.Join();
    CHECK(load.messages().size() == 1'000);
    CHECK(load.answered_count() == 10'000);
    shop.CheckBooks(load);
}

TEST_CASE("Commands: writers are killed in turn while agents reply", "[fault]") {
    Shop shop;
    auto options = shop.Load();
    options.asks_each = 3;
    AgentLoad load(options);
    load.Start();
    for (std::size_t round = 0; round < 4; ++round) {
        WaitForAnswers(load, 400);
        shop.stack.writer(round % 2).Kill9();
        WaitForAnswers(load, 100);  // By the other one.
        shop.stack.StartWriter(round % 2);
    }
    load.Join();
    CHECK(load.messages().size() == 1'000);
    shop.CheckBooks(load);
}

TEST_CASE("Commands: PostgreSQL and NATS are killed while agents reply", "[fault]") {
    Shop shop;
    auto options = shop.Load();
    options.asks_each = 3;
    AgentLoad load(options);
    load.Start();
    WaitForAnswers(load, 500);
    shop.stack.postgres().Kill9();
    shop.stack.postgres().Start();
    WaitForAnswers(load, 500);
    shop.stack.nats().Kill9();
    WaitForAnswers(load, 300);  // What is answered is committed; the feed hears of it later.
    shop.stack.nats().Start();
    load.Join();
    shop.CheckBooks(load);
}

}  // namespace
}  // namespace unibox::test
