// From a gRPC callback to a use case on a worker thread: gRPC's own threads only hand over.
// Thread safety: every function from any thread.
#pragma once

#include "async/worker_pool.hpp"
#include "base/clock.hpp"
#include "base/status.hpp"
#include "obs/metrics.hpp"
#include "rpc/settings.hpp"
#include "rpc/status_map.hpp"

#include <grpcpp/server_context.h>
#include <grpcpp/support/server_callback.h>

#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace unibox::rpc {

// Of every answer: in its initial metadata, or in the trailing metadata of one that failed, which
// then has no other: gRPC's clients repeat a call only as long as nothing has come. HTTP has it as
// the field Trace-Id.
inline constexpr const char* kTraceIdKey = "trace-id";

// What the answer of a call carries beside its message or its error, under names of HTTP's fields:
// a field over HTTP; over gRPC, in lower case, metadata as the trace id is.
using AnswerFields = std::vector<std::pair<std::string, std::string>>;

// What a use case may know of its call, whatever the transport.
struct Call {
    std::string authorization;           // The header value; "" = none; of several "a, b".
    std::string traceparent;             // The client's if valid, else a new one.
    std::string peer_address;            // The client's IP address, without port; "" = not known.
    SteadyTime deadline;                 // Always set: see Settings.deadline_default_ms.
    std::function<bool()> is_cancelled;  // The client has gone; may be empty.
    // Of all copies of the call. Written by one step of it at a time, before it is finished.
    std::shared_ptr<AnswerFields> answer_fields = std::make_shared<AnswerFields>();
};

// Answers a call: exactly once, from any thread.
using Finish = std::function<void(const Status&)>;

// Ends the reactor, whose answer names the call's trace and has its answer_fields. `context` is the
// reactor's.
Finish FinishOf(
    grpc::CallbackServerContext& context, grpc::ServerUnaryReactor& reactor, const Call& call
);

// Runs a use case with the call's trace id in its log lines; or CANCELLED if the client has gone,
// DEADLINE_EXCEEDED if the deadline has passed.
Status RunInTime(const Call& call, const std::function<Status(const Call&)>& use_case);

// The calls of one server: what they are told, and what is told of them.
class Calls {
public:
    Calls(const Settings& settings, obs::Metrics& metrics)
        : settings_(settings), metrics_(metrics) {}

    Call CallOf(grpc::CallbackServerContext& context) const;
    // For a call whose transport has no deadlines.
    SteadyTime DefaultDeadline() const;
    // `finish`, and before it the measurement: unibox_rpc_seconds{method,code}, from now on; and a
    // line in the log for what failed in here. May be called from any thread, once.
    Finish Observed(const std::string& method, const Call& call, Finish finish) const;

protected:
    obs::Metrics& metrics() const { return metrics_; }

private:
    void Observe(const std::string& method, const Status& status, SteadyTime begun) const;

    const Settings settings_;
    obs::Metrics& metrics_;
};

// Runs use cases of one server in a pool, first come first served.
class Dispatcher : public Calls {
public:
    Dispatcher(const Settings& settings, async::WorkerPool& pool, obs::Metrics& metrics)
        : Calls(settings, metrics), pool_(pool) {}

    // Runs `use_case` in the pool, then calls `finish` there, exactly once: with its Status, with
    // DEADLINE_EXCEEDED if the deadline passed in the queue, with CANCELLED if the client has gone.
    // RESOURCE_EXHAUSTED from this thread if the queue is full, counted in
    // unibox_rpc_refused_total{method}.
    void Run(
        const std::string& method,
        Call call,
        std::function<Status(const Call&)> use_case,
        Finish finish
    );

private:
    async::WorkerPool& pool_;
};

// The whole body of a unary method of a callback service. `request` and `response` are gRPC's and
// live until the end of the call.
template <class Request, class Response, class UseCase>
grpc::ServerUnaryReactor* Dispatch(
    grpc::CallbackServerContext* context,
    const Request* request,
    Response* response,
    Dispatcher& dispatcher,
    const char* method,
    UseCase use_case  // Status(const Call&, const Request&, Response&)
) {
    grpc::ServerUnaryReactor* reactor = context->DefaultReactor();
    Call call = dispatcher.CallOf(*context);
    Finish finish = FinishOf(*context, *reactor, call);
    dispatcher.Run(
        method,
        std::move(call),
        [use_case = std::move(use_case), request, response](const Call& running) {
            return use_case(running, *request, *response);
        },
        std::move(finish)
    );
    return reactor;
}

}  // namespace unibox::rpc
