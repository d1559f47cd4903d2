// Events that cannot be written, and a log that lost some: what an operator sees and does, while
// the rest goes on.
#include "nats/streams.hpp"
#include "subjects/subjects.hpp"
#include "support/eventually.hpp"
#include "support/inbound_events.hpp"
#include "support/ledger.hpp"
#include "support/stack.hpp"
#include "support/status_matchers.hpp"
#include "support/webhook_client.hpp"

#include <catch2/catch.hpp>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <csignal>

namespace unibox::test {
namespace {

using Json = nlohmann::json;
using std::chrono::seconds;

class PoisonStack {
public:
    PoisonStack() {
        nats::Settings settings;
        settings.url = stack.nats().url();
        auto connected = nats::Connection::Connect(settings, metrics);
        REQUIRE_OK(connected);
        connection = std::move(connected).value();
    }

    // A webhook for each text, in this order, from one contact.
    void Send(const std::string& from, const std::vector<std::string>& texts) {
        const std::int64_t now_s = SystemClock().UnixMillis() / 1000;
        for (const auto& text : texts) {
            const auto id = fmt::format("wamid.{}", ++sent_count_);
            SignedWebhook webhook;
            webhook.secret = Secret(Stack::kAppSecret);
            webhook.body = WhatsAppWebhook({{Stack::kFirstPhoneNumberId, from, id, text, now_s}});
            const auto response = PostWebhook(stack.ingest_address(), webhook);
            REQUIRE_OK(response);
            REQUIRE(response->status == 200);
            if (!text.starts_with("bad")) good_ids.insert(id);
            all_ids.insert(id);
        }
    }
    // PostgreSQL refuses messages whose text begins with "bad".
    void Refuse() {
        Run("ALTER TABLE messages ADD CONSTRAINT no_bad CHECK (body NOT LIKE 'bad%')");
    }
    void Permit() { Run("ALTER TABLE messages DROP CONSTRAINT no_bad"); }
    void Run(const std::string& sql) { stack.postgres().Run(stack.database().name(), sql); }
    bool Becomes(const std::string& sql, const std::string& value) {
        return Eventually(seconds(20), [&] { return stack.Ask(sql) == value; });
    }
    // As `uniboxctl partitions list` shows it.
    Json PartitionOf(int partition) {
        const auto answer = Json::parse(stack.Ctl({"partitions", "list", "--output", "json"}));
        for (const auto& row : answer["partitions"]) {
            if (row["partition"] == partition) return row;
        }
        FAIL("no such partition: " + answer.dump());
        return {};
    }
    void Skip(int partition) {
        stack.Ctl({"partitions", "skip", "--partition", std::to_string(partition), "--by", "tester"}
        );
    }

