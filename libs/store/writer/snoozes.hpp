// Conversations that open by themselves, when it is time (snoozes). Role ub_writer. Written and
// removed by the writer's transaction (batch_tx.hpp); here they are found.
// Errors: those of libs/pg. Thread safety: any thread.
#pragma once

#include "base/clock.hpp"
#include "base/status.hpp"
#include "domain/inbox_keys.hpp"
#include "pg/pool.hpp"

#include <cstdint>
#include <vector>

namespace unibox::store {

struct DueSnooze {
    domain::ConversationKey conversation;
    std::int64_t snooze_time = 0;  // Unix milliseconds, UTC
};

// At most `count_max` of those whose time has come (by the database's clock) and that nobody has
// claimed, the longest due first; they are the caller's for `claim`. Rows that another transaction
// holds are passed over.
Result<std::vector<DueSnooze>> ClaimDueSnoozes(
    pg::Pool& pool, std::int32_t count_max, Millis claim
);

}  // namespace unibox::store
