#include "message-writer/feed_events.hpp"

#include "message-writer/derived_ids.hpp"
#include "wire/subjects.hpp"

#include <utility>

namespace unibox::writer {
namespace {

using domain::ConversationWrite;
using domain::MessageWrite;

void SetTime(std::int64_t unix_ms, google::protobuf::Timestamp* time) {
    time->set_seconds(unix_ms / 1000);
    time->set_nanos(static_cast<std::int32_t>(unix_ms % 1000) * 1000000);
}

void SetContact(const ConversationView& view, v1::Contact* contact) {
    const ConversationWrite& conversation = *view.conversation;
    contact->Clear();
    contact->set_id(conversation.row.contact.ToString());
    contact->set_channel_id(conversation.row.channel.ToString());
    if (view.contact == nullptr) return;
    contact->set_contact_key(view.contact_key->contact_key);
    contact->set_display_name(view.contact->display_name);
    SetTime(view.contact->created_at, contact->mutable_create_time());
    SetTime(view.contact->updated_at, contact->mutable_update_time());
}

void SetConversation(const ConversationView& view, v1::Conversation* to) {
    const ConversationWrite& from = *view.conversation;
    to->set_id(from.key.conversation.ToString());
    to->set_channel_id(from.row.channel.ToString());
    to->set_provider(from.row.provider);
    to->set_thread_key(from.row.thread_key);
    SetContact(view, to->mutable_contact());
    to->set_status(from.row.status);
    to->set_unread_count(from.counters.unread_count);
    to->set_message_count(from.counters.last_seq);
    to->set_preview(from.row.preview);
    to->set_preview_direction(from.row.preview_direction);
    SetTime(from.row.last_activity_at, to->mutable_last_activity_time());
    to->clear_last_customer_time();
    if (from.row.last_customer_at) {
        SetTime(*from.row.last_customer_at, to->mutable_last_customer_time());
    }
    to->clear_last_agent_time();
    if (from.row.last_agent_at) SetTime(*from.row.last_agent_at, to->mutable_last_agent_time());
    SetTime(from.row.created_at, to->mutable_create_time());
    to->clear_close_time();
    if (from.counters.closed_at != domain::kInfinity) {
        SetTime(from.counters.closed_at, to->mutable_close_time());
    }
    to->set_version(from.counters.version);
}

void SetMessage(const MessageWrite& from, v1::Message* to) {
    const domain::MessageRow& row = from.row;
    to->set_id(row.id.ToString());
    to->set_conversation_id(from.position.conversation.ToString());
    to->set_seq(from.position.seq);
    to->set_direction(row.direction);
    to->set_kind(row.kind);
    to->set_contact_id(row.contact ? row.contact->ToString() : std::string());
    to->set_text(row.body);
    to->set_payload(row.payload);
    to->mutable_attachments()->Assign(row.attachments.begin(), row.attachments.end());
    to->mutable_reactions()->Assign(row.reactions.begin(), row.reactions.end());
    to->clear_context();
    if (row.context.ByteSizeLong() > 0) *to->mutable_context() = row.context;
    to->set_reply_to_provider_id(row.reply_to);
    to->set_provider_id(row.provider_id);
    to->set_delivery_state(row.delivery_state);
    to->set_delivery_error(row.delivery_error);
    SetTime(from.position.created_at, to->mutable_create_time());
    SetTime(row.received_at, to->mutable_receive_time());
    to->clear_edit_time();
    if (row.edited_at) SetTime(*row.edited_at, to->mutable_edit_time());
    to->clear_delete_time();
    if (row.deleted_at) SetTime(*row.deleted_at, to->mutable_delete_time());
    to->set_version(row.version);
}

}  // namespace

FeedEvents::FeedEvents(std::string feed_epoch, std::int64_t commit_time_ms)
    : feed_epoch_(std::move(feed_epoch)), commit_time_ms_(commit_time_ms) {}

void FeedEvents::Append(
    const Cause& cause,
    event::v1::FeedEvent* event,
    std::string_view kind,
    const ConversationId& conversation,
    std::int64_t version
) {
    const std::string event_id =
        FeedEventIdOf(
            cause.event->receive_time_ms(), cause.ids.key, conversation, version, feed_epoch_
        )
            .ToBytes();
    event->set_event_id(event_id);
    event->set_tenant_id(cause.ids.tenant.value);
    event->set_version(version);
    if (version > 0) event->set_conversation_id(conversation.ToString());
    event->set_commit_time_ms(commit_time_ms_);
    event->set_traceparent(cause.event->traceparent());
    event->set_feed_epoch(feed_epoch_);
    auto* entry = batches_[cause.shard].add_entries();
    entry->set_subject(wire::EvSubject(cause.ids.tenant, kind));
    entry->set_event_id(event_id);
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
    SetMessage(message, body->mutable_message());
    SetConversation(view, body->mutable_conversation());
    body->set_conversation_created(view.conversation->counters.last_seq == 1);
    body->set_conversation_reopened(conversation_reopened);
    AppendOf(view, cause, &created_, "message_created");
}

void FeedEvents::MessageUpdated(
    const Cause& cause, const ConversationView& view, const MessageWrite& message
) {
    auto* body = updated_.mutable_message_updated();
    SetMessage(message, body->mutable_message());
    SetConversation(view, body->mutable_conversation());
    AppendOf(view, cause, &updated_, "message_updated");
}

void FeedEvents::MessageReacted(
    const Cause& cause, const ConversationView& view, const MessageWrite& message
) {
    event::v1::FeedEvent event;
    auto* body = event.mutable_message_reacted();
    body->set_message_id(message.row.id.ToString());
    body->set_seq(message.position.seq);
    const std::string& contact_key = ContactKeyOf(*cause.event);
    body->set_contact_key(contact_key);
    for (const v1::Reaction& reaction : message.row.reactions) {
        if (reaction.contact_key() == contact_key) *body->add_reactions() = reaction;
    }
    SetConversation(view, body->mutable_conversation());
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
    SetConversation(view, body->mutable_conversation());
    AppendOf(view, cause, &event, "message_delivered");
}

void FeedEvents::MessagesDelivered(
    const Cause& cause, const ConversationView& view, v1::DeliveryState state, std::int64_t until_ms
) {
    event::v1::FeedEvent event;
    auto* body = event.mutable_messages_delivered();
    body->set_delivery_state(state);
    SetTime(until_ms, body->mutable_until_time());
    body->set_up_to_seq(view.conversation->counters.last_seq);
    SetConversation(view, body->mutable_conversation());
    AppendOf(view, cause, &event, "messages_delivered");
}

void FeedEvents::ControlReceived(const Cause& cause) {
    event::v1::FeedEvent event;
    auto* body = event.mutable_control_received();
    body->set_channel_id(cause.ids.channel.ToString());
    body->set_thread_key(cause.event->thread_key());
    body->set_type(cause.event->control().type());
    *body->mutable_attributes() = cause.event->control().attributes();
    body->set_contact_key(ContactKeyOf(*cause.event));
    body->set_contact_name(DisplayNameOf(*cause.event));
    if (const auto time = ProviderTimeOf(*cause.event)) {
        SetTime(*time, body->mutable_provider_time());
    }
    SetTime(cause.event->receive_time_ms(), body->mutable_receive_time());
    Append(cause, &event, "control_received", ConversationId{}, 0);
}

void FeedEvents::TypingReceived(const Cause& cause) {
    event::v1::FeedEvent event;
    auto* body = event.mutable_typing_received();
    body->set_channel_id(cause.ids.channel.ToString());
    body->set_thread_key(cause.event->thread_key());
    body->set_contact_key(ContactKeyOf(*cause.event));
    Append(cause, &event, "typing_received", ConversationId{}, 0);
}

std::vector<domain::OutboxWrite> FeedEvents::Take() && {
    std::vector<domain::OutboxWrite> writes;
    writes.reserve(batches_.size());
    for (auto& [shard, batch] : batches_) writes.push_back({shard, std::move(batch)});
    return writes;
}

}  // namespace unibox::writer
