// What Decide (libs/decide) makes of a batch, and the store's second pipeline writes, in the
// transaction that read the BatchState. Thread safety: values.
#pragma once

#include "base/ids.hpp"
#include "domain/batch_state.hpp"
#include "domain/inbox_keys.hpp"
#include "domain/outbox_target.hpp"
#include "domain/shard.hpp"
#include "domain/tallies.hpp"
#include "unibox/event/v1/feed.pb.h"
#include "unibox/v1/audit.pb.h"
#include "unibox/writer/v1/command.pb.h"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace unibox::domain {

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
    bool by_command = false;  // what commands change too: the row is locked, and written as it is
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

// An answer of a command. Refused: `kept.code` is not 0, and nothing was done.
struct CommandAnswer {
    std::size_t input = 0;  // which input of the batch
    writer::v1::KeptAnswer kept;
    std::string response;  // AppendResponse or ApplyResponse, serialised, without the token
    bool is_repetition = false;
};
struct RequestKeyWrite {
    RequestKey key;
    std::string digest;
    writer::v1::KeptAnswer answer;
};
struct AuditWrite {
    TenantId tenant;
    std::int64_t at = 0;
    Uuid command;
    ConversationId conversation;  // nil: about a contact
    v1::Actor actor;
    std::string action;
    v1::AuditChanges changes;
    std::optional<ContactId> contact = std::nullopt;
};
// A conversation that opens by itself, or (added = false) does not any more.
struct SnoozeWrite {
    ConversationKey conversation;
    std::int64_t snooze_time = 0;
    bool added = false;
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
    // Of commands: an answer for each, in the order of the inputs; what else they leave behind.
    std::vector<CommandAnswer> answers;
    std::vector<RequestKeyWrite> request_keys;
    std::vector<AuditWrite> audit;
    std::vector<SnoozeWrite> snoozes;
    // What is to be added to the counts; no entry is all zeros.
    Tallies tallies;
    Volumes volumes;
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
    std::int64_t over_rate_count = 0;     // customers' messages beyond what is believable a minute
    std::int64_t park_refused_count = 0;  // too many wait for the same message
};

}  // namespace unibox::domain
