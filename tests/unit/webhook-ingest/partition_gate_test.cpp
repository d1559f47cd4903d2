#include "webhook-ingest/partition_gate.hpp"

#include "support/status_matchers.hpp"

#include <catch2/catch.hpp>

namespace unibox::ingest {
namespace {

Status NoAck() {
    return DeadlineExceeded("not in time").WithReason("NO_ACK");
}

TEST_CASE("Partition gate: one that does not answer gets a few messages at a time", "[unit]") {
    obs::Metrics metrics;
    PartitionGate gate(metrics);
    const auto& away = metrics.GetGauge(
        "unibox_ingest_away_partitions",
        "Partitions that did not store the last message: their conversations are answered 503."
    );
    constexpr int kMany = 10 * PartitionGate::kProbeCountMax;
    for (int i = 0; i < kMany; ++i) CHECK_THAT(gate.Enter(3), test::IsOk());
    gate.Leave(3, NoAck());
    CHECK(away.Get() == 1);
    CHECK(gate.Enter(3).reason() == "PARTITION_AWAY");
    CHECK_THAT(gate.Enter(4), test::IsOk());  // The others go on.
    for (int i = 1; i < kMany; ++i) gate.Leave(3, NoAck());
    CHECK(away.Get() == 1);
    for (int i = 0; i < PartitionGate::kProbeCountMax; ++i) {
        CHECK_THAT(gate.Enter(3), test::IsOk());
    }
    CHECK(gate.Enter(3).reason() == "PARTITION_AWAY");
    gate.Leave(3, Unavailable("").WithReason("NOT_CONNECTED"));  // Says nothing of a partition.
    CHECK(away.Get() == 1);
    gate.Leave(3, {});
    CHECK(away.Get() == 0);
    for (int i = 0; i < kMany; ++i) CHECK_THAT(gate.Enter(3), test::IsOk());
}

TEST_CASE("Partition gate: a full stream is not away", "[unit]") {
    obs::Metrics metrics;
    PartitionGate gate(metrics);
    for (int i = 0; i < 100; ++i) {
        REQUIRE_OK(gate.Enter(99));
        gate.Leave(99, Unavailable("").WithReason("STREAM_FULL"));
    }
}

}  // namespace
}  // namespace unibox::ingest
