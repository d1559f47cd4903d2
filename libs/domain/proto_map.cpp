#include "domain/proto_map.hpp"

#include "domain/timestamps.hpp"

#include <type_traits>
#include <utility>

namespace unibox::domain {
namespace {

// What a row that may be moved from gives away, and any other one lends.
template <typename Value>
const Value& Give(const Value& value) {
    return value;
}
template <typename Value>
Value&& Give(Value& value) {
    return std::move(value);
}

template <typename Elements, typename Element>
void Assign(Elements& from, google::protobuf::RepeatedPtrField<Element>* to) {
    to->Clear();
    for (auto& element : from) *to->Add() = Give(element);
}

template <typename Row>
void Fill(const MessagePosition& position, Row& row, v1::Message* to) {
    to->set_id(row.id.ToString());
    to->set_conversation_id(position.conversation.ToString());
    to->set_seq(position.seq);
    to->set_direction(row.direction);
    to->set_kind(row.kind);
    to->set_contact_id(row.contact ? row.contact->ToString() : std::string());
    to->set_text(Give(row.body));
    to->set_payload(Give(row.payload));
    Assign(row.attachments, to->mutable_attachments());
    Assign(row.reactions, to->mutable_reactions());
    to->clear_context();
    if (row.context.ByteSizeLong() > 0) *to->mutable_context() = Give(row.context);
    to->set_reply_to_provider_id(Give(row.reply_to));
    to->set_provider_id(Give(row.provider_id));
    to->set_delivery_state(row.delivery_state);
    to->set_delivery_error(Give(row.delivery_error));
    SetTime(position.created_at, to->mutable_create_time());
    SetTime(row.received_at, to->mutable_receive_time());
    to->clear_edit_time();
    if (row.edited_at) SetTime(*row.edited_at, to->mutable_edit_time());
    to->clear_delete_time();
    if (row.deleted_at) SetTime(*row.deleted_at, to->mutable_delete_time());
    to->set_version(row.version);
    to->clear_author();
    if (row.author.kind() != v1::ACTOR_KIND_UNSPECIFIED) *to->mutable_author() = Give(row.author);
    to->clear_template_();
    if (row.message_template.ByteSizeLong() > 0) {
        *to->mutable_template_() = Give(row.message_template);
    }
    to->set_over_rate(row.over_rate);
    to->set_from_blocked(row.from_blocked);
    to->set_client_ref(Give(row.client_ref));
}

// What agents and programs made of a conversation.
void FillWork(const ConversationRow& row, v1::Conversation* to) {
    to->set_priority(row.priority);
    to->set_assignee_id(row.assignee ? row.assignee->ToString() : std::string());
    to->set_team_id(row.team ? row.team->ToString() : std::string());
    to->mutable_labels()->Assign(row.labels.begin(), row.labels.end());
    to->mutable_attributes()->clear();
    to->mutable_attributes()->insert(row.attributes.begin(), row.attributes.end());
    to->clear_snooze_time();
    if (row.snooze_time) SetTime(*row.snooze_time, to->mutable_snooze_time());
    to->set_muted(row.muted);
    to->clear_waiting_since_time();
    if (row.waiting_since) SetTime(*row.waiting_since, to->mutable_waiting_since_time());
    to->clear_can_reply_until_time();
    if (row.can_reply_until) SetTime(*row.can_reply_until, to->mutable_can_reply_until_time());
}

}  // namespace

void FillContact(
    const ChannelId& channel, std::string_view contact_key, const ContactRow& row, v1::Contact* to
) {
    to->set_id(row.id.ToString());
    to->set_channel_id(channel.ToString());
    to->set_contact_key(contact_key.data(), contact_key.size());
    to->set_display_name(row.display_name);
    SetTime(row.created_at, to->mutable_create_time());
    SetTime(row.updated_at, to->mutable_update_time());
    to->set_blocked(row.blocked_at.has_value());
    to->set_version(row.version);
}

void FillWholeContact(
    const ChannelId& channel, std::string_view contact_key, const ContactRow& row, v1::Contact* to
) {
    FillContact(channel, contact_key, row, to);
    to->set_phone(row.phone);
    to->set_email(row.email);
    to->mutable_attributes()->clear();
    to->mutable_attributes()->insert(row.attributes.begin(), row.attributes.end());
}

void FillConversation(
    const ConversationId& id,
    const ConversationRow& row,
    const CounterRow& counters,
    const ConversationContact& contact,
    v1::Conversation* to
) {
    to->set_id(id.ToString());
    to->set_channel_id(row.channel.ToString());
    to->set_provider(row.provider);
    to->set_thread_key(row.thread_key);
    if (contact.row != nullptr) {
        const ChannelId channel = contact.channel.value_or(row.channel);
        FillContact(channel, contact.contact_key, *contact.row, to->mutable_contact());
    } else {
        to->mutable_contact()->Clear();
        to->mutable_contact()->set_channel_id(to->channel_id());
        to->mutable_contact()->set_id(row.contact.ToString());
    }
    to->set_status(row.status);
    to->set_unread_count(counters.unread_count);
    to->set_message_count(counters.last_seq);
    to->set_preview(row.preview);
    to->set_preview_direction(row.preview_direction);
    SetTime(row.last_activity_at, to->mutable_last_activity_time());
    to->clear_last_customer_time();
    if (row.last_customer_at) SetTime(*row.last_customer_at, to->mutable_last_customer_time());
    to->clear_last_agent_time();
    if (row.last_agent_at) SetTime(*row.last_agent_at, to->mutable_last_agent_time());
    SetTime(row.created_at, to->mutable_create_time());
    to->clear_close_time();
    if (counters.closed_at != kInfinity) SetTime(counters.closed_at, to->mutable_close_time());
    to->set_version(counters.version);
    FillWork(row, to);
}

void FillMessage(const MessagePosition& position, const MessageRow& row, v1::Message* to) {
    Fill(position, row, to);
}

void FillMessage(const MessagePosition& position, MessageRow&& row, v1::Message* to) {
    Fill(position, row, to);
}

}  // namespace unibox::domain
