// The state of a batch as its inputs so far have made it, and their effects. The rules of each
// subject (messages, changes, receipts, control, …) look things up and change them here.
// Private to this library. Thread safety: one thread at a time.
#pragma once

#include "decide/decide.hpp"
#include "decide/feed_events.hpp"
#include "decide/send_jobs.hpp"
#include "decide/tallying.hpp"
#include "domain/batch_effects.hpp"
#include "domain/batch_state.hpp"
#include "domain/inbox_keys.hpp"

#include <cstddef>
#include <map>
#include <optional>
#include <set>
#include <unordered_map>
#include <unordered_set>
#include <vector>

namespace unibox::decide {

// A conversation or message as the batch has made it so far.
template <typename Write>
struct Working {
    Write write;
    bool changed = false;
};
struct WorkingConversation : Working<domain::ConversationWrite> {
    std::optional<Tallied> tallied_before;  // as it was stored
};
using WorkingMessage = Working<domain::MessageWrite>;
using MessageKey = std::pair<TenantId, domain::MessagePosition>;

class WorkingState {
public:
    WorkingState(domain::BatchState state, const DecideLimits& limits);

    // Each input before it is taken, by its place in the batch.
    void BeginInput(std::size_t index) { input_ = index; }

    domain::Effects& effects() { return effects_; }
    FeedEvents& feed() { return feed_; }
    SendJobs& send_jobs() { return send_jobs_; }
    const DecideLimits& limits() const { return limits_; }
    std::int64_t now_ms() const { return state_.now_ms; }  // the database's clock
    // What the effects so far take, about: the feed's events, parked events, jobs and answers,
    // serialised.
    std::size_t effects_bytes() const {
        return feed_.bytes() + send_jobs_.bytes() + parked_bytes_ + answer_bytes_;
    }
    // `input_count` inputs were taken.
    domain::Effects Finish(std::size_t input_count) &&;

    // Keys that were seen, and where the messages lie that they lead to.
    bool IsKnown(const domain::EventRef& own) const { return state_.refs.contains(own); }
    // The same; a known one is counted as a duplicate.
    bool WasSeen(const domain::EventRef& own);
    void Remember(
        const domain::EventRef& own, const std::optional<domain::MessagePosition>& position
    );
    std::optional<domain::MessagePosition> FindPosition(const domain::EventRef& target) const;

    // What the plan named is there. References stay valid until Finish.
    domain::ContactRow& ContactOf(const domain::ContactKey& key);  // under whatever key it goes on
    domain::ThreadRow& ThreadOf(const domain::ThreadKey& key);
    // By its id; null if it is not there. Without its row the key stays valid too.
    const domain::ContactKey* FindContact(TenantId tenant, const ContactId& id) const;
    // The contact that it is: itself, or the one that remained of those that were merged.
    const domain::ContactRow& SurvivorOf(TenantId tenant, const domain::ContactRow& contact) const;
    // Whether the contact that goes by this key is blocked.
    bool IsBlocked(const domain::ContactKey& key) const;
    // Those that were merged into it, of what the plan named.
    std::vector<domain::ContactRow*> MergedInto(TenantId tenant, const ContactId& id);
    void MarkChanged(const domain::ContactRow& contact) { changed_contacts_.insert(&contact); }
    void MarkCommanded(const domain::ContactRow& contact) { commanded_contacts_.insert(&contact); }
    void MarkChanged(const domain::ThreadRow& thread) { changed_threads_.insert(&thread); }
    // Of one that the database does not know (any more): one that nothing is sent by.
    const domain::ChannelRow& ChannelOf(TenantId tenant, const ChannelId& channel) const;
    // Null if it is not there (any more).
    WorkingConversation* FindConversation(const domain::ConversationKey& key);
    WorkingMessage* FindMessage(const MessageKey& key);
    // Of a message by its seq, also one of this batch.
    std::optional<domain::MessagePosition> FindPosition(const domain::MessageRef& ref) const;
    // Null if it is not there.
    const domain::ThreadRow* FindThread(const domain::ThreadKey& key) const;
    const domain::AgentRow* FindAgent(TenantId tenant, const AgentId& agent) const;
    // Whether it is disabled; nothing if it is not there.
    std::optional<bool> FindTeam(TenantId tenant, const TeamId& team) const;
    WorkingConversation& AddConversation(domain::ConversationWrite write);
    WorkingMessage& AddMessage(domain::MessageWrite write);
    ConversationView ViewOf(const WorkingConversation& conversation) const;

