// File descriptors: as many as the process may have, and settings that fit into them.
// Thread safety: every function from any thread; RaiseFileLimit at the start.
#pragma once

#include "base/status.hpp"

#include <cstdint>
#include <string>
#include <vector>

namespace unibox::runtime {

// What every process needs beside its uses: log, timers, streams, the admin port's connections.
constexpr std::int64_t kFileReserve = 256;

// Descriptors that a setting lets the process hold.
struct FileUse {
    std::string field;  // "http.connection_count_max"
    std::int64_t count = 0;
};

// Raises the soft limit (ulimit -Sn, 1,024 by default) to the hard one; gives the limit in force.
std::int64_t RaiseFileLimit();
// INVALID_ARGUMENT, with all fields and numbers, if the uses and kFileReserve are more than
// `limit`.
Status CheckFileLimit(const std::vector<FileUse>& uses, std::int64_t limit);

}  // namespace unibox::runtime
