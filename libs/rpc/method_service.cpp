#include "rpc/method_service.hpp"

#include "base/assert.hpp"

namespace unibox::rpc {

void MethodService::AddHandler(
    const google::protobuf::MethodDescriptor& method, grpc::internal::MethodHandler* handler
) {
    UNIBOX_ASSERT(method.service() == &service_);
    UNIBOX_ASSERT(!method.client_streaming() && !method.server_streaming());
    paths_.push_back("/" + service_.full_name() + "/" + method.name());
    const int index = static_cast<int>(paths_.size()) - 1;
    AddMethod(new grpc::internal::RpcServiceMethod(
        paths_.back().c_str(), grpc::internal::RpcMethod::NORMAL_RPC, nullptr
    ));
    MarkMethodCallback(index, handler);
}

}  // namespace unibox::rpc
