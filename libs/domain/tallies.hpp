// What is counted of a tenant's inbox: how many open conversations there are of each kind, and how
// much went through it in each hour. Changes of both are additive, so that they can be kept apart
// by who made them, and put together later. Thread safety: values.
#pragma once

#include "base/ids.hpp"
#include "unibox/v1/common.pb.h"

#include <array>
#include <compare>
#include <cstdint>
#include <map>
#include <optional>

namespace unibox::domain {

// What conversations that are not closed are told apart by.
struct TallyKey {
    TenantId tenant;
    ChannelId channel;
    v1::ConversationStatus status{};
    std::optional<AgentId> assignee;
    std::optional<TeamId> team;
    auto operator<=>(const TallyKey&) const = default;
};
struct Tally {
    std::int64_t conversations = 0;
    std::int64_t unread = 0;           // of them: those with unread messages
    std::int64_t unread_messages = 0;  // these together
    std::int64_t waiting = 0;          // of them: those whose customer waits for an answer

    Tally& operator+=(const Tally& other) {
        conversations += other.conversations;
        unread += other.unread;
        unread_messages += other.unread_messages;
        waiting += other.waiting;
        return *this;
    }
    Tally operator-() const { return {-conversations, -unread, -unread_messages, -waiting}; }
    auto operator<=>(const Tally&) const = default;
};
using Tallies = std::map<TallyKey, Tally>;

inline constexpr std::int64_t kHourMs = 3'600'000;

// An hour (of UTC) of a channel: what an agent did, or (without one) all that no agent did.
struct VolumeKey {
    TenantId tenant;
    std::int64_t hour_ms = 0;  // its beginning, Unix time
    ChannelId channel;
    std::optional<AgentId> agent;
    auto operator<=>(const VolumeKey&) const = default;
};
struct Volume {
    std::int64_t begun = 0;            // conversations
    std::int64_t inbound = 0;          // messages of customers
    std::int64_t agent_outbound = 0;   // messages to customers: of agents,
    std::int64_t bot_outbound = 0;     // of programs,
    std::int64_t other_outbound = 0;   // and what was sent past Unibox, and echoed
    std::int64_t responses = 0;        // answers to a customer that waited
    std::int64_t response_ms = 0;      // how long these customers had waited, together
    std::int64_t first_responses = 0;  // of them: the first answer of a conversation
    std::int64_t first_response_ms = 0;
    std::int64_t closed = 0;         // conversations
    std::int64_t resolution_ms = 0;  // from their beginning to then, together

    Volume& operator+=(const Volume& other);
    auto operator<=>(const Volume&) const = default;
};
using Volumes = std::map<VolumeKey, Volume>;

// All that a volume counts, in the order of its columns.
inline constexpr std::array kVolumeFields = {
    &Volume::begun,
    &Volume::inbound,
    &Volume::agent_outbound,
    &Volume::bot_outbound,
    &Volume::other_outbound,
    &Volume::responses,
    &Volume::response_ms,
    &Volume::first_responses,
    &Volume::first_response_ms,
    &Volume::closed,
    &Volume::resolution_ms};

inline Volume& Volume::operator+=(const Volume& other) {
    for (const auto field : kVolumeFields) this->*field += other.*field;
    return *this;
}

// The beginning of the hour of a time, also of one before 1970.
constexpr std::int64_t HourOf(std::int64_t unix_ms) {
    const std::int64_t rest = unix_ms % kHourMs;
    return unix_ms - (rest < 0 ? rest + kHourMs : rest);
}

}  // namespace unibox::domain
