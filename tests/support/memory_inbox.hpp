// The database as message-writer sees it, in maps: answers plans and applies effects as the SQL of
// libs/store does, and throws std::logic_error where the real tables would refuse.
// Thread safety: one thread at a time.
#pragma once

#include "decide/decide.hpp"
#include "decide/plan.hpp"
#include "domain/batch_effects.hpp"
#include "domain/batch_plan.hpp"
#include "domain/batch_state.hpp"
#include "domain/inbox_keys.hpp"

#include <span>
#include <string>
#include <vector>

namespace unibox::test {

using MessageKey = std::pair<TenantId, domain::MessagePosition>;

struct Published {
    domain::ShardId shard;
    event::v1::OutboxEntry entry;
    event::v1::FeedEvent event;  // the entry's payload
};

class MemoryInbox {
public:
    // One transaction: Plan, read, Decide, write. Returns what was decided.
    domain::Effects Commit(const std::vector<event::v1::InboundEvent>& events);
    // As the API will do it: closes the open conversation of the thread, if there is one.
    void Close(const domain::ThreadKey& thread, std::int64_t closed_at);

    domain::BatchState Read(const domain::BatchPlan& plan);
    void Write(const domain::Effects& effects);

    // Everything but the feed, as text: equal texts are equal databases.
    std::string Dump() const;
    // The feed events of one conversation in commit order, or (nil id) those of none.
    std::vector<const event::v1::FeedEvent*> FeedOf(const ConversationId& conversation) const;
    // The serialised entries of each shard in commit order.
    std::map<domain::ShardId, std::vector<std::string>> FeedByShard() const;
    const domain::ConversationRow& conversation(const ConversationId& id) const;
    // The latest conversation of the thread; fails if there is none.
    ConversationId Latest(
        std::int64_t tenant, const ChannelId& channel, const std::string& thread_key
    ) const;
    // By provider id; fails if there is none or more than one.
    const domain::MessageRow& MessageByProviderId(const std::string& provider_id) const;
    // The row with the delivery state that its conversation's marks give it, as readers see it.
    domain::MessageRow AsShown(const MessageKey& key) const;
    v1::DeliveryState StateOf(const std::string& provider_id) const;

    std::map<domain::ContactKey, domain::ContactRow> contacts;
    std::map<domain::ThreadKey, domain::ThreadRow> threads;
    std::map<domain::ConversationKey, domain::CounterRow> counters;
    std::map<domain::ConversationKey, domain::ConversationRow> conversations;
    std::map<domain::EventRef, std::optional<domain::MessagePosition>> refs;
    std::map<MessageKey, domain::MessageRow> messages;
    std::map<domain::EventRef, std::map<EventKey, domain::ParkedRow>> parked;
    std::map<std::pair<TenantId, ChannelId>, std::int64_t> reopen_window_ms;
    std::vector<Published> outbox;  // in commit order
    std::int64_t now_ms = 1785412800000;

private:
    void Publish(domain::ShardId shard, event::v1::OutboxEntry entry);
    void ReadThreads(const domain::BatchPlan& plan, domain::BatchState* state);
    void ReadTargets(const domain::BatchPlan& plan, domain::BatchState* state);
    void ReadContact(TenantId tenant, const ContactId& id, domain::BatchState* state);
    void ReadConversation(const domain::ConversationKey& key, domain::BatchState* state);
    void WriteConversations(const domain::Effects& effects);
    void WriteMessages(const domain::Effects& effects);
    domain::MessageRow Merged(const domain::MessageWrite& write) const;
    void WriteRefs(const domain::Effects& effects);
    void CheckOneOpenConversation(const domain::ConversationWrite& write) const;
};

// The shard of an event, as the partition of its thread would be.
domain::ShardId ShardOf(const event::v1::InboundEvent& event);
std::vector<domain::BatchItem> ToBatch(const std::vector<event::v1::InboundEvent>& events);

}  // namespace unibox::test
