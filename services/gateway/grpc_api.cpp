#include "gateway/grpc_api.hpp"

namespace unibox::gateway {

template <class Request, class Response>
grpc::ServerUnaryReactor* GrpcApi::Serve(
    grpc::CallbackServerContext* context,
    const Request* request,
    Response* response,
    const char* method,
    Status (Inbox::*use_case)(const auth::Principal&, SteadyTime, const Request&, Response&) const
) {
    grpc::ServerUnaryReactor* reactor = context->DefaultReactor();
    rpc::Call call = admission_.calls().CallOf(*context);
    rpc::Finish finish = rpc::FinishOf(*reactor, call);
    admission_.Run(
        method,
        std::move(call),
        // Request and response are gRPC's and live until the end of the call.
        [&inbox = inbox_, use_case, request, response](
            const rpc::Call& running, const auth::Principal& caller
        ) { return (inbox.*use_case)(caller, running.deadline, *request, *response); },
        std::move(finish)
    );
    return reactor;
}

grpc::ServerUnaryReactor* GrpcApi::ListConversations(
    grpc::CallbackServerContext* context,
    const v1::ListConversationsRequest* request,
    v1::ListConversationsResponse* response
) {
    return Serve(context, request, response, "ListConversations", &Inbox::ListConversations);
}

grpc::ServerUnaryReactor* GrpcApi::GetConversation(
    grpc::CallbackServerContext* context,
    const v1::GetConversationRequest* request,
    v1::Conversation* response
) {
    return Serve(context, request, response, "GetConversation", &Inbox::GetConversation);
}

grpc::ServerUnaryReactor* GrpcApi::ListMessages(
    grpc::CallbackServerContext* context,
    const v1::ListMessagesRequest* request,
    v1::ListMessagesResponse* response
) {
    return Serve(context, request, response, "ListMessages", &Inbox::ListMessages);
}

grpc::ServerUnaryReactor* GrpcApi::GetContact(
    grpc::CallbackServerContext* context,
    const v1::GetContactRequest* request,
    v1::Contact* response
) {
    return Serve(context, request, response, "GetContact", &Inbox::GetContact);
}

}  // namespace unibox::gateway
