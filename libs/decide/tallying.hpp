// What is counted: the open conversations of each kind, and what went through each hour.
// Private to this library. Thread safety: pure functions, and of the effects.
#pragma once

#include "domain/batch_effects.hpp"
#include "domain/tallies.hpp"
#include "unibox/v1/common.pb.h"

#include <optional>

namespace unibox::decide {

// Under what a conversation is counted, and what of it. Nothing: it is closed.
struct Tallied {
    domain::TallyKey key;
    domain::Tally tally;
};
std::optional<Tallied> TalliedOf(const domain::ConversationWrite& conversation);

// Adds what one conversation makes different; entries that come to nothing are left out.
void AddDifference(
    const std::optional<Tallied>& before, const std::optional<Tallied>& after, domain::Tallies* to
);

// Each event once, in the hour that its own time is of, so that it does not matter when it is
// written, and with which others.
void CountBegun(const domain::ConversationWrite& conversation, domain::Volumes* volumes);
// `conversation` as it was before the message. Notes and activities are none.
void CountMessageVolume(
    const domain::MessageWrite& message,
    const domain::ConversationWrite& conversation,
    domain::Volumes* volumes
);
// If it was open before and is closed now. `actor` as of Cause.
void CountClosing(
    const domain::ConversationWrite& before,
    const domain::ConversationWrite& after,
    const v1::Actor* actor,
    domain::Volumes* volumes
);

}  // namespace unibox::decide
