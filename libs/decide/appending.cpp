#include "decide/appending.hpp"

#include "decide/command.hpp"
#include "decide/derived_ids.hpp"
#include "decide/loop_guard.hpp"
#include "decide/messages.hpp"
#include "decide/sending.hpp"

#include <utility>

namespace unibox::decide {
namespace {

// The provider's id of the message that is answered. What is written inside may answer anything.
Result<std::string> ReplyTarget(const CommandContext& context, bool is_sent) {
    const auto named = NamedMessageOf(context.command);
    if (!named) return std::string();
    const auto position = context.state.FindPosition(named->ref);
    const WorkingMessage* target =
        position ? context.state.FindMessage({named->ref.conversation.tenant, *position}) : nullptr;
    if (target == nullptr) {
        return NotFound("no such message in the conversation: " + std::to_string(named->ref.seq))
            .WithReason("MESSAGE_NOT_FOUND")
            .WithField("reply_to_seq");
    }
    const std::string& provider_id = target->write.row.provider_id;
    if (provider_id.empty() && is_sent) {
        return FailedPrecondition(
                   "the provider does not know message " + std::to_string(named->ref.seq) +
                   ": it stays inside, or was not sent yet"
        )
            .WithReason("REPLY_TARGET_UNKNOWN")
            .WithField("reply_to_seq");
    }
    return provider_id;
}

domain::MessageRow NewRow(const CommandContext& context, v1::MessageKind kind) {
    domain::MessageRow row;
    row.id = CommandMessageIdOf(context.cause.ids.key);
    row.channel = context.conversation.write.row.channel;
    row.kind = kind;
    row.author = context.command.header().actor();
    row.received_at = ReceivedAtOf(context.command, context.state.now_ms());
    row.direction = v1::DIRECTION_INTERNAL;
    if (GoesToCustomer(kind)) {
        row.direction = v1::DIRECTION_OUTBOUND;
        row.delivery_state = v1::DELIVERY_STATE_QUEUED;
    }
    return row;
}

const domain::MessageWrite& AddMessage(
    const CommandContext& context, std::int64_t created_at, domain::MessageRow row
) {
    WorkingConversation& conversation = context.conversation;
    const TenantId tenant = conversation.write.key.tenant;
    const domain::MessageWrite& write =
        AppendMessage(tenant, created_at, std::move(row), &conversation, &context.state).write;
    ++context.state.effects().message_count;
    const ConversationView view = context.state.ViewOf(conversation);
    context.state.feed().MessageCreated(context.cause, view, write, false);
    return write;
}

}  // namespace

Result<CommandOutcome> Append(const CommandContext& context) {
    const auto& body = context.command.append();
    const bool is_sent = GoesToCustomer(body.kind());
    domain::MessageRow row = NewRow(context, body.kind());
    UNIBOX_ASSIGN_OR_RETURN(row.reply_to, ReplyTarget(context, is_sent));
    std::int64_t created_at = row.received_at;
    if (is_sent) {
        UNIBOX_RETURN_IF_ERROR(CheckSending(context, row.received_at));
        domain::CounterRow& counters = context.conversation.write.counters;
        CountInMinute(
            row.received_at, context.state.limits().message_count_per_minute_max, &counters
        );
        created_at = CreatedAtAboveMarks(row.received_at, counters);
    }
    row.body = body.text();
    row.attachments.assign(body.attachments().begin(), body.attachments().end());
    row.message_template = body.template_();
    row.client_ref = body.client_ref();
    CommandOutcome outcome;
    outcome.message = &AddMessage(context, created_at, std::move(row));
    if (is_sent) QueueSending(context, *outcome.message);
    AddMessageChange(0, outcome.message->position.seq, &outcome.changes);
    return outcome;
}

const domain::MessageWrite& AppendNote(const CommandContext& context, const std::string& text) {
    domain::MessageRow row = NewRow(context, v1::MESSAGE_KIND_NOTE);
    row.body = text;
    const std::int64_t created_at = row.received_at;
    return AddMessage(context, created_at, std::move(row));
}

void AddMessageChange(std::int64_t old_seq, std::int64_t new_seq, v1::AuditChanges* changes) {
    auto* change = changes->add_changes();
    change->set_field("message");
    if (old_seq > 0) change->set_old_value(std::to_string(old_seq));
    if (new_seq > 0) change->set_new_value(std::to_string(new_seq));
}

}  // namespace unibox::decide
