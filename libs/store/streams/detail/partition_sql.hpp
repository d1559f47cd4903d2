// What statements about ingest_partition have in common. Private to store.
// Thread safety: pure functions.
#pragma once

#include "base/log_mark.hpp"
#include "pg/rows.hpp"

#include <optional>
#include <string>

// A lease that was given after this was given before PostgreSQL's clock went back, and is void,
// whenever it ends. Smaller steps are waited for.
#define UNIBOX_FUTURE "clock_timestamp() + interval '15 s' "

// What identifies the message at last_seq, NULL if that is not known; ToMark reads the columns.
#define UNIBOX_MARK_COLUMNS \
    "CASE WHEN p.marked_seq = p.last_seq THEN p.marked_msg_id END, p.marked_stored_at"

namespace unibox::store::detail {

// From two columns: the Nats-Msg-Id, NULL if nothing is known, and the stored time.
inline std::optional<LogMark> ToMark(const pg::Row& row, int first) {
    if (row.IsNull(first)) return std::nullopt;
    return LogMark{std::string(row.Text(first)), row.Timestamp(first + 1).unix_ms};
}

}  // namespace unibox::store::detail
