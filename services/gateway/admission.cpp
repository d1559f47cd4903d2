#include "gateway/admission.hpp"

#include "gateway/inbox.hpp"

#include <utility>

namespace unibox::gateway {

Admission::Admission(
    rpc::Dispatcher& dispatcher,
    Authenticator& authenticator,
    TenantTurns& turns,
    obs::Metrics& metrics
)
    : dispatcher_(dispatcher),
      authenticator_(authenticator),
      turns_(turns),
      refused_(metrics.GetCounter(
          "unibox_gateway_tenant_refused_total",
          "Calls refused because too many of the same tenant waited"
      )) {}

void Admission::Run(
    const std::string& method, rpc::Call call, UseCase use_case, rpc::Finish finish
) {
    const auto begin = [this, use_case = std::move(use_case)](
                           const rpc::Call& started, const rpc::Finish& done
                       ) {
        const auto in_time = rpc::RunInTime(started, [](const rpc::Call&) { return Status(); });
        if (!in_time.ok()) return done(in_time);
        const auto caller =
            authenticator_.Check(started.authorization, kInboxReadScope, started.deadline);
        if (!caller.ok()) return done(caller.status());
        const bool taken = turns_.Run(caller->tenant, [started, caller = *caller, use_case, done] {
            done(rpc::RunInTime(started, [&](const rpc::Call& running) {
                return use_case(running, caller);
            }));
        });
        if (taken) return;
        refused_.Add();
        done(ResourceExhausted("too many requests of this tenant at once")
                 .WithReason("TENANT_OVERLOADED"));
    };
    dispatcher_.Begin(method, std::move(call), begin, std::move(finish));
}

}  // namespace unibox::gateway
