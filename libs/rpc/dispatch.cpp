#include "rpc/dispatch.hpp"

#include "base/strings.hpp"
#include "obs/log.hpp"
#include "obs/trace_id.hpp"
#include "rpc/detail/peer_name.hpp"

#include <algorithm>

namespace unibox::rpc {
namespace {

// All values of the name, joined as HTTP joins them: two keys are no key.
std::string Metadata(const grpc::CallbackServerContext& context, const char* name) {
    std::string joined;
    const auto [begin, end] = context.client_metadata().equal_range(name);
    for (auto at = begin; at != end; ++at) {
        joined += at == begin ? "" : ", ";
        joined.append(at->second.data(), at->second.size());
    }
    return joined;
}

SteadyTime Now() {
    return std::chrono::steady_clock::now();
}

Status Expired() {
    return DeadlineExceeded("the deadline passed before the work began")
        .WithReason("DEADLINE_EXCEEDED");
}

void LogFailure(const std::string& method, const Status& status) {
    // What the client alone can mend is counted, not logged; an outage is logged by who meets it.
    switch (status.code()) {
        case Code::kInternal:
        case Code::kUnknown:
        case Code::kDataLoss:
            obs::Log(obs::Level::kError, "call failed", {{"method", method}, {"error", status}});
            return;
        default:
            return;
    }
}

}  // namespace

Finish FinishOf(
    grpc::CallbackServerContext& context, grpc::ServerUnaryReactor& reactor, const Call& call
) {
    return [&context,
            &reactor,
            fields = call.answer_fields,
            trace_id = obs::TraceIdOf(call.traceparent)](const Status& status) {
        const auto tell = [&](const std::string& name, const std::string& value) {
            if (status.ok()) {
                context.AddInitialMetadata(name, value);
            } else {
                context.AddTrailingMetadata(name, value);
            }
        };
        tell(kTraceIdKey, trace_id);
        for (const auto& [name, value] : *fields) tell(ToLowerAscii(name), value);
        reactor.Finish(ToGrpc(status, trace_id));
    };
}

Status RunInTime(const Call& call, const std::function<Status(const Call&)>& use_case) {
    const obs::LogContext context(call.traceparent);
    if (call.is_cancelled && call.is_cancelled()) {
        return Status(Code::kCancelled, "the client has gone");
    }
    return Now() >= call.deadline ? Expired() : use_case(call);
}

void Dispatcher::Run(
    const std::string& method, Call call, std::function<Status(const Call&)> use_case, Finish finish
) {
    const Finish done = Observed(method, call, std::move(finish));
    const bool taken =
        pool_.TryPost([done, call = std::move(call), use_case = std::move(use_case)] {
            done(RunInTime(call, use_case));
        });
    if (taken) return;
    metrics()
        .GetCounter(
            "unibox_rpc_refused_total",
            "Calls refused because the queue was full",
            {{"method", method}}
        )
        .Add();
    done(ResourceExhausted("too many requests at once").WithReason("OVERLOADED"));
}

Finish Calls::Observed(const std::string& method, const Call& call, Finish finish) const {
    return [this, method, begun = Now(), finish = std::move(finish), trace = call.traceparent](
               const Status& status
           ) {
        const obs::LogContext context(trace);
        LogFailure(method, status);
        Observe(method, status, begun);
        finish(status);
    };
}

void Calls::Observe(const std::string& method, const Status& status, SteadyTime begun) const {
    static const std::vector<double> bounds = obs::SecondsBuckets();
    metrics_
        .GetHistogram(
            "unibox_rpc_seconds",
            "Time from the arrival of a call to its answer",
            bounds,
            {{"method", method}, {"code", std::string(CodeName(status.code()))}}
        )
        .Observe(std::chrono::duration<double>(Now() - begun).count());
}

SteadyTime Calls::DefaultDeadline() const {
    return Now() + Millis(settings_.deadline_default_ms);
}

Call Calls::CallOf(grpc::CallbackServerContext& context) const {
    Call call;
    call.authorization = Metadata(context, "authorization");
    call.peer_address = detail::AddressOfPeer(context.peer());
    const auto traceparent = obs::ValidTraceparent(Metadata(context, "traceparent"));
    call.traceparent = traceparent ? *traceparent : obs::NewTraceparent();
    const auto left =
        std::chrono::duration_cast<Millis>(context.deadline() - std::chrono::system_clock::now());
    const bool given = context.deadline() != std::chrono::system_clock::time_point::max();
    const Millis wanted = given ? left : Millis(settings_.deadline_default_ms);
    call.deadline = Now() + std::min(wanted, Millis(settings_.deadline_ms_max));
    call.is_cancelled = [&context] { return context.IsCancelled(); };
    return call;
}

}  // namespace unibox::rpc
