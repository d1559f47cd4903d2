#include "gateway/grpc_api.hpp"

namespace unibox::gateway {

template <class Request, class Response>
grpc::ServerUnaryReactor* GrpcApi::Serve(
    grpc::CallbackServerContext* context,
    const Request* request,
    Response* response,
    const char* method,
    Status (Inbox::*use_case)(const Principal&, SteadyTime, const Request&, Response&) const
) {
    return rpc::Dispatch(
        context,
        request,
        response,
        dispatcher_,
        method,
        [&authenticator = authenticator_,
         &inbox = inbox_,
         use_case](const rpc::Call& call, const Request& in, Response& out) -> Status {
            UNIBOX_ASSIGN_OR_RETURN(
                const Principal caller,
                authenticator.Check(call.authorization, kInboxReadScope, call.deadline)
            );
            return (inbox.*use_case)(caller, call.deadline, in, out);
        }
    );
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
