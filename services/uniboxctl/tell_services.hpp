// Word to the services that what they cached was changed.
// Thread safety: one thread.
#pragma once

namespace unibox::ctl {

class Context;

// So that they ask anew; without NATS, which is noted, their caches age out by themselves.
void TellServices(Context& context);

}  // namespace unibox::ctl
