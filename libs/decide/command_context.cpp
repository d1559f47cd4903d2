#include "decide/command_context.hpp"

namespace unibox::decide {

Status CheckNotSuperseded(const CommandContext& context) {
    const domain::ConversationWrite& write = context.conversation.write;
    const domain::ThreadRow* thread =
        context.state.FindThread({write.key.tenant, write.row.channel, write.row.thread_key});
    if (thread == nullptr || !thread->conversation) return {};
    if (*thread->conversation == write.key.conversation) return {};
    return FailedPrecondition(
               "the thread goes on in a later conversation: use " + thread->conversation->ToString()
    )
        .WithReason("CONVERSATION_SUPERSEDED");
}

}  // namespace unibox::decide
