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
#include "unibox/event/v1/send_job.pb.h"

#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

namespace unibox::test {

using MessageKey = std::pair<TenantId, domain::MessagePosition>;

struct Published {
    domain::ShardId shard;
    event::v1::OutboxEntry entry;
    event::v1::FeedEvent event;  // the entry's payload
};

// A row of the outbox that is for customers.
struct QueuedJob {
    domain::ShardId shard;
    domain::OutboxTarget target{};
    event::v1::OutboxEntry entry;
    event::v1::SendJob job;  // the entry's payload
};

class MemoryInbox {
public:
    // One transaction: Plan, read, Decide, write. Returns what was decided.
    domain::Effects Commit(const std::vector<event::v1::InboundEvent>& events);
    domain::Effects CommitAll(const std::vector<domain::BatchItem>& batch);
    // One command in a transaction of its own, and its answer.
    domain::CommandAnswer Do(const writer::v1::Command& command);
    // As a program does it at this time: closes the open conversation of the thread, if there is
    // one.
    void Close(const domain::ThreadKey& thread, std::int64_t closed_at);

    domain::BatchState Read(const domain::BatchPlan& plan);
    void Write(const domain::Effects& effects);

    // Everything but the feed, as text: equal texts are equal databases.
    std::string Dump() const;
    // The feed events of one conversation in commit order, or (nil id) those of none.
    std::vector<const event::v1::FeedEvent*> FeedOf(const ConversationId& conversation) const;
    // The serialised entries of each shard in commit order.
    std::map<domain::ShardId, std::vector<std::string>> FeedByShard() const;
    // The contact with this id; of one that was merged the one that remains.
    const domain::ContactRow& ContactOf(TenantId tenant, const ContactId& id) const;
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
    std::map<std::pair<TenantId, ChannelId>, domain::ChannelRow> channels;
    std::map<std::pair<TenantId, AgentId>, domain::AgentRow> agents;
    std::map<std::pair<TenantId, TeamId>, bool> teams;
    std::map<domain::RequestKey, domain::KeptRequest> request_keys;
    std::vector<domain::AuditWrite> audit;  // in commit order
    std::set<std::pair<domain::ConversationKey, std::int64_t>> snoozes;
    domain::Tallies tallies;  // none of them all zeros
    domain::Volumes volumes;
    std::vector<Published> outbox;  // of the feed, in commit order
    std::vector<QueuedJob> jobs;    // in commit order
    std::int64_t now_ms = 1785412800000;
    decide::DecideLimits limits;

private:
    void Publish(domain::ShardId shard, event::v1::OutboxEntry entry);
    void Queue(const domain::OutboxWrite& write);
    void ReadCommands(const domain::BatchPlan& plan, domain::BatchState* state);
    void ReadNamedMessages(const domain::BatchPlan& plan, domain::BatchState* state);
    void WriteCommands(const domain::Effects& effects);
    void WriteCounts(const domain::Effects& effects);
    void ReadThreads(const domain::BatchPlan& plan, domain::BatchState* state);
    void ReadTargets(const domain::BatchPlan& plan, domain::BatchState* state);
    void ReadContact(TenantId tenant, const ContactId& id, domain::BatchState* state);
    void ReadNamedContacts(const domain::BatchPlan& plan, domain::BatchState* state);
    void ReadSurvivors(domain::BatchState* state);
    void ReadConversation(const domain::ConversationKey& key, domain::BatchState* state);
    void WriteConversations(const domain::Effects& effects);
    void WriteConversation(const domain::ConversationWrite& write);
    void WriteMessages(const domain::Effects& effects);
    domain::MessageRow Merged(const domain::MessageWrite& write) const;
    void WriteRefs(const domain::Effects& effects);
    void CheckOneOpenConversation(const domain::ConversationWrite& write) const;
};

// The shard of an event, as the partition of its thread would be; that of commands.
domain::ShardId ShardOf(const event::v1::InboundEvent& event);
inline constexpr domain::ShardId kCommandShard = domain::ShardId::OfSlot(0);
std::vector<domain::BatchItem> ToBatch(const std::vector<event::v1::InboundEvent>& events);

}  // namespace unibox::test
