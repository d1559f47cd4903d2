#include "message-writer/batch.hpp"

#include "base/utf8.hpp"
#include "domain/inbound_event.hpp"
#include "message-writer/derived_ids.hpp"
#include "message-writer/text.hpp"

#include <algorithm>

namespace unibox::writer {
namespace {

using event::v1::InboundEvent;

constexpr std::size_t kIdBytes = 16;
constexpr std::int64_t kTimeMsMax = 253402300799999;  // The last millisecond of the year 9999.
Uuid UuidOf(const std::string& bytes) {
    Uuid id;
    if (bytes.size() == kIdBytes) std::memcpy(id.bytes.data(), bytes.data(), kIdBytes);
    return id;
}

void PlanContact(const InboundEvent& event, const EventIds& ids, domain::BatchPlan* plan) {
    const std::int64_t created_at = CreatedAtOf(event);
    domain::ContactKey contact_key{ids.tenant, ids.channel, ContactKeyOf(event)};
    if (const auto at = plan->contacts.lower_bound(contact_key);
        at == plan->contacts.end() || at->first != contact_key) {
        domain::NewContact contact{
            ContactIdOf(created_at, ids.key), DisplayNameOf(event), {}, event.receive_time_ms()};
        AddAliases(event, &contact.aliases);
        plan->contacts.emplace_hint(at, std::move(contact_key), std::move(contact));
    }
}

void PlanThread(const InboundEvent& event, const EventIds& ids, domain::BatchPlan* plan) {
    PlanContact(event, ids, plan);
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
void PlanMove(const InboundEvent& event, const EventIds& ids, domain::BatchPlan* plan) {
    PlanContact(event, ids, plan);
    std::vector<std::string> new_keys;
    AddAliases(event, &new_keys);
    for (std::string& new_key : new_keys) {
        if (new_key == ContactKeyOf(event)) continue;
        auto& move = plan->moves[{ids.tenant, ids.channel, std::move(new_key)}];
        if (move.from_key.empty() || move.moved_at <= CreatedAtOf(event))
            move = {ContactKeyOf(event), CreatedAtOf(event)};
    }
}

void PlanReceipt(const InboundEvent& event, const EventIds& ids, domain::BatchPlan* plan) {
    if (event.receipt().watermark_ms() == 0) {
        plan->target_refs.insert({ids.tenant, ids.channel, ids.target});
        return;
    }
    PlanThread(event, ids, plan);
}

class Planner {
public:
    void Add(const InboundEvent& event);
    domain::BatchPlan Take() && { return std::move(plan_); }

private:
    domain::BatchPlan plan_;
    std::set<domain::EventRef> with_contents_;
};

void Planner::Add(const InboundEvent& event) {
    domain::BatchPlan* const plan = &plan_;
    const EventIds ids = EventIdsOf(event);
    const domain::EventRef own{ids.tenant, ids.channel, ids.key};
    switch (event.body_case()) {
        case InboundEvent::kMessage:
            PlanThread(event, ids, plan);
            plan->channels.insert({ids.tenant, ids.channel});
            if (plan->event_refs.insert(own).second) plan->parked_targets.push_back(own);
            break;
        case InboundEvent::kEdit:
        case InboundEvent::kDelete:
        case InboundEvent::kReaction: {
            const domain::EventRef target{ids.tenant, ids.channel, ids.target};
            plan->event_refs.insert(own);
            plan->target_refs.insert(target);
            if (with_contents_.insert(target).second) plan->content_refs.push_back(target);
            break;
        }
        case InboundEvent::kReceipt:
            PlanReceipt(event, ids, plan);
            break;
        case InboundEvent::kControl:
            plan->event_refs.insert(own);
            if (MovesContact(event)) PlanMove(event, ids, plan);
            break;
        case InboundEvent::kTyping:
        case InboundEvent::BODY_NOT_SET:
            break;
    }
}

}  // namespace

domain::BatchPlan Plan(std::span<const domain::BatchEvent> events) {
    Planner planner;
    for (const domain::BatchEvent& item : events) {
        if (domain::Validate(item.event).ok()) planner.Add(item.event);
    }
    return std::move(planner).Take();
}

EventIds EventIdsOf(const InboundEvent& event) {
    return {
        TenantId{event.tenant_id()},
        ChannelId{UuidOf(event.channel_id())},
        EventKey{UuidOf(event.event_key())},
        EventKey{UuidOf(event.target_key())}};
}

bool MovesContact(const InboundEvent& event) {
    return event.control().contact_moved() && !event.contact_key().empty();
}

const std::string& ContactKeyOf(const InboundEvent& event) {
    return event.contact_key().empty() ? event.thread_key() : event.contact_key();
}

std::optional<std::int64_t> ProviderTimeOf(const InboundEvent& event) {
    const std::int64_t unix_ms = event.provider_time_ms();
    if (unix_ms <= 0 || unix_ms > kTimeMsMax) return std::nullopt;
    return unix_ms;
}

std::int64_t CreatedAtOf(const InboundEvent& event) {
    const std::int64_t received_at = event.receive_time_ms();
    return std::clamp(
        ProviderTimeOf(event).value_or(received_at),
        received_at - kBackdatedMsMax,
        received_at + kPostdatedMsMax
    );
}

std::int64_t WatermarkOf(const InboundEvent& event) {
    return std::min(event.receipt().watermark_ms(), event.receive_time_ms() + kPostdatedMsMax);
}

std::string DisplayNameOf(const InboundEvent& event) {
    return std::string(FirstCharacters(CleanText(event.contact_name()), kDisplayNameCharsMax));
}

bool AddAliases(const InboundEvent& event, std::vector<std::string>* aliases) {
    bool added = false;
    for (const std::string& alias : event.contact_aliases()) {
        if (aliases->size() >= kAliasCountMax) break;
        const bool usable =
            !alias.empty() && alias.size() <= domain::kKeyBytesMax && IsCleanText(alias);
        if (!usable || std::find(aliases->begin(), aliases->end(), alias) != aliases->end())
            continue;
        aliases->push_back(alias);
        added = true;
    }
    return added;
}

}  // namespace unibox::writer
