#include "gateway/admission.hpp"

#include "limits/fields.hpp"

#include <utility>

namespace unibox::gateway {
namespace {

void Tell(const limits::Verdict& verdict, const rpc::Call& call) {
    if (verdict.limits.empty()) return;
    call.answer_fields->emplace_back(limits::kRateLimitPolicy, limits::PolicyField(verdict));
    call.answer_fields->emplace_back(limits::kRateLimit, limits::StateField(verdict));
}

}  // namespace

Admission::Admission(
    const rpc::Calls& calls,
    auth::Authenticator& authenticator,
    limits::Limiter& limiter,
    const CallLimits& limits,
    Pools pools,
    obs::Metrics& metrics
)
    : calls_(calls),
      authenticator_(authenticator),
      limiter_(limiter),
      limits_(limits),
      pools_(pools),
      refused_(metrics.GetCounter(
          "unibox_gateway_tenant_refused_total",
          "Calls refused because too many of the same tenant waited"
      )) {}

async::FairPool& Admission::PoolOf(const Method& method) const {
    if (method.waits_for == WaitsFor::kAdministration) return pools_.administration;
    if (method.waits_for == WaitsFor::kSearch) return pools_.searches;
    return method.repetition == Repetition::kReads ? pools_.reads : pools_.changes;
}

void Admission::Run(const Method& method, rpc::Call call, UseCase use_case, rpc::Finish finish) {
    rpc::Finish done = calls_.Observed(method.short_name(), call, std::move(finish));
    const auth::Credentials credentials{call.authorization, call.peer_address};
    const auto arrival = std::make_shared<const Arrival>(Arrival{
        method, std::move(call), std::move(use_case), std::move(done)});
    authenticator_.Check(
        credentials,
        method.scope,
        [this, arrival](const Result<auth::Principal>& principal) {
            if (principal.ok()) return OnCaller(arrival, *principal);
            if (principal.status().code() == Code::kUnauthenticated) {
                return RefuseStranger(arrival, principal.status());
            }
            arrival->done(principal.status());
        }
    );
}

void Admission::OnCaller(const ArrivalPtr& arrival, const auth::Principal& principal) {
    limiter_.Take(
        limits_.Of(principal, arrival->method),
        [this, arrival, principal](const limits::Verdict& verdict) {
            Tell(verdict, arrival->call);
            if (!verdict.allowed) return arrival->done(limits::RefusalOf(verdict));
            Queue(arrival, principal);
        }
    );
}

void Admission::RefuseStranger(const ArrivalPtr& arrival, const Status& refusal) {
    limiter_.Take(
        limits_.OfStranger(arrival->call.peer_address),
        [arrival, refusal](const limits::Verdict& verdict) {
            Tell(verdict, arrival->call);
            arrival->done(verdict.allowed ? refusal : limits::RefusalOf(verdict));
        }
    );
}

void Admission::Queue(const ArrivalPtr& arrival, const auth::Principal& principal) {
    PoolOf(arrival->method)
        .Post(
            static_cast<async::Flow>(principal.tenant.value),
            {.run =
                 [arrival, principal] {
                     arrival->done(rpc::RunInTime(arrival->call, [&](const rpc::Call& running) {
                         return arrival->use_case({principal, running});
                     }));
                 },
             .refuse =
                 [this, arrival] {
                     refused_.Add();
                     arrival->done(ResourceExhausted("too many requests of this tenant at once")
                                       .WithReason("TENANT_OVERLOADED"));
                 }}
        );
}

}  // namespace unibox::gateway
