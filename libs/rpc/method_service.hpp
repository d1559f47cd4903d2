// A gRPC service whose methods are given one by one, as a table has them, instead of by a generated
// class. To its clients, to health and to reflection it is the same.
// Thread safety: Add before the server starts; then gRPC's threads.
#pragma once

#include <google/protobuf/descriptor.h>
#include <google/protobuf/message.h>
#include <grpcpp/impl/codegen/proto_utils.h>
#include <grpcpp/impl/codegen/server_callback_handlers.h>
#include <grpcpp/impl/service_type.h>
#include <grpcpp/support/server_callback.h>

#include <functional>
#include <list>
#include <string>

namespace unibox::rpc {

class MethodService final : public grpc::Service {
public:
    // Begins one call: returns the context's reactor, which ends once. Must not block. Request and
    // response are gRPC's and live until the end of the call.
    using Message = google::protobuf::Message;
    using Begin = std::function<
        grpc::ServerUnaryReactor*(grpc::CallbackServerContext&, const Message&, Message&)>;

    explicit MethodService(const google::protobuf::ServiceDescriptor& service)
        : service_(service) {}

    // Full, as health knows it: "unibox.v1.InboxService".
    const std::string& name() const { return service_.full_name(); }

    // A unary method of the service, with its types, each once. What is not added is UNIMPLEMENTED.
    template <class Request, class Response>
    void Add(const google::protobuf::MethodDescriptor& method, Begin begin) {
        AddHandler(
            method,
            new grpc::internal::CallbackUnaryHandler<Request, Response>(
                [begin = std::move(begin)](
                    grpc::CallbackServerContext* context, const Request* request, Response* response
                ) { return begin(*context, *request, *response); }
            )
        );
    }

private:
    // Takes the handler.
    void AddHandler(
        const google::protobuf::MethodDescriptor& method, grpc::internal::MethodHandler* handler
    );

    const google::protobuf::ServiceDescriptor& service_;
    std::list<std::string> paths_;  // gRPC keeps pointers to them.
};

}  // namespace unibox::rpc
