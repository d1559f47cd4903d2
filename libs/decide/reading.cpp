#include "decide/reading.hpp"

namespace unibox::decide {

Status MarkRead(const CommandContext& context, domain::ConversationWrite* to) {
    domain::CounterRow& counters = to->counters;
    if (!context.command.mark_read().unread()) {
        counters.unread_count = 0;
    } else if (counters.unread_count == 0 && counters.inbound_count > 0) {
        counters.unread_count = 1;
    }
    return {};
}

Status SetMuted(const CommandContext& context, domain::ConversationWrite* to) {
    to->row.muted = context.command.set_muted().muted();
    if (to->row.muted) to->row.waiting_since.reset();
    return {};
}

}  // namespace unibox::decide
