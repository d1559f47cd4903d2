#include "channels/account_routes.hpp"

#include <algorithm>

namespace unibox::channels {
void AccountRoutes::Resolve(std::vector<ProviderEvent>& events) {
    const ProviderEvent* last = nullptr;
    for (const ProviderEvent& event : events) {
        if (event.route_key.empty() || event.account_key.empty()) continue;
        const bool same = last != nullptr && last->route_key == event.route_key &&
                          last->account_key == event.account_key &&
                          last->account_number == event.account_number;
        if (!same) Learn(event);
        last = &event;
    }
    if (std::none_of(events.begin(), events.end(), IsNotice)) return;
    std::vector<ProviderEvent> resolved;
    for (ProviderEvent& event : events) {
        const auto routes = IsNotice(event) ? RoutesOf(event) : std::vector<std::string>();
        for (const std::string& route : routes) {
            resolved.push_back(event);
            resolved.back().route_key = route;
        }
        if (routes.empty()) resolved.push_back(std::move(event));
    }
    events = std::move(resolved);
}

void AccountRoutes::Learn(const ProviderEvent& event) {
    const Key key{event.provider, event.account_key};
    const MutexLock lock(mutex_);
    const auto [account, added] = accounts_.try_emplace(key);
    if (added) learnt_.push_back(key);
    Routes& routes = account->second;
    if (routes.size() < kRoutesPerAccountMax || routes.contains(event.route_key)) {
        std::string& number = routes[event.route_key];
        if (!event.account_number.empty()) number = event.account_number;
    }
    if (accounts_.size() <= account_count_max_) return;
    accounts_.erase(learnt_.front());
    learnt_.pop_front();
}

std::vector<std::string> AccountRoutes::RoutesOf(const ProviderEvent& event) const {
    std::vector<std::string> routes;
    const MutexLock lock(mutex_);
    const auto account = accounts_.find({event.provider, event.account_key});
    if (account == accounts_.end()) return routes;
    for (const auto& [route, number] : account->second) {
        if (event.account_number.empty() || number == event.account_number) routes.push_back(route);
    }
    return routes;
}

}  // namespace unibox::channels
