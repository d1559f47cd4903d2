#include "decide/editing.hpp"

#include "decide/appending.hpp"
#include "decide/command.hpp"
#include "decide/message_changes.hpp"
#include "decide/messages.hpp"

namespace unibox::decide {
namespace {

Result<WorkingMessage*> OwnMessage(const CommandContext& context) {
    const domain::MessageRef ref = NamedMessageOf(context.command)->ref;
    const auto position = context.state.FindPosition(ref);
    WorkingMessage* message =
        position ? context.state.FindMessage({ref.conversation.tenant, *position}) : nullptr;
    if (message == nullptr) {
        return NotFound("no such message in the conversation: " + std::to_string(ref.seq))
            .WithReason("MESSAGE_NOT_FOUND")
            .WithField("seq");
    }
    if (message->write.row.author.kind() == v1::ACTOR_KIND_UNSPECIFIED) {
        return FailedPrecondition(
                   "message " + std::to_string(ref.seq) +
                   " was not written through Unibox: only such messages can be changed"
        )
            .WithReason("NOT_OWN_MESSAGE");
    }
    return message;
}

void TextChanged(const CommandContext& context, WorkingMessage* message) {
    ApplyMarks(
        context.conversation.write.counters, message->write.position.created_at, &message->write.row
    );
    MessageTextChanged(context.cause, &context.conversation, message, &context.state);
}

}  // namespace

Result<CommandOutcome> Edit(const CommandContext& context) {
    UNIBOX_ASSIGN_OR_RETURN(WorkingMessage * message, OwnMessage(context));
    domain::MessageWrite& write = message->write;
    if (write.row.deleted_at) {
        return FailedPrecondition("the message was deleted").WithReason("MESSAGE_DELETED");
    }
    ReplaceText(context.command.edit_message().text(), context.state.now_ms(), &write.row);
    TextChanged(context, message);
    CommandOutcome outcome{&write, {}};
    AddMessageChange(write.position.seq, write.position.seq, &outcome.changes);
    return outcome;
}

Result<CommandOutcome> Delete(const CommandContext& context) {
    UNIBOX_ASSIGN_OR_RETURN(WorkingMessage * message, OwnMessage(context));
    domain::MessageWrite& write = message->write;
    CommandOutcome outcome{&write, {}};
    if (write.row.deleted_at) return outcome;
    EraseContents(context.state.now_ms(), &write.row);
    TextChanged(context, message);
    AddMessageChange(write.position.seq, 0, &outcome.changes);
    return outcome;
}

}  // namespace unibox::decide
