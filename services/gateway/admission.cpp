#include "gateway/admission.hpp"

#include "auth/scopes.hpp"

#include <utility>

namespace unibox::gateway {

Admission::Admission(
    const rpc::Calls& calls,
    auth::Authenticator& authenticator,
    async::FairPool& work,
    obs::Metrics& metrics
)
    : calls_(calls),
      authenticator_(authenticator),
      work_(work),
      refused_(metrics.GetCounter(
          "unibox_gateway_tenant_refused_total",
          "Calls refused because too many of the same tenant waited"
      )) {}

void Admission::Run(
    const std::string& method, rpc::Call call, UseCase use_case, rpc::Finish finish
) {
    rpc::Finish done = calls_.Observed(method, call, std::move(finish));
    const auth::Credentials credentials{call.authorization, call.peer_address};
    authenticator_.Check(
        credentials,
        auth::kScopeInboxRead,
        [this, call = std::move(call), use_case = std::move(use_case), done = std::move(done)](
            const Result<auth::Principal>& caller
        ) {
            if (!caller.ok()) return done(caller.status());
            Queue(call, *caller, use_case, done);
        }
    );
}

void Admission::Queue(rpc::Call call, const auth::Principal& caller, UseCase use_case, rpc::Finish done) {
    work_.Post(
        static_cast<async::Flow>(caller.tenant.value),
        {.run =
             [call = std::move(call), caller, use_case = std::move(use_case), done] {
                 done(rpc::RunInTime(call, [&](const rpc::Call& running) {
                     return use_case(running, caller);
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
