#include "gateway/admission.hpp"

#include <utility>

namespace unibox::gateway {

Admission::Admission(
    const rpc::Calls& calls, auth::Authenticator& authenticator, Pools pools, obs::Metrics& metrics
)
    : calls_(calls),
      authenticator_(authenticator),
      pools_(pools),
      refused_(metrics.GetCounter(
          "unibox_gateway_tenant_refused_total",
          "Calls refused because too many of the same tenant waited"
      )) {}

void Admission::Run(const Method& method, rpc::Call call, UseCase use_case, rpc::Finish finish) {
    rpc::Finish done = calls_.Observed(method.short_name(), call, std::move(finish));
    const auth::Credentials credentials{call.authorization, call.peer_address};
    authenticator_.Check(
        credentials,
        method.scope,
        [this,
         &pool = method.repetition == Repetition::kReads ? pools_.reads : pools_.changes,
         call = std::move(call),
         use_case = std::move(use_case),
         done = std::move(done)](const Result<auth::Principal>& principal) {
            if (!principal.ok()) return done(principal.status());
            Queue(pool, call, *principal, use_case, done);
        }
    );
}

void Admission::Queue(
    async::FairPool& pool,
    rpc::Call call,
    const auth::Principal& principal,
    UseCase use_case,
    rpc::Finish done
) {
    pool.Post(
        static_cast<async::Flow>(principal.tenant.value),
        {.run =
             [call = std::move(call), principal, use_case = std::move(use_case), done] {
                 done(rpc::RunInTime(call, [&](const rpc::Call& running) {
                     return use_case({principal, running});
                 }));
             },
         .refuse =
             [this, done] {
                 refused_.Add();
                 done(ResourceExhausted("too many requests of this tenant at once")
                          .WithReason("TENANT_OVERLOADED"));
             }}
    );
}

}  // namespace unibox::gateway
