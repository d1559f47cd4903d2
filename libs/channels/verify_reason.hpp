// Why Adapter::Verify refused, where that is more than a signature that does not match: the reason
// of its UNAUTHENTICATED. For operators; the caller learns nothing of it.
// Thread safety: constants.
#pragma once

#include <string_view>

namespace unibox::channels {

// The signature is right, and the time that it covers is too far from ours: our clock or the
// sender's is wrong, or somebody repeats an old request. The message says how far, and which way.
inline constexpr std::string_view kSignedTimeAway = "SIGNED_TIME_AWAY";

}  // namespace unibox::channels
