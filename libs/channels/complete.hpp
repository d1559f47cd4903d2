// Turns a provider's event into what the log carries, once its channel is known.
// Thread safety: pure functions, any thread.
#pragma once

#include "base/ids.hpp"
#include "channels/adapter.hpp"
#include "domain/card_limits.hpp"

#include <cstddef>
#include <cstdint>
#include <string>

namespace unibox::channels {

// Limits of an event, in bytes of UTF-8 where nothing else is said. Together they keep an event
// below NATS' 1 MB.
inline constexpr std::size_t kIdBytesMax =
    512;  // Provider ids, thread and contact keys, aliases: never cut.
inline constexpr std::size_t kTextBytesMax = 512 * 1024;
inline constexpr std::size_t kPayloadBytesMax = 64 * 1024;
inline constexpr std::size_t kNameBytesMax =
    255;  // Contact names, file names, MIME types, client references.
inline constexpr std::size_t kUrlBytesMax =
    2048;  // A longer URL is left out: half of one is worth nothing.
inline constexpr std::size_t kSubjectBytesMax = 1000;
inline constexpr int kAttachmentCountMax = 64;
// Of a person's card: a text; the items of one list; the card as vCard (else left out). All cards
// of one message together: the last ones are left out, their attachments stay.
using domain::kCardItemCountMax;
using domain::kCardsBytesMax;
using domain::kCardTextBytesMax;
using domain::kVcardBytesMax;
// Of a message's context: texts; ids and names have kIdBytesMax, URLs kUrlBytesMax.
inline constexpr std::size_t kContextTextBytesMax = 1024;
inline constexpr int kOrderItemCountMax = 64;
inline constexpr std::size_t kOrderTextBytesMax = 100;
inline constexpr int kAliasCountMax = 8;
inline constexpr std::size_t kAttributeCountMax = 32;  // Of a control event.
inline constexpr std::size_t kAttributeBytesMax = 1024;
// A provider time further ahead of the time of receipt than this is taken for unreadable (0).
inline constexpr std::int64_t kFutureMsMax = 24LL * 3600 * 1000;

// INVALID_ARGUMENT with the field if an identifying field is missing (thread_key, body) or longer
// than kIdBytesMax.
Status CheckIdentity(const event::v1::InboundEvent& event);

// Cuts what is over its limit, at a character border; true if anything was cut.
bool CutToLimits(event::v1::InboundEvent& event);

// Sets event_key, target_key, message_id, tenant, channel, provider, receive_time and traceparent,
// and applies CutToLimits. The event must have passed CheckIdentity (Parse has done so).
event::v1::InboundEvent Complete(
    ProviderEvent&& provider_event,
    TenantId tenant,
    const ChannelId& channel,
    std::int64_t receive_time_ms,
    std::string traceparent
);

}  // namespace unibox::channels
