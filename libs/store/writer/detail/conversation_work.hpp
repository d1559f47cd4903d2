// What people and programs made of a conversation, as it is stored. Private to store.
// Thread safety: pure functions.
#pragma once

#include "domain/batch_state.hpp"
#include "domain/conversation_columns.hpp"
#include "store/writer/batch_tx.hpp"
#include "store/writer/detail/batch_arrays.hpp"

#include <map>

namespace unibox::store::detail {

inline ConversationWork WorkOf(const domain::ConversationRow& row) {
    return {
        .priority = static_cast<std::int16_t>(row.priority),
        .assignee = row.assignee,
        .team = row.team,
        .muted = row.muted,
        .labels = TextArrayLiteral(row.labels),
        .attributes = domain::EncodeAttributes(row.attributes)};
}

// Of those that anybody worked on.
inline std::map<domain::ConversationKey, ConversationWork> WorkOf(
    const std::map<domain::ConversationKey, domain::ConversationRow>& conversations
) {
    std::map<domain::ConversationKey, ConversationWork> works;
    for (const auto& [key, row] : conversations) {
        ConversationWork work = WorkOf(row);
        if (work != ConversationWork()) works.emplace(key, std::move(work));
    }
    return works;
}

}  // namespace unibox::store::detail
