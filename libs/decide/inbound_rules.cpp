#include "decide/inbound_rules.hpp"

#include "decide/changes.hpp"
#include "decide/control.hpp"
#include "decide/inbound.hpp"
#include "decide/messages.hpp"
#include "decide/receipts.hpp"
#include "domain/inbound_event.hpp"

namespace unibox::decide {
namespace {

using domain::EventRef;
using event::v1::InboundEvent;

void AddContact(const InboundEvent& event, const InputIds& ids, domain::BatchPlan* plan) {
    const std::int64_t created_at = CreatedAtOf(event);
    domain::ContactKey contact_key{ids.tenant, ids.channel, ContactKeyOf(event)};
    if (const auto at = plan->contacts.lower_bound(contact_key);
        at == plan->contacts.end() || at->first != contact_key) {
        plan->contacts.emplace_hint(at, std::move(contact_key), NewContactOf(event, created_at));
    }
}

void AddThread(const InboundEvent& event, const InputIds& ids, domain::BatchPlan* plan) {
    AddContact(event, ids, plan);
    const std::int64_t created_at = CreatedAtOf(event);
    domain::ThreadKey thread_key{ids.tenant, ids.channel, event.thread_key()};
    if (const auto at = plan->threads.lower_bound(thread_key);
        at == plan->threads.end() || at->first != thread_key) {
        plan->threads.emplace_hint(
            at, std::move(thread_key), domain::NewThread{ContactKeyOf(event), created_at}
        );
    }
}

// The notice that a contact goes on under other ids.
void AddMove(const InboundEvent& event, const InputIds& ids, domain::BatchPlan* plan) {
    AddContact(event, ids, plan);
    std::vector<std::string> new_keys;
    AddAliases(event, &new_keys);
    for (std::string& new_key : new_keys) {
        if (new_key == ContactKeyOf(event)) continue;
        auto& move = plan->moves[{ids.tenant, ids.channel, std::move(new_key)}];
        if (move.from_key.empty() || move.moved_at <= CreatedAtOf(event))
            move = {ContactKeyOf(event), CreatedAtOf(event)};
    }
}

bool IsWatermark(const InboundEvent& event) {
    return event.receipt().watermark_ms() != 0;
}

}  // namespace

bool IsValid(const InboundEvent& event) {
    return domain::Validate(event).ok();
}

void Reject(const InboundEvent& /*event*/, WorkingState* state) {
    ++state->effects().ignored_count;
}

void AddToPlan(const InboundEvent& event, PlanDraft* draft) {
    domain::BatchPlan* const plan = &draft->plan;
    const InputIds ids = InputIdsOf(event);
    const EventRef own{ids.tenant, ids.channel, ids.key};
    const EventRef target{ids.tenant, ids.channel, ids.target};
    switch (event.body_case()) {
        case InboundEvent::kMessage:
            AddThread(event, ids, plan);
            plan->channels.insert({ids.tenant, ids.channel});
            if (plan->event_refs.insert(own).second) plan->parked_targets.push_back(own);
            break;
        case InboundEvent::kEdit:
        case InboundEvent::kDelete:
        case InboundEvent::kReaction:
            plan->event_refs.insert(own);
            plan->target_refs.insert(target);
            if (draft->with_contents.insert(target).second) plan->content_refs.push_back(target);
            break;
        case InboundEvent::kReceipt:
            if (IsWatermark(event)) {
                AddThread(event, ids, plan);
            } else {
                plan->target_refs.insert(target);
            }
            break;
        case InboundEvent::kControl:
            plan->event_refs.insert(own);
            if (MovesContact(event)) AddMove(event, ids, plan);
            break;
        case InboundEvent::kTyping:
        case InboundEvent::BODY_NOT_SET:
            break;
    }
}

Cause CauseOf(domain::ShardId shard, const InboundEvent& event) {
    return {shard, InputIdsOf(event), event.receive_time_ms(), event.traceparent()};
}

const domain::DetachedLeaf* AwaitedLeaf(
    const Cause& cause, const InboundEvent& event, const WorkingState& state
) {
    if (!state.AnyLeafIsDetached() || event.has_typing()) return nullptr;
    const InputIds& ids = cause.ids;
    const domain::ThreadKey thread{ids.tenant, ids.channel, event.thread_key()};
    const EventRef target{ids.tenant, ids.channel, ids.target};
    if (event.has_receipt()) {
        return IsWatermark(event) ? state.LeafOfLatest(thread) : state.LeafOfTarget(target);
    }
    // Each of the others is remembered under its own key.
    if (state.IsKnown({ids.tenant, ids.channel, ids.key})) return nullptr;
    if (const auto* leaf = state.LeafOfRefs(domain::kDedupDays)) return leaf;
    if (event.has_control()) return nullptr;
    if (!event.has_message()) return state.LeafOfTarget(target);
    if (const auto* leaf = state.LeafOfNewMessage(thread, CreatedAtOf(event))) return leaf;
    // What a blocked customer begins is closed at once.
    if (!state.IsBlocked({ids.tenant, ids.channel, ContactKeyOf(event)})) return nullptr;
    return state.LeafOfClosedAt(state.now_ms());
}

bool StateWasRead(const Cause& cause, const InboundEvent& event, const WorkingState& state) {
    const InputIds& ids = cause.ids;
    switch (event.body_case()) {
        case InboundEvent::kMessage:
            return state.ParkedWereRead({ids.tenant, ids.channel, ids.key});
        case InboundEvent::kEdit:
        case InboundEvent::kDelete:
        case InboundEvent::kReaction:
            return state.ContentsWereRead({ids.tenant, ids.channel, ids.target});
        default:
            return true;
    }
}

void Apply(const Cause& cause, const InboundEvent& event, WorkingState* state) {
    switch (event.body_case()) {
        case InboundEvent::kMessage:
            return OnMessage(cause, event, state);
        case InboundEvent::kEdit:
        case InboundEvent::kDelete:
        case InboundEvent::kReaction:
            return OnChange(cause, event, state);
        case InboundEvent::kReceipt:
            return IsWatermark(event) ? OnWatermark(cause, event, state)
                                      : OnReceipt(cause, event, state);
        case InboundEvent::kControl:
            return OnControl(cause, event, state);
        case InboundEvent::kTyping:
            return state->feed().TypingReceived(cause, event);
        case InboundEvent::BODY_NOT_SET:
            break;
    }
    ++state->effects().ignored_count;
}

}  // namespace unibox::decide
