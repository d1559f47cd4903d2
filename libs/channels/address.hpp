// Whether a channel takes an event.
// Thread safety: pure functions, any thread.
#pragma once

#include "channels/adapter.hpp"

#include <string_view>

namespace unibox::channels {

// A channel reached by its own URL takes what is addressed to it or to nobody, and nothing that is
// addressed to another route: a tenant's own secret must not open other doors. `provider` and
// `route_key` (may be empty) are the channel's; when it takes the event, event->provider becomes
// its provider.
bool TakesByUrl(v1::Provider provider, std::string_view route_key, ProviderEvent* event);

}  // namespace unibox::channels
