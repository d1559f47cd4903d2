#include "support/command_builder.hpp"

#include "domain/event_key.hpp"
#include "support/channel_event.hpp"

namespace unibox::test {
namespace {

Uuid NextCommandId() {
    static std::int64_t number = 0;
    const EventKey entropy =
        domain::EventKeyOf(TenantId{1}, ChannelId{}, "command", std::to_string(++number), "");
    return DeterministicUuidV7(kNoon, entropy.value.bytes);
}

}  // namespace

Uuid IdOfNumber(std::uint8_t number) {
    Uuid id;
    id.bytes.fill(number);
    return id;
}

v1::Actor AnAgent(std::uint8_t number) {
    v1::Actor actor;
    actor.set_kind(v1::ACTOR_KIND_AGENT);
    actor.set_id(IdOfNumber(number).ToString());
    actor.set_name("agent " + std::to_string(number));
    return actor;
}

CommandBuilder::CommandBuilder(TenantId tenant, const ContactId& contact)
    : CommandBuilder(domain::ConversationKey{tenant, {}}) {
    command.mutable_header()->clear_conversation_id();
    command.mutable_header()->set_contact_id(contact.value.ToBytes());
}

CommandBuilder::CommandBuilder(const domain::ConversationKey& conversation) {
    auto& header = *command.mutable_header();
    header.set_command_id(NextCommandId().ToBytes());
    header.set_tenant_id(conversation.tenant.value);
    header.set_conversation_id(conversation.conversation.value.ToBytes());
    header.mutable_actor()->set_kind(v1::ACTOR_KIND_API_KEY);
    header.mutable_actor()->set_id(IdOfNumber(200).ToString());
    header.set_receive_time_ms(kNoon);
    header.set_traceparent("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01");
}

CommandBuilder& CommandBuilder::Append(v1::MessageKind kind, const std::string& text) {
    command.mutable_append()->set_kind(kind);
    command.mutable_append()->set_text(text);
    return *this;
}
CommandBuilder& CommandBuilder::Text(const std::string& text) {
    return Append(v1::MESSAGE_KIND_TEXT, text);
}
CommandBuilder& CommandBuilder::Note(const std::string& text) {
    return Append(v1::MESSAGE_KIND_NOTE, text);
}
CommandBuilder& CommandBuilder::Template(const std::string& name) {
    command.mutable_append()->mutable_template_()->set_name(name);
    return Append(v1::MESSAGE_KIND_TEMPLATE, "");
}
CommandBuilder& CommandBuilder::ReplyTo(std::int64_t seq) {
    command.mutable_append()->set_reply_to_seq(seq);
    return *this;
}
CommandBuilder& CommandBuilder::Status(v1::ConversationStatus status, const std::string& note) {
    command.mutable_set_status()->set_status(status);
    command.mutable_set_status()->set_note(note);
    return *this;
}
CommandBuilder& CommandBuilder::Snooze(std::int64_t until_ms) {
    Status(v1::CONVERSATION_STATUS_SNOOZED);
    command.mutable_set_status()->set_snooze_time_ms(until_ms);
    return *this;
}
CommandBuilder& CommandBuilder::Priority(v1::Priority priority) {
    command.mutable_set_priority()->set_priority(priority);
    return *this;
}
CommandBuilder& CommandBuilder::Labels(
    const std::vector<std::string>& add, const std::vector<std::string>& remove
) {
    auto& body = *command.mutable_change_labels();
    body.mutable_add()->Assign(add.begin(), add.end());
    body.mutable_remove()->Assign(remove.begin(), remove.end());
    return *this;
}
CommandBuilder& CommandBuilder::Attributes(
    const std::map<std::string, std::string>& set, const std::vector<std::string>& remove
) {
    auto& body = *command.mutable_change_attributes();
    body.mutable_set()->insert(set.begin(), set.end());
    body.mutable_remove()->Assign(remove.begin(), remove.end());
    return *this;
}
CommandBuilder& CommandBuilder::Read() {
    command.mutable_mark_read();
    return *this;
}
CommandBuilder& CommandBuilder::Unread() {
    command.mutable_mark_read()->set_unread(true);
    return *this;
}
CommandBuilder& CommandBuilder::Edit(std::int64_t seq, const std::string& text) {
    command.mutable_edit_message()->set_seq(seq);
    command.mutable_edit_message()->set_text(text);
    return *this;
}
CommandBuilder& CommandBuilder::Delete(std::int64_t seq) {
    command.mutable_delete_message()->set_seq(seq);
    return *this;
}
CommandBuilder& CommandBuilder::Assign(
    std::optional<std::uint8_t> agent, std::optional<std::uint8_t> team
) {
    const auto bytes = [](std::uint8_t number) {
        return number == 0 ? std::string() : IdOfNumber(number).ToBytes();
    };
    auto& body = *command.mutable_assign();
    if (agent) body.set_assignee_id(bytes(*agent));
    if (team) body.set_team_id(bytes(*team));
    return *this;
}
CommandBuilder& CommandBuilder::Muted(bool muted) {
    command.mutable_set_muted()->set_muted(muted);
    return *this;
}
CommandBuilder& CommandBuilder::Name(const std::string& display_name) {
    command.mutable_update_contact()->set_display_name(display_name);
    return *this;
}
CommandBuilder& CommandBuilder::Contact(const writer::v1::UpdateContact& update) {
    *command.mutable_update_contact() = update;
    return *this;
}
CommandBuilder& CommandBuilder::Merge(const ContactId& merged) {
    command.mutable_merge_contact()->set_merged_contact_id(merged.value.ToBytes());
    return *this;
}
CommandBuilder& CommandBuilder::Blocked(bool blocked) {
    command.mutable_set_contact_blocked()->set_blocked(blocked);
    return *this;
}
CommandBuilder& CommandBuilder::WakeUp(std::int64_t snooze_time_ms) {
    command.mutable_header()->mutable_actor()->Clear();
    command.mutable_header()->mutable_actor()->set_kind(v1::ACTOR_KIND_SYSTEM);
    command.mutable_wake_up()->set_snooze_time_ms(snooze_time_ms);
    return *this;
}

CommandBuilder& CommandBuilder::By(const v1::Actor& actor) {
    *command.mutable_header()->mutable_actor() = actor;
    return *this;
}
CommandBuilder& CommandBuilder::Member(std::uint8_t agent) {
    command.mutable_header()->set_member_id(IdOfNumber(agent).ToBytes());
    return *this;
}
CommandBuilder& CommandBuilder::IfVersion(std::int64_t version) {
    command.mutable_header()->set_if_version(version);
    return *this;
}
CommandBuilder& CommandBuilder::At(std::int64_t receive_time_ms) {
    command.mutable_header()->set_receive_time_ms(receive_time_ms);
    return *this;
}
CommandBuilder& CommandBuilder::Key(const std::string& key, const std::string& request) {
    auto& request_key = *command.mutable_header()->mutable_request_key();
    request_key.set_scope("key:" + IdOfNumber(200).ToString());
    request_key.set_key(key);
    std::string digest = request;
    digest.resize(32, '.');
    request_key.set_digest(digest);
    return *this;
}

}  // namespace unibox::test
