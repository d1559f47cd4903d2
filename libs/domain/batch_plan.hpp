// Which keys the batch concerns: made by Plan (libs/decide) of the inputs alone, read by the
// store's first pipeline. Thread safety: values.
#pragma once

#include "base/ids.hpp"
#include "domain/inbox_keys.hpp"

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

namespace unibox::domain {

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
    // Whose windows are wanted.
    std::set<std::pair<TenantId, ChannelId>> channels;

    // Of commands. Conversations by id: lock their threads, then their counters (with those of the
    // other keys, in one order), read threads, conversations, contacts and channels.
    std::set<ConversationKey> conversations;
    // Contacts by id: lock them behind the counters, in the order of their keys, with those that
    // were merged into them where the value says so (they are merged on with them).
    std::map<std::pair<TenantId, ContactId>, bool> contact_ids;
    // Messages of these conversations that commands change or answer, with their contents, each
    // once, in the order of the commands.
    std::vector<MessageRef> messages;
    // Who may get a conversation, and who sees some alone: read with the channels that they belong
    // to.
    std::set<std::pair<TenantId, AgentId>> agents;
    std::set<std::pair<TenantId, TeamId>> teams;
    // Held until the commit, so that a repetition waits; read what is kept of an earlier one.
    std::set<RequestKey> request_keys;
};

}  // namespace unibox::domain
