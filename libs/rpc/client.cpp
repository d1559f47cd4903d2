#include "rpc/client.hpp"

#include "base/assert.hpp"
#include "base/mutex.hpp"
#include "rpc/detail/client_channel.hpp"
#include "rpc/status_map.hpp"

#include <grpcpp/client_context.h>
#include <grpcpp/generic/generic_stub.h>
#include <grpcpp/impl/codegen/proto_utils.h>

#include <algorithm>
#include <condition_variable>
#include <optional>
#include <unordered_map>
#include <utility>

namespace unibox::rpc {
namespace {

using google::protobuf::MessageLite;
using google::protobuf::MethodDescriptor;
using Stub = grpc::TemplatedGenericStub<MessageLite, MessageLite>;

// How often a waiting call looks whether its caller has gone.
constexpr Millis kCancelLook{20};

SteadyTime Now() {
    return std::chrono::steady_clock::now();
}

// The answer to one call, for the thread that waits for it.
class Answer {
public:
    void Set(const grpc::Status& status) {
        const MutexLock lock(mutex_);
        status_ = FromGrpc(status);
        there_.notify_all();
    }
    // Cancels the call when its caller has gone; the answer comes all the same.
    Status Wait(const Call& caller, grpc::ClientContext& context) {
        const MutexLock lock(mutex_);
        bool cancelled = false;
        while (!status_) {
            if (cancelled || !caller.is_cancelled) {
                there_.wait(mutex_);
            } else if (caller.is_cancelled()) {
                cancelled = true;
                context.TryCancel();
            } else {
                there_.wait_for(mutex_, kCancelLook);
            }
        }
        return *status_;
    }

private:
    Mutex mutex_;
    std::condition_variable_any there_;
    std::optional<Status> status_ UNIBOX_GUARDED_BY(mutex_);
};

}  // namespace

struct Client::Parts {
    struct Known {
        std::string path;
        Millis deadline_max;
    };

    explicit Parts(obs::Metrics& registry) : metrics(registry) {}

    obs::Metrics& metrics;
    std::unordered_map<const MethodDescriptor*, Known> methods;
    std::unique_ptr<Stub> stub;
};

Result<std::unique_ptr<Client>> Client::Create(
    const ClientSettings& settings, const std::vector<ClientMethod>& methods, obs::Metrics& metrics
) {
    UNIBOX_RETURN_IF_ERROR(detail::CheckClient(settings));
    auto parts = std::make_unique<Parts>(metrics);
    for (const ClientMethod& method : methods) {
        const std::string& service = method.descriptor->service()->full_name();
        parts->methods[method.descriptor] = {
            "/" + service + "/" + method.descriptor->name(), method.deadline_max};
    }
    parts->stub = std::make_unique<Stub>(detail::NewChannel(settings, methods));
    return std::unique_ptr<Client>(new Client(std::move(parts)));
}

Client::Client(std::unique_ptr<Parts> parts) : parts_(std::move(parts)) {}
Client::~Client() = default;

Status Client::Call(
    const MethodDescriptor& method,
    const rpc::Call& caller,
    const google::protobuf::Message& request,
    google::protobuf::Message& response
) const {
    const auto known = parts_->methods.find(&method);
    UNIBOX_ASSERT(known != parts_->methods.end());
    UNIBOX_ASSERT(request.GetDescriptor() == method.input_type());
    UNIBOX_ASSERT(response.GetDescriptor() == method.output_type());
    const SteadyTime begun = Now();
    const auto left = std::min(
        std::chrono::duration_cast<Millis>(caller.deadline - begun), known->second.deadline_max
    );
    grpc::ClientContext context;
    context.set_deadline(std::chrono::system_clock::now() + left);
    context.AddMetadata("traceparent", caller.traceparent);
    Answer answer;
    parts_->stub->UnaryCall(
        &context,
        known->second.path,
        {},
        &request,
        &response,
        [&answer](const grpc::Status& status) { answer.Set(status); }
    );
    Status status = answer.Wait(caller, context);
    if (!status.ok()) response.Clear();
    static const std::vector<double> bounds = obs::SecondsBuckets();
    parts_->metrics
        .GetHistogram(
            "unibox_rpc_client_seconds",
            "Time from a call to another service to its answer",
            bounds,
            {{"method", method.name()}, {"code", std::string(CodeName(status.code()))}}
        )
        .Observe(std::chrono::duration<double>(Now() - begun).count());
    return status;
}

}  // namespace unibox::rpc
