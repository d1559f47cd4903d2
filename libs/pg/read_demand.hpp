// What a server must be for a read, asked in the read's own round trip and before its snapshot.
// Thread safety: values.
#pragma once

#include "pg/lsn.hpp"

#include <string_view>

namespace unibox::pg {

struct ReadDemand {
    // A server in recovery must have replayed this.
    Lsn replayed;
    // Whether it must be in recovery. If not, a primary will do whatever it has written.
    bool replica = false;
};

// Reasons of UNAVAILABLE when the server is not so.
inline constexpr std::string_view kNotReplayed = "NOT_REPLAYED";
inline constexpr std::string_view kNotReplica = "NOT_REPLICA";

}  // namespace unibox::pg
