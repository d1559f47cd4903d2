// The working state of one Decide (decide.hpp): the batch's state as the events so far have made
// it. Private to decide.cpp and decide_changes.cpp. Thread safety: one thread at a time.
#pragma once

#include "message-writer/batch.hpp"
#include "message-writer/feed_events.hpp"

#include <cstddef>
#include <map>
#include <unordered_map>
#include <unordered_set>
#include <vector>

namespace unibox::writer {

// A conversation or message as the batch has made it so far.
template <typename Write>
struct Working {
    Write write;
    bool changed = false;
};

class Decider {
public:
    explicit Decider(domain::BatchState state)
        : state_(std::move(state)), feed_(state_.feed_epoch, state_.now_ms) {
        for (const auto& [key, row] : state_.contacts) {
            if (!row.moved) contacts_by_id_.emplace(ConversationContact{key.tenant, row.id}, &key);
        }
    }

    // Whether what the event changes was read: its message's contents, what waits for it.
    bool HasStateFor(const domain::BatchEvent& item) const;
    void Apply(const domain::BatchEvent& item);
    // The detached leaf that may hold what the event is about, or where it belongs; null if there
    // is none. Such an event waits: without the leaf it would be lost, or written twice.
    const domain::DetachedLeaf* AwaitedLeaf(const domain::BatchEvent& item) const;
    // What the effects so far take, about: the feed's events and parked events, serialised.
    std::size_t effects_bytes() const { return feed_.bytes() + parked_bytes_; }
    // `event_count` events were applied.
    domain::Effects Finish(std::size_t event_count) &&;

private:
    struct ConversationKeyHash {
        std::size_t operator()(const domain::ConversationKey& key) const noexcept {
            return std::hash<ConversationId>()(key.conversation) ^
                   std::hash<TenantId>()(key.tenant);
        }
    };
    using ConversationContact = std::pair<TenantId, ContactId>;
    struct ContactHash {
        std::size_t operator()(const ConversationContact& key) const noexcept {
            return std::hash<ContactId>()(key.second) ^ std::hash<TenantId>()(key.first);
        }
    };
    using MessageKey = std::pair<TenantId, domain::MessagePosition>;
    using WorkingConversation = Working<domain::ConversationWrite>;
    using WorkingMessage = Working<domain::MessageWrite>;

    bool StateWasRead(const event::v1::InboundEvent& event) const;
    const domain::DetachedLeaf* LeafOfMessage(
        const event::v1::InboundEvent& event, const EventIds& ids
    ) const;
    const domain::DetachedLeaf* LeafOfTarget(const EventIds& ids) const;
    const domain::DetachedLeaf* LeafOfConversation(const domain::ConversationKey& key) const;
    const domain::DetachedLeaf* LeafOfLatest(const domain::ThreadKey& thread) const;
    const domain::DetachedLeaf* LeafOfRefs(std::int64_t days) const;
    void OnMessage(const Cause& cause);
    void OnChange(const Cause& cause);
    void OnReceipt(const Cause& cause);
    void OnWatermark(const Cause& cause);
    void OnControl(const Cause& cause);

    bool WasSeen(const domain::EventRef& own);
    void Remember(
        const domain::EventRef& own, const std::optional<domain::MessagePosition>& position
    );
    const domain::MessagePosition* FindTarget(const Cause& cause) const;

    const domain::ContactRow& UpdateContact(const Cause& cause);
    domain::ThreadRow& ThreadOf(const domain::ThreadKey& key);
    WorkingConversation& ConversationFor(const Cause& cause, domain::ThreadRow* thread);
    WorkingConversation& BeginConversation(const Cause& cause, domain::ThreadRow* thread);
    WorkingConversation* FindConversation(const domain::ConversationKey& key);
    WorkingMessage* FindMessage(const MessageKey& key);

    WorkingMessage& AppendMessage(
        const Cause& cause,
        const domain::ThreadRow& thread,
        const domain::ContactRow& author,
        WorkingConversation* conversation
    );
    void CountMessage(const domain::MessageWrite& message, WorkingConversation* conversation);
    std::vector<domain::ParkedRow> TakeParked(const domain::EventRef& own);
    void ApplyParked(
        const Cause& message, const domain::EventRef& own, const domain::MessagePosition& position
    );
    void Park(const Cause& cause);
    void ApplyToMessage(const Cause& cause, const domain::MessagePosition& position);
    void MessageChanged(
        const Cause& cause, WorkingConversation* conversation, WorkingMessage* message
    );
    ConversationView ViewOf(const WorkingConversation& conversation) const;

    domain::BatchState state_;
    domain::Effects effects_;
    FeedEvents feed_;
    // Node-based, so that references stay valid while others are added.
    std::unordered_map<domain::ConversationKey, WorkingConversation, ConversationKeyHash>
        conversations_;
    std::map<MessageKey, WorkingMessage> messages_;
    std::unordered_map<ConversationContact, const domain::ContactKey*, ContactHash> contacts_by_id_;
    std::unordered_set<const domain::ContactRow*> changed_contacts_;
    std::unordered_set<const domain::ThreadRow*> changed_threads_;
    std::map<domain::EventRef, std::vector<domain::ParkedRow>> parked_now_;
    std::size_t parked_bytes_ = 0;
};

}  // namespace unibox::writer
