#include "decide/status.hpp"

#include "decide/appending.hpp"
#include "decide/conversation_changes.hpp"

#include <optional>
#include <string>

namespace unibox::decide {
namespace {

constexpr v1::ConversationStatus kOpen = v1::CONVERSATION_STATUS_OPEN;
constexpr v1::ConversationStatus kSnoozed = v1::CONVERSATION_STATUS_SNOOZED;
constexpr v1::ConversationStatus kClosed = v1::CONVERSATION_STATUS_CLOSED;

Status IllegalTransition(v1::ConversationStatus from, v1::ConversationStatus to) {
    return FailedPrecondition(
               "from " + v1::ConversationStatus_Name(from) + " to " +
               v1::ConversationStatus_Name(to) + ": open it first"
    )
        .WithReason("ILLEGAL_TRANSITION");
}

std::optional<std::int64_t> SnoozeTimeOf(const writer::v1::SetStatus& body) {
    if (body.snooze_time_ms() == 0) return std::nullopt;
    return body.snooze_time_ms();
}

Status Transit(const CommandContext& context, domain::ConversationWrite* to) {
    const auto& body = context.command.set_status();
    const auto snooze_time = SnoozeTimeOf(body);
    domain::ConversationRow& row = to->row;
    const bool stays = row.status == body.status();
    if (stays && row.snooze_time == snooze_time) return {};
    if (row.status == kClosed && body.status() != kOpen) {
        return IllegalTransition(row.status, body.status());
    }
    if (snooze_time && *snooze_time <= context.state.now_ms()) {
        return InvalidArgument("snooze_time_ms must be later than now")
            .WithReason("VALUE_INVALID")
            .WithField("snooze_time_ms");
    }
    if (row.status == kClosed) UNIBOX_RETURN_IF_ERROR(CheckNotSuperseded(context));
    row.status = body.status();
    row.snooze_time = snooze_time;
    to->counters.closed_at = domain::kInfinity;
    if (body.status() == kClosed) {
        to->counters.closed_at = context.state.now_ms();
        row.waiting_since.reset();
    }
    return {};
}

Status Wake(const CommandContext& context, domain::ConversationWrite* to) {
    const std::int64_t snooze_time = context.command.wake_up().snooze_time_ms();
    domain::ConversationRow& row = to->row;
    const bool sleeps_until = row.status == kSnoozed && row.snooze_time == snooze_time;
    if (!sleeps_until || snooze_time > context.state.now_ms()) return {};
    row.status = kOpen;
    row.snooze_time.reset();
    return {};
}

}  // namespace

Result<CommandOutcome> ChangeStatus(const CommandContext& context) {
    const std::string& note = context.command.set_status().note();
    CommandOutcome outcome;
    if (!note.empty()) {
        domain::ConversationWrite probe = context.conversation.write;
        UNIBOX_RETURN_IF_ERROR(Transit(context, &probe));
        outcome.message = &AppendNote(context, note);
        AddMessageChange(0, outcome.message->position.seq, &outcome.changes);
    }
    UNIBOX_ASSIGN_OR_RETURN(const auto changes, ChangeConversation(context, Transit));
    outcome.changes.MergeFrom(changes);
    return outcome;
}

Result<CommandOutcome> WakeUp(const CommandContext& context) {
    CommandOutcome outcome;
    UNIBOX_ASSIGN_OR_RETURN(outcome.changes, ChangeConversation(context, Wake));
    context.state.ForgetSnooze(
        context.conversation.write.key, context.command.wake_up().snooze_time_ms()
    );
    return outcome;
}

}  // namespace unibox::decide
