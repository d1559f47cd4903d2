// What every call passes, whatever its transport: its key, its rates, then its tenant's turn on a
// work thread.
// Nothing of it waits for a thread before it is known whose it is.
// Thread safety: any thread; never blocks.
#pragma once

#include "async/fair_pool.hpp"
#include "auth/authenticator.hpp"
#include "gateway/call_limits.hpp"
#include "gateway/method.hpp"
#include "limits/limiter.hpp"
#include "obs/metrics.hpp"
#include "rpc/dispatch.hpp"

#include <functional>
#include <memory>

namespace unibox::gateway {

class Admission {
public:
    using UseCase = std::function<Status(const Caller&)>;

    // What reads waits for PostgreSQL, what changes for message-writer: one that is slow holds no
    // thread of the other's. What searches may keep PostgreSQL busy, and holds no thread of either.
    struct Pools {
        async::FairPool& reads;
        async::FairPool& changes;
        async::FairPool& administration;
        async::FairPool& searches;
    };

    // All must outlive the object.
    Admission(
        const rpc::Calls& calls,
        auth::Authenticator& authenticator,
        limits::Limiter& limiter,
        const CallLimits& limits,
        Pools pools,
        obs::Metrics& metrics
    );

    const rpc::Calls& calls() const { return calls_; }

    // Runs `use_case` on a work thread for whoever the key stands for, then `finish`, exactly once:
    // with its Status, or with that of Authenticator::Check or rpc::RunInTime (which runs nothing
    // that is late or that nobody waits for), or with RESOURCE_EXHAUSTED: OVER_RATE, or
    // TENANT_OVERLOADED if too much waits and the tenant has the most of it. The call's
    // answer_fields tell of its rates, but where the caller was not judged, or lacks the scope.
    // A key without the method's scope is refused. `method` must outlive the call.
    void Run(const Method& method, rpc::Call call, UseCase use_case, rpc::Finish finish);

private:
    async::FairPool& PoolOf(const Method& method) const;
    // A call on its way to a work thread.
    struct Arrival {
        const Method& method;
        rpc::Call call;
        UseCase use_case;
        rpc::Finish done;
    };
    using ArrivalPtr = std::shared_ptr<const Arrival>;

    void OnCaller(const ArrivalPtr& arrival, const auth::Principal& principal);
    // Who is nobody learns so only a few times.
    void RefuseStranger(const ArrivalPtr& arrival, const Status& refusal);
    void Queue(const ArrivalPtr& arrival, const auth::Principal& principal);

    const rpc::Calls& calls_;
    auth::Authenticator& authenticator_;
    limits::Limiter& limiter_;
    const CallLimits& limits_;
    const Pools pools_;
    obs::Counter& refused_;
};

}  // namespace unibox::gateway
