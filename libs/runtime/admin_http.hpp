// The admin port: /livez, /readyz, /metrics, /config.
// Thread safety: AdminState's atomics from any thread; the rest is set before Start.
#pragma once

#include "base/clock.hpp"
#include "base/status.hpp"
#include "obs/metrics.hpp"

#include <atomic>
#include <functional>
#include <memory>
#include <string>

namespace unibox::runtime {

struct AdminState {
    std::atomic<bool> ready{false};
    std::atomic<bool> stopping{false};
    // What keeps the process from being alive; Ok, or empty, if nothing does. Any thread.
    std::function<Status()> liveness;
    obs::Metrics* metrics = nullptr;
    std::string config_text;  // TOML, masked.
};

class AdminHttp {
public:
    // `state` and `clock` must outlive the object. UNAVAILABLE if the address is taken.
    static Result<std::unique_ptr<AdminHttp>> Start(
        const std::string& listen, const AdminState& state, const Clock& clock
    );
    virtual ~AdminHttp() = default;  // Stops.
    virtual std::string address() const = 0;
};

}  // namespace unibox::runtime
