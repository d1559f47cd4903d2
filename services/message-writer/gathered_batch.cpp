#include "message-writer/gathered_batch.hpp"

#include "domain/inbound_event.hpp"

#include <algorithm>
#include <iterator>

namespace unibox::writer {

void AddToBatch(
    domain::ShardId shard,
    std::uint64_t sequence,
    LogMark mark,
    std::string payload,
    GatheredBatch* batch
) {
    auto& event = std::get<event::v1::InboundEvent>(
        batch->events.emplace_back(domain::BatchItem{shard, event::v1::InboundEvent()}).input
    );
    const Status readable = domain::ReadInboundEvent(payload, &event);
    batch->sequences.push_back(static_cast<std::int64_t>(sequence));
    batch->payloads.push_back(std::move(payload));
    batch->faults.push_back(readable.ok() ? std::string() : readable.ToString());
    batch->marks.push_back(std::move(mark));
}

void Append(GatheredBatch&& part, GatheredBatch* batch) {
    std::move(part.events.begin(), part.events.end(), std::back_inserter(batch->events));
    std::move(part.sequences.begin(), part.sequences.end(), std::back_inserter(batch->sequences));
    std::move(part.payloads.begin(), part.payloads.end(), std::back_inserter(batch->payloads));
    std::move(part.faults.begin(), part.faults.end(), std::back_inserter(batch->faults));
    std::move(part.marks.begin(), part.marks.end(), std::back_inserter(batch->marks));
}

}  // namespace unibox::writer
