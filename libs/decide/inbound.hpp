// Reading a valid inbound event as the inbox means it: its ids, times, names.
// Thread safety: pure functions, any thread.
#pragma once

#include "decide/cause.hpp"
#include "domain/batch_plan.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace unibox::decide {

inline constexpr std::size_t kAliasCountMax = 16;
inline constexpr std::size_t kDisplayNameCharsMax = 200;
// A message's created_at lies in [received - 7 days, received + 5 min].
inline constexpr std::int64_t kBackdatedMsMax = 7LL * 24 * 3600 * 1000;
inline constexpr std::int64_t kPostdatedMsMax = 5LL * 60 * 1000;

InputIds InputIdsOf(const event::v1::InboundEvent& event);

// A notice that its contact goes on under other ids.
bool MovesContact(const event::v1::InboundEvent& event);
// The contact's key; where the provider names none (groups), the thread key stands in.
const std::string& ContactKeyOf(const event::v1::InboundEvent& event);
// The provider's time, or nothing if it gave none that can be believed (before 1970, after 9999).
std::optional<std::int64_t> ProviderTimeOf(const event::v1::InboundEvent& event);
// Provider time, else time of receipt, clamped to [received - 7 days, received + 5 min].
std::int64_t CreatedAtOf(const event::v1::InboundEvent& event);
// The watermark, at most received + 5 min: a provider's wrong clock must not mark what is to come.
std::int64_t WatermarkOf(const event::v1::InboundEvent& event);
// The name as it is stored: valid UTF-8, at most kDisplayNameCharsMax characters.
std::string DisplayNameOf(const event::v1::InboundEvent& event);
// The contact of this event, should it be the first that is heard of it.
domain::NewContact NewContactOf(const event::v1::InboundEvent& event, std::int64_t created_at);
// Adds those aliases of the event that are not there yet (at most kAliasCountMax in all); true if
// there was one.
bool AddAliases(const event::v1::InboundEvent& event, std::vector<std::string>* aliases);

}  // namespace unibox::decide
