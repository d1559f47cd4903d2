// Settings of the replicas that a service reads from.
// Thread safety: a value.
#pragma once

#include "base/secret.hpp"

#include <cstdint>
#include <string>
#include <vector>

namespace unibox::config {
class FieldTable;
}

namespace unibox::pg {

struct ReadSettings {
    std::vector<std::string> urls;          // Without passwords; empty: the primary alone.
    Secret urls_file;                       // The same, one a line, in place of `urls`.
    std::int64_t connection_count_max = 8;  // To each of them.
    std::int64_t lag_ms_max = 1'000;
    std::int64_t probe_interval_ms = 200;
    // A read at a replica, then it is repeated at the primary.
    std::int64_t timeout_ms = 2'000;

    // Those of the file if there is one, else `urls`.
    std::vector<std::string> Urls() const;

    // Fields read_… of section "postgres".
    void Describe(config::FieldTable& table);
};

}  // namespace unibox::pg
