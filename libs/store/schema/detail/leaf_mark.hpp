// The expression that tells whether leaves were attached or detached in between: a hash over those
// that statements see, in any order; some ten microseconds. What a transaction reads lies between
// two of them. Private to store. Thread safety: pure functions.
#pragma once

#include "base/status.hpp"
#include "pg/rows.hpp"
#include "store/schema/periods.hpp"

#include <cstdint>

#define UNIBOX_LEAF_MARK                                                                     \
    "(SELECT coalesce(bit_xor(hashoidextended(i.inhrelid, 1)), 0) FROM pg_inherits i WHERE " \
    "i.inhparent IN ('messages'::regclass, 'conversations'::regclass, 'ext_ref'::regclass) " \
    "AND NOT i.inhdetachpending)"

namespace unibox::store::detail {

inline Status CheckLeafMark(const pg::Rows& rows, int column, std::int64_t expected) {
    if (rows[0].Int64(column) == expected) return {};
    return Status(Code::kAborted, "time partitions were attached or detached since the survey")
        .WithReason(kLeavesChanged);
}

}  // namespace unibox::store::detail
