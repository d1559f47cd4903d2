#include "decide/inbound.hpp"

#include "base/utf8.hpp"
#include "decide/derived_ids.hpp"
#include "domain/inbound_event.hpp"

#include <algorithm>
#include <cstring>

namespace unibox::decide {
namespace {

using event::v1::InboundEvent;

constexpr std::size_t kIdBytes = 16;
constexpr std::int64_t kTimeMsMax = 253402300799999;  // The last millisecond of the year 9999.

Uuid UuidOf(const std::string& bytes) {
    Uuid id;
    if (bytes.size() == kIdBytes) std::memcpy(id.bytes.data(), bytes.data(), kIdBytes);
    return id;
}

}  // namespace

InputIds InputIdsOf(const InboundEvent& event) {
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

domain::NewContact NewContactOf(const InboundEvent& event, std::int64_t created_at) {
    domain::NewContact contact{
        ContactIdOf(created_at, InputIdsOf(event).key),
        DisplayNameOf(event),
        {},
        event.receive_time_ms()};
    AddAliases(event, &contact.aliases);
    return contact;
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

}  // namespace unibox::decide
