// Which channels belong to a business account. Notices about an account (it is disabled, a number
// may send less) name the account and perhaps a number, but no route; the webhooks with messages
// name both, so what belongs together is learnt from these. After a start an account is known from
// its first message on; a notice before that is kept raw like everything without a route, and can
// be replayed to the routes that the operator names.
//
// Limits: kAccountCountMax accounts (then the one learnt first is forgotten) of at most
// kRoutesPerAccountMax numbers. Thread safety: any thread.
#pragma once

#include "base/mutex.hpp"
#include "channels/adapter.hpp"

#include <cstddef>
#include <deque>
#include <map>
#include <string>
#include <utility>
#include <vector>

namespace unibox::channels {

class AccountRoutes {
public:
    static constexpr std::size_t kAccountCountMax = 20'000;
    static constexpr std::size_t kRoutesPerAccountMax = 100;

    explicit AccountRoutes(std::size_t account_count_max = kAccountCountMax)
        : account_count_max_(account_count_max) {}

    // Learns from the events that name a route and an account, and puts in the place of each event
    // that names an account alone one for every route of it: those of the event's number, if it
    // names one. What is of no known account stays as it is.
    void Resolve(std::vector<ProviderEvent>& events);

    // A notice about an account, or a number of it, whose route nobody has told.
    static bool IsNotice(const ProviderEvent& event) {
        return event.route_key.empty() && !event.account_key.empty();
    }

private:
    using Key = std::pair<v1::Provider, std::string>;   // And account.
    using Routes = std::map<std::string, std::string>;  // Route key, number.

    void Learn(const ProviderEvent& event);
    std::vector<std::string> RoutesOf(const ProviderEvent& event) const;

    const std::size_t account_count_max_;
    mutable Mutex mutex_;
    std::map<Key, Routes> accounts_ UNIBOX_GUARDED_BY(mutex_);
    std::deque<Key> learnt_ UNIBOX_GUARDED_BY(mutex_);  // The oldest first.
};

}  // namespace unibox::channels
