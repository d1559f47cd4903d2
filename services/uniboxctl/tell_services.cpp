#include "uniboxctl/tell_services.hpp"

#include "base/clock.hpp"
#include "subjects/subjects.hpp"
#include "uniboxctl/context.hpp"

namespace unibox::ctl {

void TellServices(Context& context) {
    auto nats = context.Nats();
    Status told = nats.status();
    if (nats.ok()) told = (*nats)->TellChange(subjects::kChannelsChanged, Millis(2000));
    if (!told.ok()) {
        context.Note(
            "note: the services could not be told (" + told.message() +
            "); they see the change when their caches expire"
        );
    }
}

}  // namespace unibox::ctl
