#include "channels/address.hpp"

namespace unibox::channels {

bool TakesByUrl(v1::Provider provider, std::string_view route_key, ProviderEvent* event) {
    if (event->provider != provider && event->alternative_provider != provider) return false;
    if (!event->route_key.empty() && !route_key.empty() && event->route_key != route_key) {
        return false;
    }
    event->provider = provider;
    return true;
}

}  // namespace unibox::channels
