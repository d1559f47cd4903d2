// Which events wait for a leaf that is detached.
#include "domain/inbound_event.hpp"
#include "message-writer/decider.hpp"

#include <algorithm>

namespace unibox::writer {

using domain::DetachedLeaf;
using domain::EventRef;
using event::v1::InboundEvent;

namespace {

const DetachedLeaf* Find(const std::vector<DetachedLeaf>& leaves, std::int64_t unix_ms) {
    const auto at = std::find_if(leaves.begin(), leaves.end(), [&](const DetachedLeaf& leaf) {
        return leaf.Holds(unix_ms);
    });
    return at == leaves.end() ? nullptr : &*at;
}

}  // namespace

const DetachedLeaf* Decider::AwaitedLeaf(const domain::BatchEvent& item) const {
    if (state_.detached.empty() || !domain::Validate(item.event).ok()) return nullptr;
    const InboundEvent& event = item.event;
    const EventIds ids = EventIdsOf(event);
    if (event.has_receipt()) {
        if (event.receipt().watermark_ms() == 0) return LeafOfTarget(ids);
        return LeafOfLatest({ids.tenant, ids.channel, event.thread_key()});
    }
    if (event.has_typing()) return nullptr;
    // Each of the others is remembered under its own key.
    if (state_.refs.contains({ids.tenant, ids.channel, ids.key})) return nullptr;
    if (const DetachedLeaf* leaf = LeafOfRefs(domain::kDedupDays)) return leaf;
    if (event.has_control()) return nullptr;
    return event.has_message() ? LeafOfMessage(event, ids) : LeafOfTarget(ids);
}

// The leaf of the message itself, and those of the conversation that it may go on with or begin.
const DetachedLeaf* Decider::LeafOfMessage(const InboundEvent& event, const EventIds& ids) const {
    if (const auto* leaf = Find(state_.detached.messages, CreatedAtOf(event))) return leaf;
    if (const auto* leaf = Find(state_.detached.conversations, domain::kInfinity)) return leaf;
    return LeafOfLatest({ids.tenant, ids.channel, event.thread_key()});
}

// Of a message that nobody knows, any leaf of ext_ref may tell.
const DetachedLeaf* Decider::LeafOfTarget(const EventIds& ids) const {
    const auto ref = state_.refs.find({ids.tenant, ids.channel, ids.target});
    if (ref == state_.refs.end()) return LeafOfRefs(domain::kTargetDays);
    if (!ref->second) return nullptr;
    const MessageKey key{ids.tenant, *ref->second};
    if (!messages_.contains(key) && !state_.messages.contains(key)) {
        if (const auto* leaf = Find(state_.detached.messages, key.second.created_at)) return leaf;
    }
    return LeafOfConversation({ids.tenant, key.second.conversation});
}

const DetachedLeaf* Decider::LeafOfLatest(const domain::ThreadKey& thread) const {
    const auto at = state_.threads.find(thread);
    if (at == state_.threads.end() || !at->second.conversation) return nullptr;
    return LeafOfConversation({thread.tenant, *at->second.conversation});
}

const DetachedLeaf* Decider::LeafOfConversation(const domain::ConversationKey& key) const {
    if (conversations_.contains(key) || state_.conversations.contains(key)) return nullptr;
    const auto counters = state_.counters.find(key);
    if (counters == state_.counters.end()) return nullptr;
    return Find(state_.detached.conversations, counters->second.closed_at);
}

// A leaf in which a key may lie that was seen within so many days, or where it would be written.
const DetachedLeaf* Decider::LeafOfRefs(std::int64_t days) const {
    constexpr std::int64_t kDayMs = 24LL * 3600 * 1000;
    const std::int64_t oldest_ms = state_.now_ms - days * kDayMs;
    for (const DetachedLeaf& leaf : state_.detached.ext_refs) {
        if (leaf.past_ms > oldest_ms && leaf.first_ms <= state_.now_ms) return &leaf;
    }
    return nullptr;
}

}  // namespace unibox::writer
