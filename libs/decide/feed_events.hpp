// Makes the feed events of a batch: one outbox batch a shard, entries in the order of the calls.
// Thread safety: one thread at a time.
#pragma once

#include "decide/cause.hpp"
#include "domain/batch_effects.hpp"
#include "domain/batch_state.hpp"
#include "domain/inbox_keys.hpp"

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace unibox::decide {

// A conversation with the contact that its feed state shows: of one that was merged the one that
// remains.
struct ConversationView {
    const domain::ConversationWrite* conversation = nullptr;
    const domain::ContactKey* contact_key = nullptr;  // Null if the contact's row is not known.
    const domain::ContactRow* contact = nullptr;
};

// As the feed, the API and the answers to commands show it.
void FillConversation(const ConversationView& view, v1::Conversation* to);

class FeedEvents {
public:
    // `feed_epoch`: 16 bytes; `commit_time_ms`: Unix, UTC.
    FeedEvents(std::string feed_epoch, std::int64_t commit_time_ms);

    void MessageCreated(
        const Cause& cause,
        const ConversationView& view,
        const domain::MessageWrite& message,
        bool conversation_reopened
    );
    // An edit or a delete: the message has its text.
    void MessageUpdated(
        const Cause& cause, const ConversationView& view, const domain::MessageWrite& message
    );
    // `contact_key`: whose reactions changed.
    void MessageReacted(
        const Cause& cause,
        const ConversationView& view,
        const domain::MessageWrite& message,
        const std::string& contact_key
    );
    void MessageDelivered(
        const Cause& cause, const ConversationView& view, const domain::MessageWrite& message
    );
    // The conversation's outbound messages up to `until_ms` have at least this state.
    void MessagesDelivered(
        const Cause& cause,
        const ConversationView& view,
        v1::DeliveryState state,
        std::int64_t until_ms
    );
    // `changed_fields`: names of unibox.v1.Conversation; `reason`: of whoever changed it.
    void ConversationUpdated(
        const Cause& cause,
        const ConversationView& view,
        const std::vector<std::string>& changed_fields,
        const std::string& reason
    );
    void ControlReceived(const Cause& cause, const event::v1::InboundEvent& control);
    // More messages in a minute than `message_count_per_minute_max`.
    void LoopSuspected(
        const Cause& cause, const ConversationView& view, std::int32_t message_count_per_minute_max
    );
    // `changed_fields`: names of unibox.v1.Contact.
    void ContactUpdated(
        const Cause& cause,
        const domain::ContactKey& key,
        const domain::ContactRow& contact,
        const std::vector<std::string>& changed_fields
    );
    // `contact`: the one that remains.
    void ContactsMerged(
        const Cause& cause,
        const domain::ContactKey& key,
        const domain::ContactRow& contact,
        const ContactId& merged
    );
    void TypingReceived(const Cause& cause, const event::v1::InboundEvent& typing);

    // Of all events so far, serialised.
    std::size_t bytes() const { return bytes_; }
    std::vector<domain::OutboxWrite> Take() &&;

private:
    // Fills in what all events have and adds the event to the cause's shard.
    void Append(
        const Cause& cause,
        event::v1::FeedEvent* event,
        std::string_view kind,
        const ConversationId& conversation,
        std::int64_t version,
        const std::string& ordering_key = {}  // of one of no conversation
    );
    // The same for an event of a conversation: its id, its version.
    void AppendOf(
        const ConversationView& view,
        const Cause& cause,
        event::v1::FeedEvent* event,
        std::string_view kind
    );

    std::string feed_epoch_;
    std::int64_t commit_time_ms_;
    // Never cleared, so that strings and sub-messages keep their memory: each use sets every field.
    event::v1::FeedEvent created_;
    event::v1::FeedEvent updated_;
    std::size_t bytes_ = 0;
    std::map<domain::ShardId, event::v1::OutboxBatch> batches_;
};

}  // namespace unibox::decide
