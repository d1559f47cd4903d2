#include "message-writer/batch.hpp"

#include "message-writer/derived_ids.hpp"
#include "message-writer/text.hpp"

#include <algorithm>

namespace unibox::writer {
namespace {

using event::v1::InboundEvent;

constexpr std::size_t kIdBytes = 16;
constexpr std::int64_t kTimeMsMax = 253402300799999;  // The last millisecond of the year 9999.
// Time of receipt comes from our own clocks and names database partitions, so it is held tighter.
constexpr std::int64_t kReceiveTimeMsMin = 946684800000;   // 2000-01-01
constexpr std::int64_t kReceiveTimeMsMax = 4102444800000;  // 2100-01-01

Status Wrong(std::string_view field, std::string message) {
    return InvalidArgument(std::move(message)).WithReason("INVALID_EVENT").WithField(field);
}

Status CheckId(std::string_view field, const std::string& bytes) {
    if (bytes.size() == kIdBytes) return {};
    return Wrong(field, "must have 16 bytes, has " + std::to_string(bytes.size()));
}

Status CheckKey(std::string_view field, const std::string& key) {
    if (key.size() > kKeyBytesMax) {
        return Wrong(field, "must have at most " + std::to_string(kKeyBytesMax) + " bytes");
    }
    if (!IsStorableText(key)) return Wrong(field, "must be UTF-8 without NUL");
    return {};
}

Status CheckReceipt(const InboundEvent& event) {
    const auto& receipt = event.receipt();
    if (receipt.state() < v1::DELIVERY_STATE_SENT || receipt.state() > v1::DELIVERY_STATE_READ) {
        return Wrong("receipt.state", "is no delivery state");
    }
    if (receipt.watermark_ms() == 0) return CheckId("target_key", event.target_key());
    if (receipt.watermark_ms() < 0) return Wrong("receipt.watermark_ms", "must not be negative");
    if (receipt.state() < v1::DELIVERY_STATE_DELIVERED) {
        return Wrong("receipt.state", "a watermark tells only of delivery or reading");
    }
    return {};
}

Status CheckReaction(const InboundEvent& event) {
    const auto& reaction = event.reaction();
    if (reaction.emoji().empty() && !reaction.removed()) {
        return Wrong("reaction.emoji", "is empty, and nothing is removed");
    }
    if (reaction.emoji().size() > kEmojiBytesMax) return Wrong("reaction.emoji", "is too long");
    return CheckId("target_key", event.target_key());
}

Status CheckMessage(const InboundEvent& event) {
    const auto direction = event.message().direction();
    if (direction != v1::DIRECTION_INBOUND && direction != v1::DIRECTION_OUTBOUND) {
        return Wrong("message.direction", "must be inbound or outbound");
    }
    const int kind = event.message().kind();
    if (kind < 0 || kind > 1000) return Wrong("message.kind", "is no kind of message");
    return CheckId("message_id", event.message_id());
}

Status CheckBody(const InboundEvent& event) {
    switch (event.body_case()) {
        case InboundEvent::kMessage:
            return CheckMessage(event);
        case InboundEvent::kEdit:
        case InboundEvent::kDelete:
            return CheckId("target_key", event.target_key());
        case InboundEvent::kReaction:
            return CheckReaction(event);
        case InboundEvent::kReceipt:
            return CheckReceipt(event);
        case InboundEvent::kTyping:
            return {};
        case InboundEvent::kControl:
            return event.control().type().empty() ? Wrong("control.type", "is empty") : Status();
        case InboundEvent::BODY_NOT_SET:
            break;
    }
    return Wrong("body", "is missing or of a kind that this version does not know");
}

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

Status Validate(const InboundEvent& event) {
    if (event.tenant_id() <= 0) return Wrong("tenant_id", "must be positive");
    UNIBOX_RETURN_IF_ERROR(CheckId("event_key", event.event_key()));
    UNIBOX_RETURN_IF_ERROR(CheckId("channel_id", event.channel_id()));
    if (event.provider() <= 0 || event.provider() > 1000) {
        return Wrong("provider", "is no provider");
    }
    const bool about_channel = event.control().about_channel();
    if (event.thread_key().empty() && !about_channel) return Wrong("thread_key", "is empty");
    UNIBOX_RETURN_IF_ERROR(CheckKey("thread_key", event.thread_key()));
    UNIBOX_RETURN_IF_ERROR(CheckKey("contact_key", event.contact_key()));
    if (event.receive_time_ms() < kReceiveTimeMsMin ||
        event.receive_time_ms() > kReceiveTimeMsMax) {
        return Wrong("receive_time_ms", "must lie between the years 2000 and 2100");
    }
    return CheckBody(event);
}

domain::BatchPlan Plan(std::span<const domain::BatchEvent> events) {
    Planner planner;
    for (const domain::BatchEvent& item : events) {
        if (Validate(item.event).ok()) planner.Add(item.event);
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
    return std::string(FirstChars(StorableText(event.contact_name()), kDisplayNameCharsMax));
}

bool AddAliases(const InboundEvent& event, std::vector<std::string>* aliases) {
    bool added = false;
    for (const std::string& alias : event.contact_aliases()) {
        if (aliases->size() >= kAliasCountMax) break;
        const bool usable = !alias.empty() && alias.size() <= kKeyBytesMax && IsStorableText(alias);
        if (!usable || std::find(aliases->begin(), aliases->end(), alias) != aliases->end())
            continue;
        aliases->push_back(alias);
        added = true;
    }
    return added;
}

}  // namespace unibox::writer
