// What message-writer reads, decides and writes for one batch of inputs: the types between
// the SQL of libs/store and the pure function Decide (libs/decide).
//
// A transaction: Plan says which keys the batch concerns, the store reads their state under locks,
// Decide makes effects of both, the store writes them. All times are Unix milliseconds, UTC.
// Thread safety: values.
#pragma once

#include "base/ids.hpp"
#include "domain/outbox_target.hpp"
#include "domain/shard.hpp"
#include "unibox/event/v1/feed.pb.h"
#include "unibox/event/v1/inbound.pb.h"

#include <cstddef>
#include <cstdint>
#include <limits>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <tuple>
#include <variant>
#include <vector>

namespace unibox::domain {

constexpr std::int64_t kInfinity = std::numeric_limits<std::int64_t>::max();
constexpr std::int64_t kMinusInfinity = std::numeric_limits<std::int64_t>::min();

// How far back a repeated event is recognised, and how far back the message is found that an event
// is about: by when their keys were seen first.
constexpr std::int64_t kDedupDays = 14;
constexpr std::int64_t kTargetDays = 56;

struct ThreadKey {
    TenantId tenant;
    ChannelId channel;
    std::string thread_key;
    auto operator<=>(const ThreadKey&) const = default;
};
struct ContactKey {
    TenantId tenant;
    ChannelId channel;
    std::string contact_key;
    auto operator<=>(const ContactKey&) const = default;
};
struct ConversationKey {
    TenantId tenant;
    ConversationId conversation;
    auto operator<=>(const ConversationKey&) const = default;
};
struct EventRef {
    TenantId tenant;
    ChannelId channel;
    EventKey key;
    auto operator<=>(const EventRef&) const = default;
};

// What can be decided. Another kind is another alternative, with its rules in libs/decide.
using Input = std::variant<event::v1::InboundEvent>;
// One input of the batch; those of a shard are in the shard's order.
struct BatchItem {
    ShardId shard;
    Input input;
};

// ---------------------------------------------------------------- what the first pipeline is told

// Inserted if the key is not there yet; an existing row stays as it is.
struct NewContact {
    ContactId id;
    std::string display_name;
    std::vector<std::string> aliases;
    std::int64_t created_at = 0;  // also updated_at
};
struct NewThread {
    std::string contact_key;  // of the same tenant and channel; always among the plan's contacts
    std::int64_t created_at = 0;
};
// That a contact goes on under another id.
struct ContactMove {
    std::string from_key;  // of the same tenant and channel; always among the plan's contacts
    std::int64_t moved_at = 0;
};
// Which keys a batch concerns. All containers iterate in key order, which is the order of locks.
struct BatchPlan {
    // Contacts and threads of messages and watermarks: insert what is missing, lock the threads,
    // read both.
    std::map<ContactKey, NewContact> contacts;
    std::map<ThreadKey, NewThread> threads;
    // By the new ids; known before the contacts are looked up. One that is a contact of its own
    // stays one.
    std::map<ContactKey, ContactMove> moves;
    // Own keys of messages, edits, deletes, reactions, control: look up in ext_ref (14 days) into
    // BatchState::refs. No message is loaded for these alone.
    std::set<EventRef> event_refs;
    // Keys of the messages that edits, deletes, reactions and receipts are about: look up in
    // ext_ref (all weeks kept) into BatchState::refs, lock the counters, read conversation and
    // message, the latter without its contents.
    std::set<EventRef> target_refs;
    // Those of them whose contents are wanted (for edits, deletes, reactions), each once, in the
    // order of the events: they are read up to a limit of bytes.
    std::vector<EventRef> content_refs;
    // Keys of the batch's messages, each once, in the order of the events: read the events parked
    // for them, up to a limit of bytes.
    std::vector<EventRef> parked_targets;
    // Whose reopen window is wanted.
    std::set<std::pair<TenantId, ChannelId>> channels;
};

// ---------------------------------------------------------------- read under locks

struct ContactRow {
    ContactId id;
    std::string display_name;
    std::vector<std::string> aliases;
    std::int64_t created_at = 0;
    std::int64_t updated_at = 0;
    // Found by an id under which it goes on: the state has it under its own key too.
    bool moved = false;
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
    std::int64_t last_activity_at = 0;
    std::optional<std::int64_t> last_customer_at;
    std::optional<std::int64_t> last_agent_at;
    std::int64_t created_at = 0;
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
    v1::MessageContext context;  // empty if there is none
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

// All that Decide may know. Every contact, thread and channel of the plan is present (the first
// pipeline creates missing contacts and threads); refs, messages and parked events only where the
// database has them.
struct BatchState {
    // Those of the plan, and the contact of every thread and of every conversation read.
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
    std::map<std::pair<TenantId, ChannelId>, std::int64_t> reopen_window_ms;  // of each channel
    std::int64_t now_ms = 0;  // the database's clock at BEGIN
    std::string feed_epoch;   // 16 bytes
    // Those that kept something out of this state.
    DetachedLeaves detached;
};

// ---------------------------------------------------------------- written by the second pipeline

struct ConversationWrite {
    ConversationKey key;
    ConversationRow row;
    std::int64_t closed_at_before =
        kInfinity;  // finds the leaf; for created ones equal to kInfinity
    bool created = false;
    CounterRow
        counters;  // the values after the batch; status closed ⇔ counters.closed_at != kInfinity
};
struct MessageWrite {
    TenantId tenant;
    MessagePosition position;
    MessageRow row;
    bool created = false;       // else the row exists; its delivery state and version change, and:
    bool text_changed = false;  // everything that an edit or delete changes
    bool reactions_changed = false;  // the reactions that stand or were taken back
};
struct RefWrite {
    EventRef ref;
    std::optional<MessagePosition> position;
};
struct ThreadWrite {  // latest conversation or watermarks changed
    ThreadKey key;
    ThreadRow row;
};
struct ContactWrite {  // name or aliases changed
    ContactKey key;
    ContactRow row;
};
struct ParkWrite {  // a repeated receipt may be parked already: ON CONFLICT DO NOTHING
    EventRef target;
    ParkedRow parked;
};
struct OutboxWrite {
    ShardId shard;
    OutboxTarget target{};
    event::v1::OutboxBatch batch;  // events of this shard in the order in which they became true
};

struct Effects {
    std::vector<ContactWrite> contacts;
    std::vector<ThreadWrite> threads;
    std::vector<ConversationWrite> conversations;
    std::vector<MessageWrite> messages;
    std::vector<RefWrite> refs;
    std::vector<ParkWrite> parks;
    std::vector<std::pair<EventRef, EventKey>>
        unparks;  // applied now: (target, event key) rows to delete
    std::vector<OutboxWrite> outbox;
    // How many of the batch's inputs, from the first one on, these are the effects of. Fewer than
    // all: more would have been too much for one transaction.
    std::size_t input_count = 0;
    // Not "": the next input cannot be decided before this leaf is attached again.
    std::string awaited_leaf;
    // Counted, for metrics.
    std::int64_t duplicate_count = 0;  // events whose key was seen before
    std::int64_t message_count = 0;    // messages created
    std::int64_t ignored_count =
        0;  // events without effect: older edits, repeated receipts, archived messages
    std::int64_t park_refused_count = 0;  // too many wait for the same message
};

}  // namespace unibox::domain
