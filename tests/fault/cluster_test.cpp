// Three nats-servers, each stream on all of them: leaders that freeze and servers that die cost
// some senders a 503, and nothing else.
#include "subjects/subjects.hpp"
#include "support/eventually.hpp"
#include "support/ledger.hpp"
#include "support/stack.hpp"
#include "support/status_matchers.hpp"
#include "support/webhook_client.hpp"

#include <catch2/catch.hpp>
#include <fmt/format.h>
#include <fmt/ranges.h>

namespace unibox::test {
namespace {

using std::chrono::seconds;

constexpr int kNatsCount = 3;
constexpr int kFreezeCount = 3;
constexpr int kPartitionCount = 4;
constexpr int kWebhooksPerSecond = 200;
constexpr int kProductionVersion = 2'011'016;
// A cluster elects within some 10 s; the rest is room for a busy machine.
constexpr auto kElectionMax = seconds(60);

StackOptions ClusterOptions() {
    StackOptions options;
    options.nats_count = kNatsCount;
    options.partition_count = kPartitionCount;
    // So that a client notices within two seconds that its server is frozen.
    options.environment = {{"UNIBOX_NATS_PING_INTERVAL_MS", "1000"}};
    return options;
}

std::size_t LeaderOf(NatsCluster& cluster, const std::string& stream) {
    std::optional<std::size_t> leader;
    REQUIRE(Eventually(kElectionMax, [&] {
        leader = cluster.LeaderOf(stream);
        return leader.has_value();
    }));
    return *leader;
}

// How often `text` stands in what a process said.
int TimesSaid(const Process& process, std::string_view text) {
    const std::string output = process.output();
    int count = 0;
    for (auto at = output.find(text); at != output.npos; at = output.find(text, at + 1)) ++count;
    return count;
}

// All copies of all streams agree again. Servers older than production wants can stay as they are
// until somebody restarts them.
void WaitUntilWhole(NatsCluster& cluster) {
    if (cluster.BecomesWhole(kElectionMax)) return;
    WARN("the cluster did not become whole by itself");
    REQUIRE(cluster.version() < kProductionVersion);
    for (std::size_t node = 0; node < kNatsCount; ++node) {
        cluster.server(node).Kill9();
        cluster.server(node).Start();
    }
    REQUIRE(cluster.BecomesWhole(kElectionMax));
}

// Until another one leads, and webhooks are acknowledged without it. It then comes back with what
// it believes and what lies in its sockets.
void FreezeLeader(Stack& stack, const WebhookClient& client, const std::string& stream) {
    NatsCluster& cluster = stack.nats_cluster();
    const std::size_t leader = LeaderOf(cluster, stream);
    INFO("leader of " << stream << " frozen: node " << leader);
    cluster.server(leader).Pause();
    REQUIRE(Eventually(kElectionMax, [&] {
        const auto now = cluster.LeaderOf(stream);
        return now && *now != leader;
    }));
    WaitForProgress(client, 3 * kWebhooksPerSecond);
    cluster.server(leader).Resume();
    WaitForProgress(client, kWebhooksPerSecond);
    WaitUntilWhole(cluster);
}

void KillNode(Stack& stack, const WebhookClient& client, std::size_t node) {
    INFO("killed: node " << node);
    NatsCluster& cluster = stack.nats_cluster();
    cluster.server(node).Kill9();
    WaitForProgress(client, 2 * kWebhooksPerSecond);
    cluster.server(node).Start();
    WaitForProgress(client, kWebhooksPerSecond);
    WaitUntilWhole(cluster);
}

void CheckCountNeverChanged(Stack& stack) {
    CHECK(stack.IngestMetric("unibox_ingest_partitions") == kPartitionCount);
    CHECK(TimesSaid(stack.ingest(), R"("message":"ingest log")") == 1);
    CHECK(stack.IngestMetric("unibox_ingest_partition_count_conflict") == 0);
    CHECK(stack.Ask("SELECT count(*) FROM ingest_partition") == std::to_string(kPartitionCount));
}

// "Come again" is all that a sender may be told. An election can be over within the deadline of a
// webhook, so it need not be told at all.
void CheckAnswers(const WebhookClient& client) {
    for (const auto& [status, count] : client.answer_counts()) {
        INFO(count << " answers " << status);
        CHECK((status == 200 || status == 503));
    }
}

// Whether the servers kept what they had acknowledged, as far as the writer has seen: an end that
// went back shows when the next message comes.
bool HistoryHeld(Stack& stack) {
    return stack.Ask("SELECT count(*) FROM ingest_break") == "0" &&
           stack.WriterMetric(0, "unibox_writer_streams_recreated_total") == 0 &&
           stack.WriterMetric(0, "unibox_writer_feed_epochs_total") == 0 &&
           stack.WriterMetric(0, "unibox_writer_lost_events_total") == 0;
}

// Servers older than production wants do not always: a frozen leader wakes up, or a killed one
// comes back, with another end of its streams. What is in PostgreSQL is there once, still; order,
// feed and what only the log held are not promised then. With a newer server it is our fault.
void CheckLostHistory(Stack& stack, pg::Pool& pool, const std::set<std::string>& acknowledged) {
    CHECK(stack.nats_cluster().version() < kProductionVersion);
    const auto stored = [&] {
        auto ids = StoredIds(pool);
        REQUIRE_OK(ids);
        std::erase_if(*ids, [&](const std::string& id) { return !acknowledged.contains(id); });
        return *std::move(ids);
    };
    Eventually(seconds(30), [&] { return stored().size() == acknowledged.size(); });
    const auto ids = stored();
    WARN(
        "nats-server lost history: " << stack.Ask("SELECT count(*) FROM ingest_break")
                                     << " times of the log, " << acknowledged.size() - ids.size()
                                     << " messages"
    );
    CHECK(CheckMessagesAre(pool, ids) == Complaints{});
    CHECK(CheckCounters(pool) == Complaints{});
}

// All that is acknowledged is there, once and in order, and so is its feed.
void CheckLedger(Stack& stack, const std::set<std::string>& acknowledged) {
    obs::Metrics metrics;
    auto pool = pg::Pool::Create(stack.database().settings(), metrics);
    REQUIRE_OK(pool);
    const Complaints unwritten = HistoryHeld(stack) ? WaitForWriters(stack) : Complaints{};
    if (!HistoryHeld(stack) || !unwritten.empty()) {
        WARN(fmt::format("not written: {}", fmt::join(unwritten, "; ")));
        return CheckLostHistory(stack, **pool, acknowledged);
    }
    CHECK(CheckBooks(stack, acknowledged) == Complaints{});
    CHECK(CheckOrder(**pool) == Complaints{});
}

TEST_CASE("Cluster: leaders frozen three times, each server killed once", "[fault]") {
    Stack stack(ClusterOptions());
    WebhookLoad load = LoadOf(stack, kWebhooksPerSecond);
    load.is_ordered = true;
    load.contact_count = 10;
    load.id_prefix = "wamid.1";
    WebhookClient client(std::move(load));
    client.Start();
    WaitForProgress(client, kWebhooksPerSecond);
    for (int i = 0; i < kFreezeCount; ++i) FreezeLeader(stack, client, subjects::InStream(1, i));
    for (std::size_t node = 0; node < kNatsCount; ++node) KillNode(stack, client, node);
    client.Stop();

    const auto acknowledged = client.AcknowledgedIds();
    WARN(
        client.webhook_count() << " webhooks of " << acknowledged.size() << " messages, refused "
                               << client.retry_count() << " times"
    );
    CheckAnswers(client);
    CheckCountNeverChanged(stack);
    CheckLedger(stack, acknowledged);
    CHECK(stack.Ask("SELECT count(*) FROM ingest_gap") == "0");
    CHECK(stack.Ask("SELECT count(*) FROM dead_letter") == "0");
}

}  // namespace
}  // namespace unibox::test
