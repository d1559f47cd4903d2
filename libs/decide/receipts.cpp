#include "decide/receipts.hpp"

#include "decide/changes.hpp"
#include "decide/inbound.hpp"

#include <algorithm>

namespace unibox::decide {

using event::v1::InboundEvent;

void OnReceipt(const Cause& cause, const InboundEvent& event, WorkingState* state) {
    const domain::EventRef target{cause.ids.tenant, cause.ids.channel, cause.ids.target};
    const auto position = state->FindPosition(target);
    if (!position) return state->Park(target, {cause.ids.key, event});
    ApplyToMessage(cause, event, *position, state);
}

void OnWatermark(const Cause& cause, const InboundEvent& event, WorkingState* state) {
    const bool read = event.receipt().state() == v1::DELIVERY_STATE_READ;
    const std::int64_t until_ms = WatermarkOf(event);
    domain::ThreadRow& thread =
        state->ThreadOf({cause.ids.tenant, cause.ids.channel, event.thread_key()});
    std::int64_t& watermark = read ? thread.read_until : thread.delivered_until;
    if (until_ms <= watermark) {
        ++state->effects().ignored_count;
        return;
    }
    watermark = until_ms;
    state->MarkChanged(thread);
    if (!thread.conversation) return;
    WorkingConversation* conversation =
        state->FindConversation({cause.ids.tenant, *thread.conversation});
    if (conversation == nullptr) return;
    domain::CounterRow& counters = conversation->write.counters;
    const std::int64_t covered =
        read ? counters.read_until : std::max(counters.read_until, counters.delivered_until);
    const auto last_at = conversation->write.row.last_agent_at;
    if (until_ms <= covered || !last_at || *last_at <= covered) return;  // nothing new below it
    (read ? counters.read_until : counters.delivered_until) = until_ms;
    ++counters.version;
    conversation->changed = true;
    state->feed().MessagesDelivered(
        cause, state->ViewOf(*conversation), event.receipt().state(), until_ms
    );
}

}  // namespace unibox::decide
