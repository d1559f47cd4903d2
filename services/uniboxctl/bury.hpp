// uniboxctl partitions resume --bury: a stopped partition goes on over a range of events that
// message-writer cannot read. Thread safety: one thread.
#pragma once

#include "store/streams/partition_states.hpp"
#include "uniboxctl/context.hpp"

#include <cstdint>
#include <string>

namespace unibox::ctl {

struct BuryOptions {
    std::int64_t to_seq = -1;  // -1: up to the stream's end as it is now
    std::string reason;
    bool dry_run = false;
};

// Reads the range, says how many events of it will be written and how many will become dead
// letters, and resumes the partition unless it is a dry run. INVALID_ARGUMENT: somebody or a reason
// is missing, or the stream does not hold the range. FAILED_PRECONDITION: something else than
// unreadable events must be seen to first, or there are none.
Status ResumeBurying(
    Context& context, const store::PartitionState& state, const BuryOptions& options
);

}  // namespace unibox::ctl
