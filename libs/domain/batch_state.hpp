// What the store has read, under locks, of the keys of a BatchPlan: all that Decide (libs/decide)
// may know. Thread safety: values.
#pragma once

#include "base/ids.hpp"
#include "domain/inbox_keys.hpp"
#include "unibox/event/v1/inbound.pb.h"
#include "unibox/v1/agent.pb.h"
#include "unibox/v1/message.pb.h"
#include "unibox/writer/v1/command.pb.h"

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

namespace unibox::domain {

struct ContactRow {
    ContactId id;
    std::string display_name;
    std::vector<std::string> aliases;
    std::int64_t created_at = 0;
    std::int64_t updated_at = 0;
    // Found by an id under which it goes on: the state has it under its own key too.
    bool moved = false;
    // The contact that it is, if it was merged: the state has that one too. The one that remains
    // was never merged itself, but may be before the batch ends: WorkingState::SurvivorOf.
    std::optional<ContactId> merged_into;
    std::optional<std::int64_t> blocked_at;
    bool name_given = false;   // the tenant's: no provider changes it
    std::int64_t version = 0;  // counts what commands changed

    // Of contacts that commands are about (BatchPlan::contact_ids); of others not read.
    std::int32_t identity_count = 1;       // its own id, and those merged into it
    std::vector<ChannelId> more_channels;  // of those
    std::string phone;
    std::string email;
    std::map<std::string, std::string> attributes;
};
struct ThreadRow {
    ContactId contact;
    std::optional<ConversationId> conversation;  // the latest
    std::int64_t delivered_until = kMinusInfinity;
    std::int64_t read_until = kMinusInfinity;
};
struct CounterRow {
    std::int64_t last_seq = 0;
    std::int64_t version = 0;
    std::int32_t unread_count = 0;
    std::int64_t inbound_count = 0;
    std::int64_t outbound_count = 0;
    std::int64_t closed_at = kInfinity;
    // How many messages the conversation got in the minute (Unix time) of the last one.
    std::int32_t rate_minute = 0;
    std::int32_t rate_count = 0;
    std::optional<std::int64_t> first_message_at;
    std::optional<std::int64_t> last_message_at;
    // The conversation's marks: each outbound message created up to then is at least DELIVERED, at
    // least READ, whatever its own row says.
    std::int64_t delivered_until = kMinusInfinity;
    std::int64_t read_until = kMinusInfinity;
    auto operator<=>(const CounterRow&) const = default;
};
struct ConversationRow {
    ChannelId channel;
    std::string thread_key;
    ContactId contact;
    v1::Provider provider{};
    v1::ConversationStatus status{};
    std::string preview;
    v1::Direction preview_direction{};
    std::int64_t preview_seq = 0;  // whose preview it is; 0: the last message's
    std::int64_t last_activity_at = 0;
    std::optional<std::int64_t> last_customer_at;
    std::optional<std::int64_t> last_agent_at;
    std::int64_t created_at = 0;
    v1::Priority priority{};
    std::optional<AgentId> assignee;
    std::optional<TeamId> team;
    std::vector<std::string> labels;                // sorted
    std::map<std::string, std::string> attributes;  // the tenant's own
    std::optional<std::int64_t> snooze_time;        // snoozed: when it opens by itself
    bool muted = false;
    std::optional<std::int64_t> waiting_since;    // of the oldest message that nobody answered
    std::optional<std::int64_t> can_reply_until;  // absent: the provider has no window
};
struct MessagePosition {  // where a message lies: its key, partition bound included
    ConversationId conversation;
    std::int64_t seq = 0;
    std::int64_t created_at = 0;
    auto operator<=>(const MessagePosition&) const = default;
};
// The contents are payload, attachments and reactions. The text of a stored message is never read:
// what changes it brings the whole new one.
struct MessageRow {
    MessageId id;
    ChannelId channel;
    v1::Direction direction{};
    v1::MessageKind kind{};
    std::optional<ContactId> contact;
    std::string body;
    std::string payload;
    std::vector<v1::Attachment> attachments;
    std::vector<v1::Reaction> reactions;
    v1::MessageContext context;            // empty if there is none
    v1::MessageTemplate message_template;  // of a TEMPLATE; empty else
    bool over_rate = false;                // more a minute than is believable
    bool from_blocked = false;             // its author was blocked when it came
    v1::Actor author;                      // of what was written through Unibox; empty else
    // Reactions that were taken back, with the time of it: an older one that comes late must not
    // stand again. No emoji = all of the contact's.
    std::vector<v1::Reaction> removed_reactions;
    std::string reply_to;
    std::string provider_id;
    std::string client_ref;
    v1::DeliveryState delivery_state{};
    std::string delivery_error;
    std::optional<std::int64_t> provider_time;
    std::int64_t received_at = 0;
    std::optional<std::int64_t> edited_at;
    std::int64_t edit_revision = 0;
    std::optional<std::int64_t> deleted_at;
    std::int64_t version = 0;
    bool has_contents = true;  // false: stored, and its contents were not read
};
struct ParkedRow {
    EventKey event_key;
    event::v1::InboundEvent event;
};
// How much waits for one message.
struct ParkedLoad {
    std::int64_t count = 0;
    std::int64_t bytes = 0;
};
// A time partition that holds its rows beside its table, where no statement sees them: what is not
// found in its period is neither gone nor new.
struct DetachedLeaf {
    std::string name;           // messages_2026_11
    std::int64_t first_ms = 0;  // kInfinity: that of the open conversations
    std::int64_t past_ms = 0;
    bool Holds(std::int64_t unix_ms) const {
        return first_ms <= unix_ms && (unix_ms < past_ms || first_ms == kInfinity);
    }
};
struct DetachedLeaves {
    std::vector<DetachedLeaf> messages;
    std::vector<DetachedLeaf> conversations;
    std::vector<DetachedLeaf> ext_refs;
    bool empty() const { return messages.empty() && conversations.empty() && ext_refs.empty(); }
    std::vector<std::string> Names() const {
        std::vector<std::string> names;
        for (const auto* leaves : {&messages, &conversations, &ext_refs}) {
            for (const DetachedLeaf& leaf : *leaves) names.push_back(leaf.name);
        }
        return names;
    }
};

// What of a channel decides.
struct ChannelRow {
    std::int64_t reopen_window_ms = 0;
    // How long after a customer's message free text may be sent; absent: always.
    std::optional<std::int64_t> reply_window_ms;
    bool replies_after_window = false;  // The tenant wants it tried all the same.
    bool disabled = false;
};
struct AgentRow {
    std::string name;
    v1::AgentRole role{};
    bool disabled = false;
    std::set<ChannelId> channels;  // that it belongs to; matters for the role AGENT alone
};
// The first answer of a call that comes again.
struct KeptRequest {
    std::string digest;
    writer::v1::KeptAnswer answer;
};

// All that Decide may know. Every contact, thread and channel of the plan is present (the first
// pipeline creates missing contacts and threads); refs, messages and parked events only where the
// database has them.
struct BatchState {
    // Those of the plan, and the contact of every thread and of every conversation read; with
    // each that was merged the one that remains.
    std::map<ContactKey, ContactRow> contacts;
    std::map<ThreadKey, ThreadRow> threads;
    // Of the threads' latest conversations and of the conversations of messages found by
    // target_refs.
    std::map<ConversationKey, CounterRow> counters;
    // The same ones; absent if the row is gone (archived): then a message begins a new
    // conversation. Or if it lies in a detached leaf.
    std::map<ConversationKey, ConversationRow> conversations;
    // ext_ref rows of the batch's event keys and target keys; the position is absent for events
    // that are no message.
    std::map<EventRef, std::optional<MessagePosition>> refs;
    // Messages that the batch's edits, deletes, reactions and receipts are about.
    std::map<std::pair<TenantId, MessagePosition>, MessageRow> messages;
    // Parked events by the key of the message they wait for (target keys of the batch's messages).
    std::map<EventRef, std::vector<ParkedRow>> parked;
    // Of the plan's parked_targets those whose parked events were beyond the limit and are not in
    // `parked`. Never the first one that has any.
    std::set<EventRef> parked_unread;
    // Of the plan's target_refs: what waits for them already.
    std::map<EventRef, ParkedLoad> parked_loads;
    std::map<std::pair<TenantId, ChannelId>, ChannelRow> channels;
    // Of the plan, where the database has them. Messages of `message_refs` are in `messages`.
    std::map<MessageRef, MessagePosition> message_refs;
    std::map<std::pair<TenantId, AgentId>, AgentRow> agents;
    std::map<std::pair<TenantId, TeamId>, bool> teams;  // whether it is disabled
    std::map<RequestKey, KeptRequest> kept_requests;
    std::int64_t now_ms = 0;  // the database's clock at BEGIN
    std::string feed_epoch;   // 16 bytes
    // Those that kept something out of this state.
    DetachedLeaves detached;
};

}  // namespace unibox::domain
