// A stream of the log is deleted and made again, or purged, under a load that never pauses. Lost is
// only what it alone held, and that is counted and told; nothing acknowledged afterwards is.
#include "base/clock.hpp"
#include "lossy_log.hpp"
#include "subjects/subjects.hpp"
#include "support/eventually.hpp"
#include "support/status_matchers.hpp"

#include <catch2/catch.hpp>
#include <fmt/format.h>

namespace unibox::test {
namespace {

using std::chrono::seconds;

// PostgreSQL goes away under load. Returns an end of the partition's stream that the writer has
// seen since: what lies before it is not written.
std::int64_t FallBehind(LossyLog& log, int partition) {
    log.stack.postgres().Stop();
    log.Progress(5 * LossyLog::kWebhooksPerSecond);
    return log.WaitUntilSeen().at(partition);
}

TEST_CASE("Lost stream: one is deleted and made again under load", "[fault]") {
    constexpr int kDeleted = 1;
    LossyLog log(2 * LossyLog::kWebhooksPerSecond, kLittleInHand);
    Stack& stack = log.stack;
    const std::string stream = subjects::InStream(1, kDeleted);
    const std::int64_t seen_seq = FallBehind(log, kDeleted);
    const std::int64_t deleting_ms = SystemClock().UnixMillis();
    REQUIRE_OK(log.streams().Delete(stream));
    const std::int64_t deleted_ms = SystemClock().UnixMillis();
    const std::int64_t refused = log.client().retry_count();
    REQUIRE(Eventually(seconds(60), [&] { return log.client().retry_count() > refused; }));
    stack.postgres().Start();
    stack.Ctl({"streams", "ensure"});
    log.Progress(2 * LossyLog::kWebhooksPerSecond);
    log.Settle();

    // Lost is what lay in that stream behind the last committed message, and it is told.
    const std::string of_break = " FROM ingest_break WHERE partition = 1";
    CHECK(stack.Ask("SELECT count(*) FROM ingest_break") == "1");
    const std::int64_t committed_seq = stack.AskNumber("SELECT committed_seq" + of_break);
    const std::int64_t told = stack.AskNumber("SELECT unwritten_count" + of_break);
    const auto lost = static_cast<std::int64_t>(log.Lost().size());
    WARN(log.Summary() << ", " << told << " told");
    CHECK(log.Lost(kDeleted).size() == log.Lost().size());
    for (const auto& [id, delivery] : log.Lost()) CHECK(delivery.begun_unix_ms <= deleted_ms);
    CHECK(lost >= log.Count(kDeleted, [&](const Delivery& one) {
        return one.acknowledged_unix_ms < deleting_ms;
    }) - committed_seq);
    CHECK(lost <= log.Count(kDeleted, [&](const Delivery& one) {
        return one.begun_unix_ms <= deleted_ms;
    }) - committed_seq);
    CHECK(told >= seen_seq - committed_seq);
    CHECK(told > 0);
    CHECK(told <= lost + kOnTheirWayMax);
    CHECK(stack.WriterMetric(0, "unibox_writer_lost_events_total") == static_cast<double>(told));
    CHECK(stack.WriterMetric(0, "unibox_writer_streams_recreated_total") == 1);
    CHECK(stack.writer(0).WaitForLine("came back with another history", seconds(5)).has_value());
    CHECK(log.client().answer_counts().contains(503));
    CHECK(log.CheckRest(true) == Complaints{});
    CHECK(log.CheckRepeatsAreWritten() == Complaints{});
}

TEST_CASE("Lost stream: one is purged under load", "[fault]") {
    constexpr int kPurged = 2;
    LossyLog log(2 * LossyLog::kWebhooksPerSecond, kLittleInHand);
    Stack& stack = log.stack;
    const std::string stream = subjects::InStream(1, kPurged);
    const std::int64_t purged_seq = FallBehind(log, kPurged);
    REQUIRE_OK(log.streams().PurgeUpTo(stream, static_cast<std::uint64_t>(purged_seq) + 1));
    stack.postgres().Start();
    const std::string reason =
        "SELECT stopped_reason FROM ingest_partition WHERE partition = 2 AND stopped_reason <> ''";
    REQUIRE(Eventually(seconds(60), [&] { return stack.Ask(reason).starts_with("gap"); }));
    CHECK(stack.writer(0).WaitForLine("partition stopped", seconds(5)).has_value());
    CHECK(Eventually(seconds(60), [&] {
        return stack.WriterMetric(0, "unibox_writer_stopped_partitions") == 1;
    }));
    log.Progress(2 * LossyLog::kWebhooksPerSecond);
    // As docs/runbooks/gap.md says.
    stack.Ctl({"partitions", "skip", "--generation", "1", "--partition", "2", "--by", "tester"});
    log.Progress(LossyLog::kWebhooksPerSecond);
    log.Settle();

    const auto lost = log.Lost();
    WARN(log.Summary());
    CHECK(!lost.empty());
    CHECK(log.Lost(kPurged).size() == lost.size());
    const std::string told = "SELECT string_agg(last_seq || ' ' || last_seq - first_seq + 1, ',') ";
    CHECK(stack.Ask(told + "FROM ingest_gap") == fmt::format("{} {}", purged_seq, lost.size()));
    CHECK(Eventually(seconds(60), [&] {
        return stack.WriterMetric(0, "unibox_writer_stopped_partitions") == 0;
    }));
    CHECK(log.client().retry_count() == 0);
    CHECK(log.CheckRest(true) == Complaints{});
}

}  // namespace
}  // namespace unibox::test
