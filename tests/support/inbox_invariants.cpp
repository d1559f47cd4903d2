#include "support/inbox_invariants.hpp"

#include "decide/text.hpp"
#include "support/feed_consumer.hpp"

#include <set>
#include <sstream>

namespace unibox::test {
namespace {

struct Recount {
    std::int64_t last_seq = 0;
    std::int64_t inbound = 0;
    std::int64_t outbound = 0;
    std::optional<std::int64_t> first_at, last_at, last_activity_at, last_customer_at,
        last_agent_at;
    std::int64_t shown_seq = 0;
    const domain::MessageRow* shown = nullptr;  // the last one that does not stay inside
    bool seq_has_gap = false;
};

void Raise(std::optional<std::int64_t>* greatest, std::int64_t value) {
    *greatest = std::max(greatest->value_or(value), value);
}

bool IsOf(const MessageKey& message, const domain::ConversationKey& key) {
    return message.first == key.tenant && message.second.conversation == key.conversation;
}

Recount RecountOf(const MemoryInbox& inbox, const domain::ConversationKey& key) {
    Recount recount;
    for (const auto& [position, row] : inbox.messages) {
        if (!IsOf(position, key)) continue;
        recount.seq_has_gap |= position.second.seq != recount.last_seq + 1;
        recount.last_seq = position.second.seq;
        const std::int64_t at = position.second.created_at;
        recount.first_at = std::min(recount.first_at.value_or(at), at);
        Raise(&recount.last_at, at);
        if (row.kind != v1::MESSAGE_KIND_ACTIVITY) Raise(&recount.last_activity_at, at);
        if (row.direction == v1::DIRECTION_INTERNAL) continue;
        recount.shown_seq = position.second.seq;
        recount.shown = &row;
        const bool inbound = row.direction == v1::DIRECTION_INBOUND;
        ++(inbound ? recount.inbound : recount.outbound);
        Raise(inbound ? &recount.last_customer_at : &recount.last_agent_at, at);
    }
    return recount;
}

std::string WrongCounters(const MemoryInbox& inbox, const domain::ConversationKey& key) {
    const Recount recount = RecountOf(inbox, key);
    const auto& counters = inbox.counters.at(key);
    const auto& row = inbox.conversations.at(key);
    if (recount.shown == nullptr) return "a conversation without messages";
    if (recount.seq_has_gap || recount.last_seq != counters.last_seq) return "seq has a gap";
    if (recount.inbound != counters.inbound_count) return "inbound_count";
    if (recount.outbound != counters.outbound_count) return "outbound_count";
    if (recount.first_at != counters.first_message_at) return "first_message_at";
    if (recount.last_at != counters.last_message_at) return "last_message_at";
    if (recount.last_customer_at != row.last_customer_at) return "last_customer_at";
    if (recount.last_agent_at != row.last_agent_at) return "last_agent_at";
    if (recount.last_activity_at != row.last_activity_at) return "last_activity_at";
    if (row.preview_seq != recount.shown_seq) return "preview_seq";
    if (row.preview != decide::PreviewOf(*recount.shown)) return "preview";
    if (row.preview_direction != recount.shown->direction) return "preview_direction";
    return "";
}

std::set<std::string> TextsOf(const auto& reactions) {
    std::set<std::string> texts;
    for (const v1::Reaction& reaction : reactions) texts.insert(reaction.ShortDebugString());
    return texts;
}

bool IsSame(const v1::Message& seen, const domain::MessageRow& row) {
    return seen.text() == row.body && seen.version() == row.version &&
           seen.delivery_state() == row.delivery_state &&
           seen.delivery_error() == row.delivery_error &&
           TextsOf(seen.reactions()) == TextsOf(row.reactions) &&
           seen.attachments_size() == static_cast<int>(row.attachments.size()) &&
           seen.template_().name() == row.message_template.name() &&
           seen.author().id() == row.author.id() &&
           seen.has_delete_time() == row.deleted_at.has_value();
}

// Each command that did something left one row, and one event or (with a note) two.
std::string WrongAudit(
    const MemoryInbox& inbox, const domain::ConversationKey& key, int acted_count
) {
    int audit_count = 0;
    for (const auto& write : inbox.audit) {
        const bool same = write.tenant == key.tenant && write.conversation == key.conversation;
        audit_count += same ? 1 : 0;
    }
    if (audit_count > acted_count || acted_count > 2 * audit_count) return "audit and feed";
    return "";
}

// The state that a consumer has after the whole feed must be the state of the database.
std::string WrongFeed(const MemoryInbox& inbox, const domain::ConversationKey& key) {
    FeedConsumer consumer;
    std::set<std::string> event_ids;
    for (const auto* event : inbox.FeedOf(key.conversation)) {
        if (!event_ids.insert(event->event_id()).second) return "an event id twice";
        if (const std::string wrong = consumer.Take(*event); !wrong.empty()) return wrong;
    }
    if (consumer.version() != inbox.counters.at(key).version) return "the feed is not complete";
    if (consumer.conversation().unread_count() != inbox.counters.at(key).unread_count)
        return "the feed's last unread_count";
    for (const auto& [position, stored] : inbox.messages) {
        if (!IsOf(position, key)) continue;
        const auto seen = consumer.messages().find(position.second.seq);
        if (seen == consumer.messages().end()) return "a message without an event";
        if (!IsSame(seen->second, inbox.AsShown(position)))
            return "the feed's last state of a message";
    }
    return WrongAudit(inbox, key, consumer.acted_count());
}

// What agents and programs send has exactly one job, in the order of the messages.
std::string WrongJobs(const MemoryInbox& inbox, const domain::ConversationKey& key) {
    std::vector<std::int64_t> queued, written;
    for (const QueuedJob& queue : inbox.jobs) {
        if (queue.job.conversation_id() != key.conversation.value.ToBytes()) continue;
        if (queue.entry.ordering_key() != key.conversation.ToString()) return "a job's order";
        queued.push_back(queue.job.seq());
    }
    for (const auto& [position, row] : inbox.messages) {
        if (!IsOf(position, key) || row.direction != v1::DIRECTION_OUTBOUND) continue;
        if (row.author.kind() != v1::ACTOR_KIND_UNSPECIFIED) written.push_back(position.second.seq);
    }
    return queued == written ? "" : "jobs and messages";
}

std::string WrongThreads(const MemoryInbox& inbox) {
    std::map<domain::ThreadKey, int> open_count;
    for (const auto& [key, row] : inbox.conversations) {
        const domain::ThreadKey thread{key.tenant, row.channel, row.thread_key};
        if (inbox.counters.at(key).closed_at != domain::kInfinity) continue;
        if (++open_count[thread] > 1) return "two open conversations in a thread";
        if (inbox.threads.at(thread).conversation != key.conversation)
            return "not the latest is open";
    }
    return "";
}

std::string WrongSnoozes(const MemoryInbox& inbox) {
    std::set<std::pair<domain::ConversationKey, std::int64_t>> sleeping;
    for (const auto& [key, row] : inbox.conversations) {
        if (row.snooze_time) sleeping.emplace(key, *row.snooze_time);
    }
    return sleeping == inbox.snoozes ? "" : "snoozes";
}

}  // namespace

std::string WhatIsWrong(const MemoryInbox& inbox) {
    for (const auto& [key, row] : inbox.conversations) {
        for (const std::string& wrong :
             {WrongCounters(inbox, key), WrongFeed(inbox, key), WrongJobs(inbox, key)}) {
            if (!wrong.empty()) return key.conversation.ToString() + ": " + wrong;
        }
    }
    for (const auto& [position, row] : inbox.messages) {
        if (row.direction != v1::DIRECTION_OUTBOUND && row.delivery_state != 0)
            return "a receipt of what was not sent";
        if (row.deleted_at &&
            !(row.body.empty() && row.reactions.empty() && row.attachments.empty())) {
            return "a deleted message has content";
        }
    }
    if (std::string wrong = WrongSnoozes(inbox); !wrong.empty()) return wrong;
    return WrongThreads(inbox);
}

}  // namespace unibox::test
