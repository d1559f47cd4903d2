#include "decide/parked.hpp"

#include "decide/changes.hpp"
#include "decide/inbound.hpp"
#include "decide/inbound_rules.hpp"
#include "decide/message_changes.hpp"

#include <algorithm>

namespace unibox::decide {
namespace {

// What waited for one message is applied at once, so of its edits only those are applied whose
// outcome can be seen: the last one, and the last one that brings attachments; beside a delete
// nothing but receipts. Each would carry the whole message into the feed. Returns how many were
// left out.
std::int64_t LeaveOutSuperseded(std::vector<domain::ParkedRow>* waiting) {
    bool deleted = false;
    std::optional<EventKey> last, last_with_attachments;
    domain::MessageRow probe;
    for (const domain::ParkedRow& row : *waiting) {
        deleted = deleted || row.event.has_delete_();
        if (!row.event.has_edit() || !ApplyChange(row.event, &probe)) continue;
        last = row.event_key;
        if (!row.event.edit().attachments().empty()) last_with_attachments = row.event_key;
    }
    const auto count = std::erase_if(*waiting, [&](const domain::ParkedRow& row) {
        if (row.event.has_reaction()) return deleted;
        if (!row.event.has_edit()) return false;
        return deleted || (row.event_key != last && row.event_key != last_with_attachments);
    });
    return static_cast<std::int64_t>(count);
}

}  // namespace

void ApplyParked(
    const Cause& message,
    const domain::EventRef& own,
    const domain::MessagePosition& position,
    WorkingState* state
) {
    std::vector<domain::ParkedRow> waiting = state->TakeParked(own);
    const auto order = [](const domain::ParkedRow& row) {
        return std::tuple(CreatedAtOf(row.event), row.event.receive_time_ms(), row.event_key);
    };
    std::sort(waiting.begin(), waiting.end(), [&](const auto& a, const auto& b) {
        return order(a) < order(b);
    });
    state->effects().ignored_count += LeaveOutSuperseded(&waiting);
    for (const auto& row : waiting) {
        ApplyToMessage(CauseOf(message.shard, row.event), row.event, position, state);
    }
}

}  // namespace unibox::decide
