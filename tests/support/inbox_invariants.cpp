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
    std::int64_t heard = 0;  // of these, not of those who were blocked
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
        if (inbound && !row.from_blocked) ++recount.heard;
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
    // One at least can be made unread by an agent.
    if (counters.unread_count > std::max<std::int64_t>(recount.heard, 1)) return "unread_count";
    if (recount.heard == 0 && row.waiting_since) return "nobody waits";
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

// What was told of a contact that remains is what there is, each version once.
std::string WrongContactFeed(
    const MemoryInbox& inbox, TenantId tenant, const domain::ContactRow& row
) {
    std::int64_t version = 0, audited = 0;
    const v1::Contact* last = nullptr;
    for (const auto* event : inbox.FeedOf(ConversationId{})) {
        const v1::Contact& told = event->has_contacts_merged() ? event->contacts_merged().contact()
                                                               : event->contact_updated().contact();
        if (event->tenant_id() != tenant.value || told.id() != row.id.ToString()) continue;
        if (told.version() != ++version) return "versions of a contact";
        last = &told;
    }
    for (const auto& write : inbox.audit) {
        if (write.tenant == tenant && write.contact == row.id) ++audited;
    }
    if (audited != version) return "audit and feed of a contact";
    if (row.merged_into) return version + 1 == row.version ? "" : "the version of a merged contact";
    if (version != row.version) return "the feed of a contact is not complete";
    if (last == nullptr) return "";
    const bool same = last->blocked() == row.blocked_at.has_value() && last->phone() == row.phone &&
                      last->email() == row.email &&
                      last->attributes().size() == row.attributes.size();
    return same ? "" : "the feed's last state of a contact";
}

std::string WrongContacts(const MemoryInbox& inbox) {
    std::map<std::pair<TenantId, ContactId>, std::int32_t> identities;
    for (const auto& [key, row] : inbox.contacts) {
        ++identities[{key.tenant, row.merged_into.value_or(row.id)}];
    }
    for (const auto& [key, row] : inbox.contacts) {
        if (std::string wrong = WrongContactFeed(inbox, key.tenant, row); !wrong.empty()) {
            return row.id.ToString() + ": " + wrong;
        }
        if (!row.merged_into) {
            if (row.identity_count != identities[{key.tenant, row.id}]) return "identity_count";
            continue;
        }
        if (row.blocked_at) return "a merged contact is blocked by itself";
        // Directly into one that remains: the count would miss it otherwise.
        if (inbox.ContactOf(key.tenant, row.id).id != *row.merged_into) return "merged twice";
    }
    return "";
}

// Whatever a consumer was told of a conversation's contact, with what was told of merges, it is the
// one that remains.
std::string WrongPeople(const MemoryInbox& inbox) {
    std::map<std::string, std::string> merged_into;
    for (const auto* event : inbox.FeedOf(ConversationId{})) {
        if (!event->has_contacts_merged()) continue;
        const auto& body = event->contacts_merged();
        for (auto& [merged, survivor] : merged_into) {
            if (survivor == body.merged_contact_id()) survivor = body.contact().id();
        }
        merged_into[body.merged_contact_id()] = body.contact().id();
    }
    for (const auto& [key, row] : inbox.conversations) {
        FeedConsumer consumer;
        for (const auto* event : inbox.FeedOf(key.conversation)) (void)consumer.Take(*event);
        std::string shown = consumer.conversation().contact().id();
        if (const auto at = merged_into.find(shown); at != merged_into.end()) shown = at->second;
        if (shown != inbox.ContactOf(key.tenant, row.contact).id.ToString()) {
            return "the contact of a conversation";
        }
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

std::optional<AgentId> AgentOf(const v1::Actor& author) {
    if (author.kind() != v1::ACTOR_KIND_AGENT) return std::nullopt;
    return AgentId{Uuid::Parse(author.id()).value()};
}

// What is counted as it goes must be what a look at every conversation finds.
std::string WrongTallies(const MemoryInbox& inbox) {
    domain::Tallies recount;
    for (const auto& [key, row] : inbox.conversations) {
        const auto& counters = inbox.counters.at(key);
        if (counters.closed_at != domain::kInfinity) continue;
        domain::Tally& tally =
            recount[{key.tenant, row.channel, row.status, row.assignee, row.team}];
        ++tally.conversations;
        tally.unread += counters.unread_count > 0 ? 1 : 0;
        tally.unread_messages += counters.unread_count;
        tally.waiting += row.waiting_since ? 1 : 0;
    }
    return recount == inbox.tallies ? "" : "tallies";
}

// Of what stays to be seen: messages and conversations. A conversation may have been closed, and a
// customer answered, more often than it shows.
std::string WrongVolumes(const MemoryInbox& inbox) {
    domain::Volumes recount;
    for (const auto& [key, row] : inbox.conversations) {
        ++recount[{key.tenant, domain::HourOf(row.created_at), row.channel, std::nullopt}].begun;
    }
    for (const auto& [key, row] : inbox.messages) {
        if (row.direction == v1::DIRECTION_INTERNAL) continue;
        const std::int64_t hour = domain::HourOf(key.second.created_at);
        domain::Volume& volume = recount[{key.first, hour, row.channel, AgentOf(row.author)}];
        if (row.direction == v1::DIRECTION_INBOUND) {
            ++volume.inbound;
        } else if (row.author.kind() == v1::ACTOR_KIND_UNSPECIFIED) {
            ++volume.other_outbound;
        } else {
            ++(AgentOf(row.author) ? volume.agent_outbound : volume.bot_outbound);
        }
    }
    for (const auto& [key, stored] : inbox.volumes) {
        domain::Volume& volume = recount[key];
        for (const auto field :
             {&domain::Volume::responses,
              &domain::Volume::response_ms,
              &domain::Volume::first_responses,
              &domain::Volume::first_response_ms,
              &domain::Volume::closed,
              &domain::Volume::resolution_ms}) {
            volume.*field = stored.*field;
        }
        if (stored.first_responses > stored.responses) return "more first answers than answers";
    }
    return recount == inbox.volumes ? "" : "volumes";
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
    for (std::string wrong :
         {WrongSnoozes(inbox),
          WrongContacts(inbox),
          WrongPeople(inbox),
          WrongTallies(inbox),
          WrongVolumes(inbox)}) {
        if (!wrong.empty()) return wrong;
    }
    return WrongThreads(inbox);
}

}  // namespace unibox::test
