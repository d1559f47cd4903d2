// Asks the server, again and again, over its own listening socket, whether it is there.
// Thread safety: Alive from any thread.
#pragma once

#include "async/periodic.hpp"
#include "base/clock.hpp"
#include "base/mutex.hpp"
#include "base/status.hpp"
#include "obs/metrics.hpp"
#include "rpc/detail/acceptor.hpp"

#include <atomic>

namespace grpc {
class ClientContext;
}

namespace unibox::rpc::detail {

struct ProbeSettings {
    Millis interval{5'000};
    Millis answer_max{5'000};
    int failure_count_max = 3;  // In a row; then the listener counts as dead.
};

class Probe {
public:
    // The first probe is made at once. Both must outlive the object.
    Probe(Acceptor& acceptor, const ProbeSettings& settings, obs::Metrics& metrics);
    // Cuts a probe that waits for its answer short.
    ~Probe();
    Probe(const Probe&) = delete;
    Probe& operator=(const Probe&) = delete;

    // UNAVAILABLE once the last failure_count_max probes have failed.
    Status Alive() const;

private:
    void Run();
    Status Ask();
    // The question itself, over a connected socket.
    Status Check(int descriptor);
    bool stopping();

    Acceptor& acceptor_;
    const ProbeSettings settings_;
    obs::Counter& failures_;
    std::atomic<int> failed_count_{0};  // Since the last good one.
    Mutex mutex_;
    bool stopping_ UNIBOX_GUARDED_BY(mutex_) = false;
    grpc::ClientContext* asking_ UNIBOX_GUARDED_BY(mutex_) = nullptr;
    async::Periodic periodic_;  // Last: it uses the rest.
};

}  // namespace unibox::rpc::detail