    // Keeps an event until its message comes; counted instead where too many wait for it.
    void Park(const domain::EventRef& target, domain::ParkedRow parked);
    // What waits for this message, each event once: the first one that was parked under its key.
    std::vector<domain::ParkedRow> TakeParked(const domain::EventRef& own);

    // The answer of the input that was begun.
    void Answer(domain::CommandAnswer answer);
    // What is kept of a call; null if it is the first one. Keeping makes it found.
    const domain::KeptRequest* FindKept(const domain::RequestKey& key) const;
    void Keep(const domain::RequestKey& key, domain::KeptRequest kept);
    // A wake-up came for this time: its row goes, unless the conversation still sleeps until then.
    void ForgetSnooze(const domain::ConversationKey& key, std::int64_t snooze_time) {
        woken_.emplace(key, snooze_time);
    }

    // Whether the limits of one read left out what waits for a message, or the contents of one.
    bool ParkedWereRead(const domain::EventRef& own) const;
    bool ContentsWereRead(const domain::EventRef& target) const;
    bool ContentsWereRead(const domain::MessageRef& ref) const;

    // Detached leaves that may hold something, or null: whatever the target is and belongs to; a
    // thread's latest conversation; a key that was seen within so many days, or where it would be
    // written; a new message of the thread and the conversation that it goes on with or begins.
    bool AnyLeafIsDetached() const { return !state_.detached.empty(); }
    const domain::DetachedLeaf* LeafOfTarget(const domain::EventRef& target) const;
    const domain::DetachedLeaf* LeafOfLatest(const domain::ThreadKey& thread) const;
    const domain::DetachedLeaf* LeafOfRefs(std::int64_t days) const;
    const domain::DetachedLeaf* LeafOfNewMessage(
        const domain::ThreadKey& thread, std::int64_t created_at
    ) const;
    // Of commands: the conversation; a message of it by seq; a message that is written now; where
    // conversations lie that are closed at this time (kInfinity: those that are open).
    const domain::DetachedLeaf* LeafOfConversation(const domain::ConversationKey& key) const;
    const domain::DetachedLeaf* LeafOfMessage(const domain::MessageRef& ref) const;
    const domain::DetachedLeaf* LeafOfMessagesNow() const;
    const domain::DetachedLeaf* LeafOfClosedAt(std::int64_t closed_at) const;

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

    bool ContentsWereRead(const MessageKey& key) const;
    void AddSnoozes();

    domain::BatchState state_;
    DecideLimits limits_;
    domain::Effects effects_;
    FeedEvents feed_;
    SendJobs send_jobs_;
    std::size_t input_ = 0;
    std::size_t answer_bytes_ = 0;
    // Node-based, so that references stay valid while others are added.
    std::unordered_map<domain::ConversationKey, WorkingConversation, ConversationKeyHash>
        conversations_;
    std::map<MessageKey, WorkingMessage> messages_;
    std::unordered_map<ConversationContact, const domain::ContactKey*, ContactHash> contacts_by_id_;
    std::unordered_set<const domain::ContactRow*> changed_contacts_;
    std::unordered_set<const domain::ContactRow*> commanded_contacts_;
    std::unordered_set<const domain::ThreadRow*> changed_threads_;
    std::map<domain::EventRef, std::vector<domain::ParkedRow>> parked_now_;
    std::size_t parked_bytes_ = 0;
    // As they were stored, of the conversations that this batch looked at.
    std::map<domain::ConversationKey, std::int64_t> stored_snoozes_;
    std::set<std::pair<domain::ConversationKey, std::int64_t>> woken_;
};

}  // namespace unibox::decide
