#include "rpc/detail/calls.hpp"

#include "rpc/status_map.hpp"

#include <string>

namespace unibox::rpc::detail {
namespace {

using grpc::experimental::InterceptionHookPoints;
using grpc::experimental::InterceptorBatchMethods;

class UnaryInterceptor final : public grpc::experimental::Interceptor {
public:
    UnaryInterceptor(InProgress& calls, const char* method) : calls_(calls), method_(method) {
        calls_.Begin();
    }
    ~UnaryInterceptor() override { End(); }
    UnaryInterceptor(const UnaryInterceptor&) = delete;
    UnaryInterceptor& operator=(const UnaryInterceptor&) = delete;

    void Intercept(InterceptorBatchMethods* methods) override {
        if (methods->QueryInterceptionHookPoint(InterceptionHookPoints::PRE_SEND_STATUS)) {
            MendStatus(*methods);
        }
        if (methods->QueryInterceptionHookPoint(InterceptionHookPoints::POST_RECV_CLOSE)) End();
        methods->Proceed();
    }

private:
    // Methods that exist answer with a message of theirs, or not with this code.
    void MendStatus(InterceptorBatchMethods& methods) const {
        const grpc::Status status = methods.GetSendStatus();
        const bool wordless = status.error_message().empty() && status.error_details().empty();
        if (status.error_code() != grpc::StatusCode::UNIMPLEMENTED || !wordless) return;
        methods.ModifySendStatus(ToGrpc(InvalidArgument(
                                            "the request is no valid message of " +
                                            std::string(method_) +
                                            ": broken protobuf, or text that is not UTF-8"
        )
                                            .WithReason("REQUEST_MALFORMED")));
    }

    void End() {
        if (!ended_.exchange(true)) calls_.End();
    }

    InProgress& calls_;
    const char* const method_;
    std::atomic<bool> ended_{false};
};

class UnaryFactory final : public grpc::experimental::ServerInterceptorFactoryInterface {
public:
    explicit UnaryFactory(InProgress& calls) : calls_(calls) {}

    grpc::experimental::Interceptor* CreateServerInterceptor(grpc::experimental::ServerRpcInfo* info
    ) override {
        const bool unary = info->type() == grpc::experimental::ServerRpcInfo::Type::UNARY;
        return unary ? new UnaryInterceptor(calls_, info->method()) : nullptr;
    }

private:
    InProgress& calls_;
};

}  // namespace

std::unique_ptr<grpc::experimental::ServerInterceptorFactoryInterface> InterceptCalls(
    InProgress& calls
) {
    return std::make_unique<UnaryFactory>(calls);
}

}  // namespace unibox::rpc::detail
