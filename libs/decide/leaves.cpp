// Which detached leaf a change may need.
#include "decide/command.hpp"
#include "decide/inbound.hpp"
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

const DetachedLeaf* FindBetween(
    const std::vector<DetachedLeaf>& leaves, std::int64_t first_ms, std::int64_t last_ms
) {
    const auto at = std::find_if(leaves.begin(), leaves.end(), [&](const DetachedLeaf& leaf) {
        return leaf.first_ms <= last_ms && first_ms < leaf.past_ms;
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

// The counters tell in which time its messages were written.
const DetachedLeaf* WorkingState::LeafOfMessage(const domain::MessageRef& ref) const {
    const auto position = FindPosition(ref);
    if (position) {
        const MessageKey key{ref.conversation.tenant, *position};
        if (messages_.contains(key) || state_.messages.contains(key)) return nullptr;
        return Find(state_.detached.messages, position->created_at);
    }
    const auto counters = state_.counters.find(ref.conversation);
    if (counters == state_.counters.end() || ref.seq > counters->second.last_seq) return nullptr;
    return FindBetween(
        state_.detached.messages,
        counters->second.first_message_at.value_or(domain::kMinusInfinity),
        counters->second.last_message_at.value_or(domain::kInfinity)
    );
}

// Whatever the time of a message that is written now may be: see command.hpp and sending.hpp.
const DetachedLeaf* WorkingState::LeafOfMessagesNow() const {
    return FindBetween(
        state_.detached.messages,
        state_.now_ms - kCallBackdatedMsMax,
        state_.now_ms + kPostdatedMsMax + 1
    );
}

const DetachedLeaf* WorkingState::LeafOfClosedAt(std::int64_t closed_at) const {
    return Find(state_.detached.conversations, closed_at);
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
