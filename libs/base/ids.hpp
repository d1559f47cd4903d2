// Strong types for identifiers, so that two ids can never be exchanged by mistake.
// Thread safety: values.
#pragma once

#include "base/status.hpp"

#include <array>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <functional>
#include <span>
#include <string>
#include <string_view>

namespace unibox {

// 128 bits, ordered as bytes (PostgreSQL orders its uuid type alike).
struct Uuid {
    std::array<std::uint8_t, 16> bytes{};

    auto operator<=>(const Uuid&) const = default;
    // Lower-case 8-4-4-4-12 text.
    std::string ToString() const;
    // The 16 bytes as a string, as protobuf `bytes` fields carry them.
    std::string ToBytes() const;
    // Accepts the 36-character text in either case; INVALID_ARGUMENT otherwise.
    static Result<Uuid> Parse(std::string_view text);
    // Accepts exactly 16 bytes; INVALID_ARGUMENT otherwise.
    static Result<Uuid> FromBytes(std::string_view bytes);
};

// A random UUID version 7 (RFC 9562): unix_ms, then 74 random bits.
Uuid NewUuidV7(std::int64_t unix_ms);
// A UUID in version 7 layout whose random bits come from `entropy` (at least 10 bytes): the same
// input gives the same id on every machine.
Uuid DeterministicUuidV7(std::int64_t unix_ms, std::span<const std::uint8_t> entropy);
// The time inside a version 7 UUID, milliseconds since the Unix epoch.
std::int64_t UuidV7Millis(const Uuid& id);

template <typename Tag>
struct UuidId {
    Uuid value;
    auto operator<=>(const UuidId&) const = default;
    std::string ToString() const { return value.ToString(); }
};

using ChannelId = UuidId<struct ChannelTag>;
using ContactId = UuidId<struct ContactTag>;
using ConversationId = UuidId<struct ConversationTag>;
using MessageId = UuidId<struct MessageTag>;
using AgentId = UuidId<struct AgentTag>;
using TeamId = UuidId<struct TeamTag>;
// First 128 bits of a SHA-256 over the provider's ids (docs/architecture.md, "Event key").
using EventKey = UuidId<struct EventKeyTag>;

struct TenantId {
    std::int64_t value = 0;
    auto operator<=>(const TenantId&) const = default;
    std::string ToString() const { return std::to_string(value); }
};

}  // namespace unibox

template <>
struct std::hash<unibox::Uuid> {
    std::size_t operator()(const unibox::Uuid& id) const noexcept {
        std::uint64_t low = 0;  // The last 8 bytes of every id here are random or a hash.
        std::memcpy(&low, id.bytes.data() + 8, sizeof low);
        return static_cast<std::size_t>(low * 0x9E3779B97F4A7C15ULL);
    }
};
template <typename Tag>
struct std::hash<unibox::UuidId<Tag>> {
    std::size_t operator()(const unibox::UuidId<Tag>& id) const noexcept {
        return std::hash<unibox::Uuid>()(id.value);
    }
};
template <>
struct std::hash<unibox::TenantId> {
    std::size_t operator()(const unibox::TenantId& id) const noexcept {
        return std::hash<std::int64_t>()(id.value);
    }
};
