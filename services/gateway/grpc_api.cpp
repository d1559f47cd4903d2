#include "gateway/grpc_api.hpp"

#include <utility>

namespace unibox::gateway {
namespace {

rpc::MethodService::Begin BeginOf(const Method& method, Admission& admission) {
    using google::protobuf::Message;
    return [&method, &admission](
               grpc::CallbackServerContext& context, const Message& request, Message& response
           ) {
        grpc::ServerUnaryReactor* reactor = context.DefaultReactor();
        rpc::Call call = admission.calls().CallOf(context);
        rpc::Finish finish = rpc::FinishOf(context, *reactor, call);
        admission.Run(
            method,
            std::move(call),
            // Request and response are gRPC's and live until the end of the call.
            [&method, &request, &response](const Caller& caller) {
                return method.use_case(caller, request, response);
            },
            std::move(finish)
        );
        return reactor;
    };
}

}  // namespace

GrpcApi::GrpcApi(const MethodTable& methods, Admission& admission) {
    for (const auto* descriptor : methods.services()) {
        auto service = std::make_unique<rpc::MethodService>(*descriptor);
        for (int i = 0; i < descriptor->method_count(); ++i) {
            const Method& method = methods.Of(*descriptor->method(i));
            method.add_to(*service, *descriptor->method(i), BeginOf(method, admission));
        }
        services_.push_back(std::move(service));
    }
}

std::vector<rpc::ServedService> GrpcApi::services() const {
    std::vector<rpc::ServedService> served;
    for (const auto& service : services_) served.push_back({service->name(), service.get()});
    return served;
}

}  // namespace unibox::gateway
