// When limits are counted without Redis. What the limits are, the services say.
// Thread safety: a value.
#pragma once

#include <cstddef>
#include <cstdint>

namespace unibox::config {
class FieldTable;
}

namespace unibox::limits {

struct Settings {
    std::int64_t redis_timeout_ms = 5;      // A call waits so long for Redis, then counts here.
    std::int64_t retry_interval_ms = 100;   // While Redis fails, it is asked so often.
    std::size_t local_count_max = 100'000;  // Limits that are counted here; the oldest goes.

    // The two times, in section "limits".
    void Describe(config::FieldTable& table);
};

}  // namespace unibox::limits
