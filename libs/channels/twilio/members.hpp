// The table of Twilio's parameters.
// Thread safety: constant tables.
#pragma once

#include "channels/members.hpp"

namespace unibox::channels {

// Without the numbers at the ends of parameters.
const MemberTable& TwilioParameterTable();

}  // namespace unibox::channels
