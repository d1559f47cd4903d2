#include "support/inbox_invariants.hpp"

#include "decide/text.hpp"

#include <set>
#include <sstream>

namespace unibox::test {
namespace {

struct Recount {
    std::int64_t last_seq = 0;
    std::int64_t inbound = 0;
    std::int64_t outbound = 0;
    std::optional<std::int64_t> first_at, last_at, last_customer_at, last_agent_at;
    const domain::MessageRow* last = nullptr;
    bool seq_has_gap = false;
};

void Raise(std::optional<std::int64_t>* greatest, std::int64_t value) {
    *greatest = std::max(greatest->value_or(value), value);
}

Recount RecountOf(const MemoryInbox& inbox, const domain::ConversationKey& key) {
    Recount recount;
    for (const auto& [position, row] : inbox.messages) {
        if (position.first != key.tenant || position.second.conversation != key.conversation)
            continue;
        recount.seq_has_gap |= position.second.seq != recount.last_seq + 1;
        recount.last_seq = position.second.seq;
        recount.last = &row;
        const std::int64_t at = position.second.created_at;
        recount.first_at = std::min(recount.first_at.value_or(at), at);
        Raise(&recount.last_at, at);
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
    if (recount.last == nullptr) return "a conversation without messages";
    if (recount.seq_has_gap || recount.last_seq != counters.last_seq) return "seq has a gap";
    if (recount.inbound != counters.inbound_count) return "inbound_count";
    if (recount.outbound != counters.outbound_count) return "outbound_count";
    if (recount.inbound != counters.unread_count) return "unread_count";
    if (recount.first_at != counters.first_message_at) return "first_message_at";
    if (recount.last_at != counters.last_message_at) return "last_message_at";
    if (recount.last_customer_at != row.last_customer_at) return "last_customer_at";
    if (recount.last_agent_at != row.last_agent_at) return "last_agent_at";
    if (recount.last_at != row.last_activity_at) return "last_activity_at";
    if (row.preview != decide::PreviewOf(*recount.last)) return "preview";
    if (row.preview_direction != recount.last->direction) return "preview_direction";
    return "";
}

// What a consumer knows of one conversation after the events of the feed so far.
struct Consumer {
    std::int64_t version = 0;
    std::map<std::int64_t, v1::Message> messages;  // by seq

    std::string Take(const event::v1::FeedEvent& event);

private:
    std::string TakeMessage(const v1::Message& message, bool created);
    void Take(const event::v1::MessagesDelivered& receipt);
};

const v1::Conversation& ConversationOf(const event::v1::FeedEvent& event) {
    if (event.has_message_created()) return event.message_created().conversation();
    if (event.has_message_updated()) return event.message_updated().conversation();
    if (event.has_message_reacted()) return event.message_reacted().conversation();
    if (event.has_message_delivered()) return event.message_delivered().conversation();
    return event.messages_delivered().conversation();
}

std::string Consumer::TakeMessage(const v1::Message& message, bool created) {
    if (message.version() != version) return "a version";
    if (messages.contains(message.seq()) == created) return "created twice or changed unseen";
    messages[message.seq()] = message;
    return "";
}

void Consumer::Take(const event::v1::MessagesDelivered& receipt) {
    const std::int64_t until_ms =
        receipt.until_time().seconds() * 1000 + receipt.until_time().nanos() / 1'000'000;
    for (auto& [seq, message] : messages) {
        const std::int64_t at =
            message.create_time().seconds() * 1000 + message.create_time().nanos() / 1'000'000;
        const bool covered = seq <= receipt.up_to_seq() && at <= until_ms &&
                             message.direction() == v1::DIRECTION_OUTBOUND &&
                             message.delivery_state() < receipt.delivery_state();
        if (!covered) continue;
        message.set_delivery_state(receipt.delivery_state());
        message.clear_delivery_error();
    }
}

std::string Consumer::Take(const event::v1::FeedEvent& event) {
    if (event.version() != ++version) return "versions have a gap or are out of order";
    if (event.has_conversation_updated()) return "";  // closed by the test
    if (ConversationOf(event).version() != version) return "a version";
    if (event.has_message_created()) return TakeMessage(event.message_created().message(), true);
    if (event.has_message_updated()) return TakeMessage(event.message_updated().message(), false);
    if (event.has_messages_delivered()) {
        Take(event.messages_delivered());
        return "";
    }
    const bool reacted = event.has_message_reacted();
    const std::int64_t seq =
        reacted ? event.message_reacted().seq() : event.message_delivered().seq();
    if (!messages.contains(seq)) return "changed unseen";
    v1::Message& message = messages[seq];
    message.set_version(version);
    if (!reacted) {
        message.set_delivery_state(event.message_delivered().delivery_state());
        message.set_delivery_error(event.message_delivered().delivery_error());
        return "";
    }
    const auto& change = event.message_reacted();
    std::vector<v1::Reaction> all(message.reactions().begin(), message.reactions().end());
    std::erase_if(all, [&](const auto& r) { return r.contact_key() == change.contact_key(); });
    all.insert(all.end(), change.reactions().begin(), change.reactions().end());
    message.mutable_reactions()->Assign(all.begin(), all.end());
    return "";
}

std::set<std::string> TextsOf(const auto& reactions) {
    std::set<std::string> texts;
    for (const v1::Reaction& reaction : reactions) texts.insert(reaction.ShortDebugString());
    return texts;
}

// The state that a consumer has after the whole feed must be the state of the database.
std::string WrongFeed(const MemoryInbox& inbox, const domain::ConversationKey& key) {
    Consumer consumer;
    std::set<std::string> event_ids;
    for (const auto* event : inbox.FeedOf(key.conversation)) {
        const bool closing = event->has_conversation_updated();
        if (!closing && !event_ids.insert(event->event_id()).second) return "an event id twice";
        if (const std::string wrong = consumer.Take(*event); !wrong.empty()) return wrong;
    }
    if (consumer.version != inbox.counters.at(key).version) return "the feed is not complete";
    for (const auto& [position, stored] : inbox.messages) {
        if (position.first != key.tenant || position.second.conversation != key.conversation)
            continue;
        const domain::MessageRow row = inbox.AsShown(position);
        const auto& seen = consumer.messages[position.second.seq];
        const bool same = seen.text() == row.body && seen.version() == row.version &&
                          seen.delivery_state() == row.delivery_state &&
                          seen.delivery_error() == row.delivery_error &&
                          TextsOf(seen.reactions()) == TextsOf(row.reactions) &&
                          seen.attachments_size() == static_cast<int>(row.attachments.size()) &&
                          seen.has_delete_time() == row.deleted_at.has_value();
        if (!same) return "the feed's last state of a message";
    }
    return "";
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

}  // namespace

std::string WhatIsWrong(const MemoryInbox& inbox) {
    for (const auto& [key, row] : inbox.conversations) {
        for (const std::string& wrong : {WrongCounters(inbox, key), WrongFeed(inbox, key)}) {
            if (!wrong.empty()) return key.conversation.ToString() + ": " + wrong;
        }
    }
    for (const auto& [position, row] : inbox.messages) {
        if (row.direction == v1::DIRECTION_INBOUND && row.delivery_state != 0)
            return "inbound receipt";
        if (row.deleted_at &&
            !(row.body.empty() && row.reactions.empty() && row.attachments.empty())) {
            return "a deleted message has content";
        }
    }
    return WrongThreads(inbox);
}

}  // namespace unibox::test
