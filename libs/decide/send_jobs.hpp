// What goes to customers: makes the jobs of a batch, one outbox batch a shard and stream, entries
// in the order of the calls. Private to this library. Thread safety: one thread at a time.
#pragma once

#include "decide/cause.hpp"
#include "domain/batch_effects.hpp"
#include "domain/outbox_target.hpp"

#include <cstddef>
#include <map>
#include <utility>
#include <vector>

namespace unibox::decide {

class SendJobs {
public:
    // The message must be a new one of this conversation.
    void Add(
        const Cause& cause,
        domain::OutboxTarget target,
        const domain::ConversationRow& conversation,
        const domain::MessageWrite& message
    );

    // Of all jobs so far, serialised.
    std::size_t bytes() const { return bytes_; }
    // Adds them behind what is there.
    void Take(std::vector<domain::OutboxWrite>* writes) &&;

private:
    std::size_t bytes_ = 0;
    std::map<std::pair<domain::ShardId, domain::OutboxTarget>, event::v1::OutboxBatch> batches_;
};

}  // namespace unibox::decide
