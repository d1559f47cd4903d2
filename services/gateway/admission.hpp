// What every call passes, whatever its transport: a work thread, its key, its tenant's turn.
// Thread safety: any thread; never blocks.
#pragma once

#include "gateway/authn.hpp"
#include "gateway/tenant_turns.hpp"
#include "obs/metrics.hpp"
#include "rpc/dispatch.hpp"

#include <functional>
#include <string>

namespace unibox::gateway {

class Admission {
public:
    using UseCase = std::function<Status(const rpc::Call&, const Principal&)>;

    // All must outlive the object.
    Admission(
        rpc::Dispatcher& dispatcher,
        Authenticator& authenticator,
        TenantTurns& turns,
        obs::Metrics& metrics
    );

    const rpc::Dispatcher& dispatcher() const { return dispatcher_; }

    // Runs `use_case` on a work thread for whoever the key stands for, then `finish`, exactly once:
    // with its Status, or with that of Authenticator::Check or rpc::Dispatcher::Run, or with
    // RESOURCE_EXHAUSTED (reason "TENANT_OVERLOADED") if too many calls of the tenant wait.
    void Run(const std::string& method, rpc::Call call, UseCase use_case, rpc::Finish finish);

private:
    rpc::Dispatcher& dispatcher_;
    Authenticator& authenticator_;
    TenantTurns& turns_;
    obs::Counter& refused_;
};

}  // namespace unibox::gateway
