// The identities of an inbound event: pure functions of what the provider said, the same on every
// machine and on every retry. The clock of this machine never enters an event key. Thread safety:
// pure functions, any thread.
#pragma once

#include "base/ids.hpp"

#include <cstdint>
#include <string_view>

namespace unibox::domain {

// The classes of event keys; free words, but these are the ones that adapters use.
inline constexpr std::string_view kClassMessage = "message";  // Also postbacks, echoes, own sends.
inline constexpr std::string_view kClassEdit = "edit";
inline constexpr std::string_view kClassDelete = "delete";
inline constexpr std::string_view kClassReaction = "reaction";
inline constexpr std::string_view kClassReceipt = "receipt";
inline constexpr std::string_view kClassTyping = "typing";
inline constexpr std::string_view kClassControl = "control";

// First 128 bits of SHA-256 over five parts, each with its length before it (4 bytes, big endian):
// tenant (decimal text), channel (its 16 bytes), class, provider id, discriminator.
EventKey EventKeyOf(
    TenantId tenant,
    const ChannelId& channel,
    std::string_view key_class,
    std::string_view provider_id,
    std::string_view discriminator
);

// UUIDv7 layout: `time_ms` (the provider's time, else the time of receipt; Unix, UTC; clamped to
// the 48 bits of the layout), then 74 bits of the event key.
MessageId MessageIdOf(std::int64_t time_ms, const EventKey& event_key);

// FNV-1a-32 modulo `partition_count` (at least 1) over these bytes without separators: the tenant
// as decimal text, the channel as 36-character lower-case text, the thread key.
std::uint32_t PartitionOf(
    TenantId tenant,
    const ChannelId& channel,
    std::string_view thread_key,
    std::uint32_t partition_count
);

}  // namespace unibox::domain
