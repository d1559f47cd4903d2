// Which detached leaf a change may need.
#include "decide/working_state.hpp"

#include <algorithm>

namespace unibox::decide {

using domain::DetachedLeaf;

namespace {

const DetachedLeaf* Find(const std::vector<DetachedLeaf>& leaves, std::int64_t unix_ms) {
    const auto at = std::find_if(leaves.begin(), leaves.end(), [&](const DetachedLeaf& leaf) {
        return leaf.Holds(unix_ms);
    });
    return at == leaves.end() ? nullptr : &*at;
}

}  // namespace

const DetachedLeaf* WorkingState::LeafOfNewMessage(
    const domain::ThreadKey& thread, std::int64_t created_at
) const {
    if (const auto* leaf = Find(state_.detached.messages, created_at)) return leaf;
    if (const auto* leaf = Find(state_.detached.conversations, domain::kInfinity)) return leaf;
    return LeafOfLatest(thread);
}

// Of a message that nobody knows, any leaf of ext_ref may tell.
const DetachedLeaf* WorkingState::LeafOfTarget(const domain::EventRef& target) const {
    if (!IsKnown(target)) return LeafOfRefs(domain::kTargetDays);
    const auto position = FindPosition(target);
    if (!position) return nullptr;
    const MessageKey key{target.tenant, *position};
    if (!messages_.contains(key) && !state_.messages.contains(key)) {
        if (const auto* leaf = Find(state_.detached.messages, position->created_at)) return leaf;
    }
    return LeafOfConversation({target.tenant, position->conversation});
}

const DetachedLeaf* WorkingState::LeafOfLatest(const domain::ThreadKey& thread) const {
    const auto at = state_.threads.find(thread);
    if (at == state_.threads.end() || !at->second.conversation) return nullptr;
    return LeafOfConversation({thread.tenant, *at->second.conversation});
}

const DetachedLeaf* WorkingState::LeafOfConversation(const domain::ConversationKey& key) const {
    if (conversations_.contains(key) || state_.conversations.contains(key)) return nullptr;
    const auto counters = state_.counters.find(key);
    if (counters == state_.counters.end()) return nullptr;
    return Find(state_.detached.conversations, counters->second.closed_at);
}

const DetachedLeaf* WorkingState::LeafOfRefs(std::int64_t days) const {
    constexpr std::int64_t kDayMs = 24LL * 3600 * 1000;
    const std::int64_t oldest_ms = state_.now_ms - days * kDayMs;
    for (const DetachedLeaf& leaf : state_.detached.ext_refs) {
        if (leaf.past_ms > oldest_ms && leaf.first_ms <= state_.now_ms) return &leaf;
    }
    return nullptr;
}

}  // namespace unibox::decide
