// Who the turns in the queues are for: a tenant, an app, or a client network as long as nothing
// more is known. Thread safety: pure functions.
#pragma once

#include "async/fair_queue.hpp"
#include "base/ids.hpp"
#include "net/client_network.hpp"

#include <functional>
#include <string_view>

namespace unibox::ingest {

// Numbers of one kind must not meet those of another.
inline async::Flow MixFlow(std::uint64_t kind, std::uint64_t value) {
    constexpr std::uint64_t kOdd = 0x9E3779B97F4A7C15;
    return value * kOdd + kind;
}
inline async::Flow FlowOf(TenantId tenant) {
    return MixFlow(1, static_cast<std::uint64_t>(tenant.value));
}
inline async::Flow FlowOf(const Uuid& app) {
    return MixFlow(2, std::hash<Uuid>()(app));
}
inline async::Flow FlowOfNetwork(std::string_view address) {
    return MixFlow(3, net::NetworkOf(address));
}

}  // namespace unibox::ingest
