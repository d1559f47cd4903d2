#include "message-writer/relays.hpp"

#include "base/assert.hpp"

#include <algorithm>

namespace unibox::writer {

Result<std::unique_ptr<Relays>> Relays::Create(
    nats::Connection& connection,
    std::span<const OutboxStream> streams,
    const RelaySettings& settings,
    obs::Metrics& metrics,
    const Clock& clock,
    FeedGate* feed_gate
) {
    std::unique_ptr<Relays> relays(new Relays());
    for (const OutboxStream& to : streams) {
        FeedGate* const gate = to.target == domain::OutboxTarget::kFeed ? feed_gate : nullptr;
        // What may go to another history of the feed is decided by the gate, never by a resend.
        const nats::PublisherSettings sending{.resend = gate == nullptr};
        UNIBOX_ASSIGN_OR_RETURN(
            auto publisher, nats::Publisher::Create(connection, sending, metrics)
        );
        auto relay = std::make_unique<Relay>(*publisher, to, settings, metrics, clock, gate);
        relays->all_.push_back({to, std::move(publisher), std::move(relay)});
    }
    return relays;
}

const Relays::ToStream* Relays::Find(domain::OutboxTarget target) const {
    const auto at = std::find_if(all_.begin(), all_.end(), [&](const ToStream& one) {
        return one.to.target == target;
    });
    return at != all_.end() ? &*at : nullptr;
}

Relay& Relays::Of(domain::OutboxTarget target) const {
    const ToStream* one = Find(target);
    UNIBOX_ASSERT(one != nullptr);
    return *one->relay;
}

std::vector<store::OutboxId> Relays::TakeAcknowledged(domain::ShardId shard) {
    std::vector<store::OutboxId> rows;
    for (const ToStream& one : all_) {
        const std::vector<store::OutboxId> taken = one.relay->TakeAcknowledged(shard);
        rows.insert(rows.end(), taken.begin(), taken.end());
    }
    return rows;
}

void Relays::Forget(domain::ShardId shard) {
    for (const ToStream& one : all_) one.relay->Forget(shard);
}

void Relays::Resume() {
    for (const ToStream& one : all_) one.relay->Resume();
}

}  // namespace unibox::writer
