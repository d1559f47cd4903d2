#include "decide/sending.hpp"

#include "decide/loop_guard.hpp"
#include "domain/provider.hpp"

#include <algorithm>

namespace unibox::decide {
namespace {

bool IsWindowClosed(
    const domain::ChannelRow& channel, const domain::ConversationRow& row, std::int64_t now_ms
) {
    if (!channel.reply_window_ms || channel.replies_after_window) return false;
    if (!row.last_customer_at) return true;
    return now_ms > row.can_reply_until.value_or(*row.last_customer_at + *channel.reply_window_ms);
}

Status CheckWindow(const CommandContext& context, const domain::ChannelRow& channel) {
    if (context.command.append().kind() == v1::MESSAGE_KIND_TEMPLATE) return {};
    const domain::ConversationRow& row = context.conversation.write.row;
    if (!IsWindowClosed(channel, row, context.state.now_ms())) return {};
    return FailedPrecondition(
               "the provider takes free text only for some time after a message of the customer: "
               "send a template where it has them, or wait until the customer writes"
    )
        .WithReason("REPLY_WINDOW_CLOSED");
}

Status CheckTemplates(const CommandContext& context, const domain::ProviderTraits& provider) {
    const bool is_template = context.command.append().kind() == v1::MESSAGE_KIND_TEMPLATE;
    if (!is_template || provider.has_templates) return {};
    return InvalidArgument("kind must not be TEMPLATE: " + std::string(provider.name) + " has none")
        .WithReason("TEMPLATES_UNSUPPORTED")
        .WithField("kind");
}

}  // namespace

bool GoesToCustomer(v1::MessageKind kind) {
    return kind == v1::MESSAGE_KIND_TEXT || kind == v1::MESSAGE_KIND_TEMPLATE;
}

Status CheckSending(const CommandContext& context, std::int64_t received_at) {
    const domain::ConversationWrite& write = context.conversation.write;
    const domain::ProviderTraits* provider = domain::FindProvider(write.row.provider);
    const domain::ChannelRow& channel =
        context.state.ChannelOf(write.key.tenant, write.row.channel);
    if (channel.disabled || provider == nullptr) {
        return FailedPrecondition("the channel is disabled: enable it before sending by it")
            .WithReason("CHANNEL_DISABLED");
    }
    const ConversationView view = context.state.ViewOf(context.conversation);
    if (view.contact != nullptr && view.contact->blocked_at) {
        return FailedPrecondition("the contact is blocked: unblock it before writing to it")
            .WithReason("CONTACT_BLOCKED");
    }
    UNIBOX_RETURN_IF_ERROR(CheckTemplates(context, *provider));
    UNIBOX_RETURN_IF_ERROR(CheckNotSuperseded(context));
    UNIBOX_RETURN_IF_ERROR(CheckWindow(context, channel));
    const std::int32_t count_max = context.state.limits().message_count_per_minute_max;
    if (!IsMinuteFull(received_at, count_max, write.counters)) return {};
    return ResourceExhausted(
               "the conversation had " + std::to_string(count_max) +
               " messages in this minute: do two programs answer each other?"
    )
        .WithReason("CONVERSATION_RATE");
}

std::int64_t CreatedAtAboveMarks(std::int64_t received_at, const domain::CounterRow& counters) {
    return std::max({received_at, counters.delivered_until + 1, counters.read_until + 1});
}

void QueueSending(const CommandContext& context, const domain::MessageWrite& message) {
    const domain::ConversationRow& row = context.conversation.write.row;
    const domain::ProviderTraits* provider = domain::FindProvider(row.provider);
    context.state.send_jobs().Add(context.cause, provider->sends_to, row, message);
}

}  // namespace unibox::decide
