#include "decide/feed_events.hpp"

#include "decide/derived_ids.hpp"
#include "decide/inbound.hpp"
#include "domain/proto_map.hpp"
#include "domain/timestamps.hpp"
#include "subjects/subjects.hpp"

#include <utility>

namespace unibox::decide {

using domain::ConversationWrite;
using domain::MessageWrite;
using event::v1::InboundEvent;

void FillConversation(const ConversationView& view, v1::Conversation* to) {
    const ConversationWrite& from = *view.conversation;
    domain::ConversationContact contact;
    if (view.contact != nullptr)
        contact = {view.contact_key->contact_key, view.contact, view.contact_key->channel};
    domain::FillConversation(from.key.conversation, from.row, from.counters, contact, to);
}

FeedEvents::FeedEvents(std::string feed_epoch, std::int64_t commit_time_ms)
    : feed_epoch_(std::move(feed_epoch)), commit_time_ms_(commit_time_ms) {}

void FeedEvents::Append(
    const Cause& cause,
    event::v1::FeedEvent* event,
    std::string_view kind,
    const ConversationId& conversation,
    std::int64_t version,
    const std::string& ordering_key
) {
    const std::string event_id =
        FeedEventIdOf(cause.time_ms, cause.ids.key, conversation, version, feed_epoch_).ToBytes();
    event->set_event_id(event_id);
    event->set_tenant_id(cause.ids.tenant.value);
    event->set_version(version);
    const std::string conversation_id = version > 0 ? conversation.ToString() : std::string();
    if (version > 0) event->set_conversation_id(conversation_id);
    event->set_commit_time_ms(commit_time_ms_);
    event->set_traceparent(cause.traceparent.data(), cause.traceparent.size());
    event->set_feed_epoch(feed_epoch_);
    event->clear_actor();
    if (cause.actor != nullptr) *event->mutable_actor() = *cause.actor;
    event::v1::OutboxBatch& batch = batches_[cause.shard];
    batch.set_feed_epoch(feed_epoch_);
    auto* entry = batch.add_entries();
    entry->set_subject(subjects::EvSubject(cause.ids.tenant, kind));
    entry->set_event_id(event_id);
    entry->set_ordering_key(version > 0 ? conversation_id : ordering_key);
    event->SerializeToString(entry->mutable_payload());
    bytes_ += entry->payload().size();
}

void FeedEvents::AppendOf(
    const ConversationView& view,
    const Cause& cause,
    event::v1::FeedEvent* event,
    std::string_view kind
) {
    const ConversationWrite& conversation = *view.conversation;
    Append(cause, event, kind, conversation.key.conversation, conversation.counters.version);
}

void FeedEvents::MessageCreated(
    const Cause& cause,
    const ConversationView& view,
    const MessageWrite& message,
    bool conversation_reopened
) {
    auto* body = created_.mutable_message_created();
    domain::FillMessage(message.position, message.row, body->mutable_message());
    FillConversation(view, body->mutable_conversation());
    body->set_conversation_created(view.conversation->counters.last_seq == 1);
    body->set_conversation_reopened(conversation_reopened);
    AppendOf(view, cause, &created_, "message_created");
}

void FeedEvents::MessageUpdated(
    const Cause& cause, const ConversationView& view, const MessageWrite& message
) {
    auto* body = updated_.mutable_message_updated();
    domain::FillMessage(message.position, message.row, body->mutable_message());
    FillConversation(view, body->mutable_conversation());
    AppendOf(view, cause, &updated_, "message_updated");
}

void FeedEvents::MessageReacted(
    const Cause& cause,
    const ConversationView& view,
    const MessageWrite& message,
    const std::string& contact_key
) {
    event::v1::FeedEvent event;
    auto* body = event.mutable_message_reacted();
    body->set_message_id(message.row.id.ToString());
    body->set_seq(message.position.seq);
    body->set_contact_key(contact_key);
    for (const v1::Reaction& reaction : message.row.reactions) {
        if (reaction.contact_key() == contact_key) *body->add_reactions() = reaction;
    }
    FillConversation(view, body->mutable_conversation());
    AppendOf(view, cause, &event, "message_reacted");
}

void FeedEvents::MessageDelivered(
    const Cause& cause, const ConversationView& view, const MessageWrite& message
) {
    event::v1::FeedEvent event;
    auto* body = event.mutable_message_delivered();
    body->set_message_id(message.row.id.ToString());
    body->set_seq(message.position.seq);
    body->set_delivery_state(message.row.delivery_state);
    body->set_delivery_error(message.row.delivery_error);
    FillConversation(view, body->mutable_conversation());
    AppendOf(view, cause, &event, "message_delivered");
}

void FeedEvents::MessagesDelivered(
    const Cause& cause, const ConversationView& view, v1::DeliveryState state, std::int64_t until_ms
) {
    event::v1::FeedEvent event;
    auto* body = event.mutable_messages_delivered();
    body->set_delivery_state(state);
    domain::SetTime(until_ms, body->mutable_until_time());
    body->set_up_to_seq(view.conversation->counters.last_seq);
    FillConversation(view, body->mutable_conversation());
    AppendOf(view, cause, &event, "messages_delivered");
}

void FeedEvents::ConversationUpdated(
    const Cause& cause,
    const ConversationView& view,
    const std::vector<std::string>& changed_fields,
    const std::string& reason
) {
    event::v1::FeedEvent event;
    auto* body = event.mutable_conversation_updated();
    FillConversation(view, body->mutable_conversation());
    body->mutable_changed_fields()->Assign(changed_fields.begin(), changed_fields.end());
    body->set_reason(reason);
    AppendOf(view, cause, &event, "conversation_updated");
}

void FeedEvents::LoopSuspected(
    const Cause& cause, const ConversationView& view, std::int32_t message_count_per_minute_max
) {
    const ConversationWrite& conversation = *view.conversation;
    event::v1::FeedEvent event;
    auto* body = event.mutable_control_received();
    body->set_channel_id(conversation.row.channel.ToString());
    body->set_thread_key(conversation.row.thread_key);
    body->set_type("loop_suspected");
    auto& attributes = *body->mutable_attributes();
    attributes["conversation_id"] = conversation.key.conversation.ToString();
    attributes["message_count_per_minute_max"] = std::to_string(message_count_per_minute_max);
    body->set_contact_key(conversation.row.thread_key);
    if (view.contact != nullptr) {
        const bool is_of_channel = view.contact_key->channel == conversation.row.channel;
        if (is_of_channel) body->set_contact_key(view.contact_key->contact_key);
        body->set_contact_name(view.contact->display_name);
    }
    domain::SetTime(cause.time_ms, body->mutable_receive_time());
    Append(cause, &event, "control_received", ConversationId{}, 0);
}

void FeedEvents::ControlReceived(const Cause& cause, const InboundEvent& control) {
    event::v1::FeedEvent event;
    auto* body = event.mutable_control_received();
    body->set_channel_id(cause.ids.channel.ToString());
    body->set_thread_key(control.thread_key());
    body->set_type(control.control().type());
    *body->mutable_attributes() = control.control().attributes();
    body->set_contact_key(ContactKeyOf(control));
    body->set_contact_name(DisplayNameOf(control));
    if (const auto time = ProviderTimeOf(control)) {
        domain::SetTime(*time, body->mutable_provider_time());
    }
    domain::SetTime(cause.time_ms, body->mutable_receive_time());
    Append(cause, &event, "control_received", ConversationId{}, 0);
}

void FeedEvents::TypingReceived(const Cause& cause, const InboundEvent& typing) {
    event::v1::FeedEvent event;
    auto* body = event.mutable_typing_received();
    body->set_channel_id(cause.ids.channel.ToString());
    body->set_thread_key(typing.thread_key());
    body->set_contact_key(ContactKeyOf(typing));
    Append(cause, &event, "typing_received", ConversationId{}, 0);
}

void FeedEvents::ContactUpdated(
    const Cause& cause,
    const domain::ContactKey& key,
    const domain::ContactRow& contact,
    const std::vector<std::string>& changed_fields
) {
    event::v1::FeedEvent event;
    auto* body = event.mutable_contact_updated();
    domain::FillWholeContact(key.channel, key.contact_key, contact, body->mutable_contact());
    body->mutable_changed_fields()->Assign(changed_fields.begin(), changed_fields.end());
    Append(cause, &event, "contact_updated", ConversationId{}, 0, contact.id.ToString());
}

void FeedEvents::ContactsMerged(
    const Cause& cause,
    const domain::ContactKey& key,
    const domain::ContactRow& contact,
    const ContactId& merged
) {
    event::v1::FeedEvent event;
    auto* body = event.mutable_contacts_merged();
    domain::FillWholeContact(key.channel, key.contact_key, contact, body->mutable_contact());
    body->set_merged_contact_id(merged.ToString());
    Append(cause, &event, "contacts_merged", ConversationId{}, 0, contact.id.ToString());
}

std::vector<domain::OutboxWrite> FeedEvents::Take() && {
    std::vector<domain::OutboxWrite> writes;
    writes.reserve(batches_.size());
    for (auto& [shard, batch] : batches_)
        writes.push_back({shard, domain::OutboxTarget::kFeed, std::move(batch)});
    return writes;
}

}  // namespace unibox::decide
