// Writes events to the ingest log and raw webhooks to UB_RAW, each exactly until the server has
// said that it is stored. The events of one conversation in one call are stored in their order:
// each is sent when the one before it is stored, and after a refusal the rest is not sent at all.
// Thread safety: any thread. `done` runs on the caller's thread if nothing had to be sent, else on
// a thread that answers arrive on: it must not block.
#pragma once

#include "base/clock.hpp"
#include "base/ids.hpp"
#include "base/status.hpp"
#include "nats/publisher.hpp"
#include "obs/metrics.hpp"
#include "unibox/event/v1/feed.pb.h"
#include "unibox/event/v1/inbound.pb.h"
#include "webhook-ingest/event_window.hpp"
#include "webhook-ingest/ingest_log.hpp"
#include "webhook-ingest/log_history.hpp"
#include "webhook-ingest/partition_gate.hpp"

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace unibox::ingest {

class EventPublisher {
public:
    struct Outcome {
        Status status;            // Ok: everything is stored. The first failure otherwise.
        int duplicate_count = 0;  // Stored before, by the window's or JetStream's knowledge.
        // Events that can never be stored, because they are too large for a message.
        int too_large_count = 0;
    };
    using Done = std::function<void(const Outcome&)>;

    // All references must outlive the object.
    EventPublisher(
        nats::Publisher& publisher,
        IngestLog& log,
        LogHistory& history,
        EventWindow& window,
        obs::Metrics& metrics
    );

    // Any number of events.
    void Publish(std::vector<event::v1::InboundEvent> events, SteadyTime deadline, Done done);
    // Bodies larger than kRawPartBytes go in several messages with one id, each with all of `raw`
    // but a piece of the body.
    void PublishRaw(event::v1::RawWebhook raw, SteadyTime deadline, Done done);

    static constexpr std::size_t kRawPartBytes = 768 << 10;
    static constexpr std::size_t kSliceCountMax = 1'000;  // Events on their way of one call.

private:
    struct Chain;
    struct Batch;
    using BatchPtr = std::shared_ptr<Batch>;

    void Pump(const BatchPtr& batch);
    std::optional<nats::Outgoing> NextMessage(const BatchPtr& batch, std::size_t chain);
    void OnResults(
        const BatchPtr& batch,
        const std::vector<std::size_t>& chains,
        const std::vector<Result<nats::PubAck>>& results
    );
    void OnOthersOutcome(const BatchPtr& batch, std::size_t chain, const Status& outcome);
    void Settle(Batch& batch, const Chain& chain, const Result<nats::PubAck>& result);
    static void Count(Batch& batch, const Status& status, bool duplicate);
    void EndChain(Batch& batch);

    nats::Publisher& publisher_;
    IngestLog& log_;
    LogHistory& history_;
    EventWindow& window_;
    PartitionGate gate_;
    obs::Counter& stored_;
    obs::Counter& duplicates_;
    obs::Counter& raw_stored_;
};

}  // namespace unibox::ingest
