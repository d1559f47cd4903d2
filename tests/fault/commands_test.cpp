// Agents' replies stay right while what carries them is killed.
#include "agent_load.hpp"
#include "base/encoding.hpp"
#include "base/ids.hpp"
#include "http/client.hpp"
#include "support/eventually.hpp"
#include "support/ledger.hpp"
#include "support/stack.hpp"
#include "support/status_matchers.hpp"
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

StackOptions Options(int gateway_count, bool replica) {
    StackOptions options;
    options.replica = replica;
    options.writer_count = 2;
    options.gateway_count = gateway_count;
    // Slots and partitions of a killed writer are free soon.
    options.environment = {{"UNIBOX_OWNERSHIP_LEASE_MS", "3000"}};
    // Rates that are counted and never reached.
    for (const std::string whose : {"KEY", "TENANT", "READ", "WRITE"}) {
        options.gateway_environment["UNIBOX_LIMITS_" + whose + "_PER_S"] = "100000";
    }
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
    explicit Shop(int gateways = 1, bool replica = false)
        : gateway_count(static_cast<std::size_t>(gateways)), stack(Options(gateways, replica)) {
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
        for (std::size_t i = 0; i < gateway_count; ++i) {
            load.gateway_addresses.push_back(stack.gateway_address(i));
        }
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

    std::size_t gateway_count;
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

TEST_CASE("Commands: two gateways are asked the same at once, and killed in turn", "[fault]") {
    Shop shop(2);
    auto options = shop.Load();
    options.threads_each = 2;
    options.asks_each = 2;
    AgentLoad load(options);
    load.Start();
    for (std::size_t round = 0; round < 4; ++round) {
        WaitForAnswers(load, 300);
        shop.stack.gateway(round % 2).Kill9();
        if (round == 2) shop.stack.writer(0).Kill9();
        WaitForAnswers(load, 100);  // By the other one.
        shop.stack.StartGateway(round % 2);
    }
    load.Join();
    CHECK(load.messages().size() == 1'000);
    shop.CheckBooks(load);
}

// What was answered lies on both servers, so nothing is lost with the primary.
TEST_CASE("Commands: the replica is lost, and later promoted, while agents reply", "[fault]") {
    Shop shop(2, true);
    auto options = shop.Load();
    options.asks_each = 3;
    AgentLoad load(options);
    load.Start();
    WaitForAnswers(load, 300);
    shop.stack.replica().Kill9();
    WaitForAnswers(load, 300);
    shop.stack.replica().Start();
    shop.stack.postgres().Run("postgres", "ALTER SYSTEM SET synchronous_standby_names = '*'");
    shop.stack.postgres().Run("postgres", "SELECT pg_reload_conf()");
    REQUIRE(Eventually(seconds(60), [&] {
        return shop.stack.AskNumber(
                   "SELECT count(*) FROM pg_stat_replication "
                   "WHERE sync_state = 'sync' AND state = 'streaming'"
               ) == 1;
    }));
    WaitForAnswers(load, 300);
    shop.stack.postgres().Kill9();
    shop.stack.replica().Promote();
    WaitForAnswers(load, 300);
    load.Join();
    CHECK(load.messages().size() == 1'000);
    shop.CheckBooks(load);
}

// Redis counts rates alone: nobody has to wait for it, or is refused, because it is away.
TEST_CASE("Commands: Redis is lost, flushed and frozen while agents reply", "[fault]") {
    Shop shop;
    auto options = shop.Load();
    options.asks_each = 2;
    AgentLoad load(options);
    load.Start();
    WaitForAnswers(load, 300);
    shop.stack.redis().Kill9();
    WaitForAnswers(load, 300);
    shop.stack.redis().Start();
    WaitForAnswers(load, 100);
    CHECK(shop.stack.redis().Cli({"FLUSHALL"}) == "OK");
    CHECK(shop.stack.redis().Cli({"SCRIPT", "FLUSH"}) == "OK");
    WaitForAnswers(load, 300);
    shop.stack.redis().Pause();
    WaitForAnswers(load, 300);
    shop.stack.redis().Resume();
    load.Join();
    CHECK(load.unanswered_count() == 0);
    CHECK(load.messages().size() == 1'000);
    shop.CheckBooks(load);
    // And it is asked again.
    CHECK(shop.stack.redis().Cli({"CONFIG", "RESETSTAT"}) == "OK");
    CHECK(Eventually(seconds(30), [&] {
        const auto list = http::Send(
            "GET",
            "http://" + shop.stack.gateway_address() + "/v1/conversations",
            {{"Authorization", "Bearer " + shop.stack.api_key()}},
            "",
            Millis(10'000)
        );
        REQUIRE_OK(list);
        return shop.stack.redis().Cli({"INFO", "commandstats"}).find("evalsha") !=
               std::string::npos;
    }));
}

}  // namespace
}  // namespace unibox::test