    Stack stack;
    obs::Metrics metrics;
    std::unique_ptr<nats::Connection> connection;
    std::set<std::string> good_ids;
    std::set<std::string> all_ids;

private:
    int sent_count_ = 0;
};

constexpr const char* kDeadLetters = "SELECT count(*) FROM dead_letter";

TEST_CASE("Poison: dead letters harm no neighbour, and go back when they can", "[fault]") {
    PoisonStack poison;
    Stack& stack = poison.stack;
    poison.Send("351900000001", {"one", "two"});
    poison.Refuse();
    REQUIRE_OK(PublishRaw(*poison.connection, 1, "\xff\xff no event"));
    poison.Send("351900000001", {"three", "bad four", "five"});
    poison.Send("351900000002", {"six"});
    REQUIRE(poison.Becomes(kDeadLetters, "2"));
    CHECK(CheckBooks(stack, poison.good_ids) == Complaints{});
    const auto listed = Json::parse(stack.Ctl({"dead-letters", "list", "--output", "json"}));
    REQUIRE(listed["dead_letters"].size() == 2);
    CHECK(listed.dump().find("23514") != std::string::npos);
    // What is no event can never go back, and that is told; it must not keep the others from it.
    poison.Permit();
    stack.Ctl({"dead-letters", "replay", "--all"}, 1);
    REQUIRE(poison.Becomes("SELECT count(*) FROM messages WHERE body = 'bad four'", "1"));
    CHECK(CheckBooks(stack, poison.all_ids) == Complaints{});
}

TEST_CASE("Poison: many stop their partition alone, with an alarm, until it goes on", "[fault]") {
    PoisonStack poison;
    Stack& stack = poison.stack;
    poison.Refuse();
    std::vector<std::string> texts(30, "bad");
    texts.insert(texts.begin(), "good");
    texts.push_back("good too");
    poison.Send("351900000001", texts);
    const std::string stopped = "SELECT count(*) FROM ingest_partition WHERE stopped_reason <> ''";
    REQUIRE(poison.Becomes(stopped, "1"));
    CHECK(std::stoi(stack.Ask(kDeadLetters)) <= 10);
    const int partition =
        std::stoi(stack.Ask("SELECT partition FROM ingest_partition WHERE stopped_reason <> ''"));
    const auto shown = poison.PartitionOf(partition);
    CHECK(shown["state"].get<std::string>().starts_with("STOPPED: "));
    CHECK(shown["lag_messages"] > 0);
    CHECK(stack.writer(0).WaitForLine("partition stopped", seconds(5)).has_value());
    // The other partitions go on.
    for (int i = 10; i < 30; ++i) poison.Send(fmt::format("3519000000{}", i), {"hello"});
    REQUIRE(Eventually(seconds(20), [&] {
        return std::stoi(stack.Ask("SELECT count(*) FROM messages")) >= 10;
    }));
    // As docs/runbooks/partition-stopped.md says.
    poison.Permit();
    stack.Ctl({"partitions", "resume", "--partition", std::to_string(partition)});
    REQUIRE(poison.Becomes(stopped, "0"));
    stack.Ctl({"dead-letters", "replay", "--all"});
    CHECK(CheckBooks(stack, poison.all_ids) == Complaints{});
    CHECK(stack.Ask("SELECT count(*) FROM ingest_gap") == "0");
}

TEST_CASE(
    "Poison: a gap stops its partition until it is skipped; a new stream goes on", "[fault]"
) {
    PoisonStack poison;
    Stack& stack = poison.stack;
    nats::Streams streams(*poison.connection);
    poison.Send("351900000001", {"one", "two"});
    REQUIRE(poison.Becomes("SELECT count(*) FROM messages", "2"));
    const int partition =
        std::stoi(stack.Ask("SELECT partition FROM ingest_partition WHERE last_seq = 2"));
    REQUIRE(stack.writer(0).Terminate() == 0);
    poison.Send("351900000001", {"bad three", "bad four", "bad five", "six", "seven"});
    REQUIRE_OK(streams.PurgeUpTo(subjects::InStream(1, partition), 6));
    stack.StartWriter(0);
    const std::string reason = "SELECT stopped_reason FROM ingest_partition WHERE partition = " +
                               std::to_string(partition);
    REQUIRE(Eventually(seconds(20), [&] { return stack.Ask(reason).starts_with("gap"); }));
    CHECK(poison.PartitionOf(partition)["state"].get<std::string>().starts_with("STOPPED: gap"));
    CHECK(stack.Ask("SELECT count(*) FROM messages") == "2");
    poison.Skip(partition);
    CHECK(CheckBooks(stack, poison.good_ids) == Complaints{});
    CHECK(
        stack.Ask("SELECT string_agg(first_seq || '-' || last_seq || ' ' || acknowledged_by, ',')"
                  " FROM ingest_gap") == "3-5 tester"
    );

    REQUIRE_OK(streams.Delete(subjects::InStream(1, partition)));
    stack.Ctl({"streams", "ensure", "--partitions", "4"});
    poison.Send("351900000001", {"eight", "nine"});
    CHECK(CheckBooks(stack, poison.good_ids) == Complaints{});
}

}  // namespace
}  // namespace unibox::test
