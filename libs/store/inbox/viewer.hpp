// Who looks, as far as it decides what there is to see.
// Thread safety: a value.
#pragma once

#include "base/ids.hpp"

#include <optional>

namespace unibox::store {

struct Viewer {
    // An agent that sees the conversations (and contacts) of the channels that it is a member of;
    // the others are not there for it. Absent: everything of the tenant is seen.
    std::optional<AgentId> member;
};

}  // namespace unibox::store
