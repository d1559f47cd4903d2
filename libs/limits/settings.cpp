#include "limits/settings.hpp"

#include "config/field_table.hpp"

namespace unibox::limits {

void Settings::Describe(config::FieldTable& table) {
    table.Section("limits", "Rates, which all processes count together in Redis.")
        .Add(
            "redis_timeout_ms",
            &redis_timeout_ms,
            "How long a call waits for Redis; then this process counts it alone.",
            config::InRange(1, 1'000)
        )
        .Add(
            "retry_interval_ms",
            &retry_interval_ms,
            "While Redis fails or is late, it is asked so often; what comes in between does not "
            "wait for it.",
            config::InRange(1, 60'000)
        );
}

}  // namespace unibox::limits
