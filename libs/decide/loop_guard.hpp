// How many messages a conversation gets in a minute: what two robots that answer each other are
// known by. Minutes are those of receipt. One that was received before the minute that is counted
// (from a log that waited) belongs to none any more: it is not counted, and never too many.
// Thread safety: pure functions.
#pragma once

#include "domain/batch_state.hpp"

#include <cstdint>

namespace unibox::decide {

struct MinuteCount {
    bool over = false;        // beyond the limit
    bool first_over = false;  // the first one of its minute
};
// One more message.
MinuteCount CountInMinute(
    std::int64_t received_at, std::int32_t count_max, domain::CounterRow* counters
);
// Whether another one would be beyond the limit.
bool IsMinuteFull(
    std::int64_t received_at, std::int32_t count_max, const domain::CounterRow& counters
);

}  // namespace unibox::decide
