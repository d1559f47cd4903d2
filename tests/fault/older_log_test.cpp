// nats-server comes back with a store of some time ago, under a load that never pauses. Lost is
// only what the lost store alone held, and that is told; nothing that was acknowledged afterwards
// is.
#include "lossy_log.hpp"
#include "support/eventually.hpp"
#include "support/status_matchers.hpp"

#include <catch2/catch.hpp>
#include <fmt/format.h>

#include <algorithm>

namespace unibox::test {
namespace {

using std::chrono::seconds;

// A return of an older store, and what is told of it.
struct Return {
    std::int64_t gone_ms = 0;
    std::map<int, std::int64_t> committed_stored_ms;  // By partition.
};

// Once it is told for each partition.
Return ReturnAsTold(LossyLog& log, std::int64_t gone_ms, std::int64_t breaks_before) {
    Return told{gone_ms, {}};
    const std::string after = fmt::format(" FROM ingest_break WHERE id > {}", breaks_before);
    CHECK(Eventually(seconds(60), [&] {
        return log.stack.AskNumber("SELECT count(DISTINCT partition)" + after) ==
               LossyLog::kPartitionCount;
    }));
    for (int partition = 0; partition < LossyLog::kPartitionCount; ++partition) {
        told.committed_stored_ms[partition] = log.stack.AskNumber(fmt::format(
            "SELECT floor(extract(epoch FROM committed_stored_at) * 1000)::bigint{} AND "
            "partition = {} ORDER BY id LIMIT 1",
            after,
            partition
        ));
        CHECK(told.committed_stored_ms[partition] > 0);
    }
    return told;
}

std::int64_t LastBreak(Stack& stack) {
    return stack.AskNumber("SELECT max(id) FROM ingest_break");
}

// As the runbook says: lost is only what was acknowledged after the last committed message of the
// lost history was stored, and before the server went away.
Complaints CheckLostAreTold(LossyLog& log, const std::vector<Return>& returns) {
    Complaints complaints;
    for (const auto& [id, delivery] : log.Lost()) {
        const auto tells = [partition = log.PartitionOf(delivery),
                            begun_unix_ms = delivery.begun_unix_ms,
                            acknowledged_unix_ms =
                                delivery.acknowledged_unix_ms](const Return& one) {
            return acknowledged_unix_ms >= one.committed_stored_ms.at(partition) &&
                   begun_unix_ms <= one.gone_ms;
        };
        if (!std::any_of(returns.begin(), returns.end(), tells))
            complaints.push_back("lost, and not as it is told: " + id);
    }
    return complaints;
}

// The age of a copy tells in how many numbers are given out again, against those that come since:
// whether the numbers pass the lost ones at once, before the writer looks, or not for a minute. So
// a copy of N seconds is one of N seconds' webhooks at 200 a second, sent as fast as the machine
// takes them: 60 s of them in much less.
TEST_CASE("Older log: copies of 2 s, 10 s and 60 s come back under load", "[fault]") {
    constexpr int kSecond = LossyLog::kWebhooksPerSecond;
    LossyLog log(4 * kSecond);
    Stack& stack = log.stack;
    const auto epoch = stack.Ask("SELECT feed_epoch FROM feed");
    std::vector<Return> returns;
    for (const int age_s : {2, 10, 60}) {
        INFO("a copy of " << age_s << " s");
        log.Copy();
        log.Progress(age_s * kSecond);
        log.WaitUntilWritten();
        const std::int64_t breaks_before = LastBreak(stack);
        const bool is_away = age_s == 10;  // Until the numbers have passed what it committed.
        if (is_away) stack.writer(0).Kill9();
        const std::int64_t gone_ms = log.GoBack();
        if (age_s <= 10) log.Progress((age_s + 2) * kSecond);
        if (is_away) stack.StartWriter(0);
        returns.push_back(ReturnAsTold(log, gone_ms, breaks_before));
        if (age_s == 2) {
            CHECK(stack.WriterMetric(0, "unibox_writer_streams_recreated_total") == 4);
            CHECK(stack.Ask("SELECT feed_epoch FROM feed") != epoch);
        }
    }
    CHECK(stack.writer(0).WaitForLine("came back with another history", seconds(5)).has_value());
    log.Progress(2 * kSecond);
    log.Settle();
    WARN(log.Summary());
    CHECK(CheckLostAreTold(log, returns) == Complaints{});
    CHECK(log.CheckRest(false) == Complaints{});
    CHECK(log.CheckRepeatsAreWritten() == Complaints{});
}

// Nobody but the log has them, and the last committed message is where it was: only who has seen
// them in the lost store can tell how many they were.
TEST_CASE("Older log: a copy comes back while PostgreSQL is away", "[fault]") {
    LossyLog log(2 * LossyLog::kWebhooksPerSecond, kLittleInHand);
    Stack& stack = log.stack;
    stack.postgres().Stop();
    log.Copy();
    const auto copied = log.Ends();
    log.Progress(10 * LossyLog::kWebhooksPerSecond);
    const auto seen = log.WaitUntilSeen();
    const std::int64_t gone_ms = log.GoBack();
    REQUIRE(stack.writer(0).WaitForLine("stream lost its tail", seconds(60)).has_value());
    log.Progress(LossyLog::kWebhooksPerSecond);
    stack.postgres().Start();
    log.Progress(LossyLog::kWebhooksPerSecond);
    log.Settle();

    const auto lost = static_cast<std::int64_t>(log.Lost().size());
    const auto told =
        static_cast<std::int64_t>(stack.WriterMetric(0, "unibox_writer_lost_events_total"));
    WARN(log.Summary() << ", " << told << " told");
    for (const auto& [id, delivery] : log.Lost()) CHECK(delivery.begun_unix_ms <= gone_ms);
    std::int64_t seen_count = 0;
    for (const auto& [partition, end] : seen) seen_count += end - copied.at(partition);
    CHECK(seen_count > 0);
    CHECK(told >= seen_count);
    // Once each, but for what the writer had in its hands and has written since.
    CHECK(told <= lost + kOnTheirWayMax + kInHandMax);
    CHECK(log.CheckRest(false) == Complaints{});
    CHECK(log.CheckRepeatsAreWritten() == Complaints{});
}

}  // namespace
}  // namespace unibox::test
