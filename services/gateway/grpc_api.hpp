// unibox.v1.InboxService over gRPC: hands over to Admission and Inbox.
// Thread safety: gRPC calls it from its threads.
#pragma once

#include "gateway/admission.hpp"
#include "gateway/inbox.hpp"
#include "unibox/v1/inbox_service.grpc.pb.h"

namespace unibox::gateway {

class GrpcApi final : public v1::InboxService::CallbackService {
public:
    // All must outlive the object.
    GrpcApi(const Inbox& inbox, Admission& admission) : inbox_(inbox), admission_(admission) {}

    grpc::ServerUnaryReactor* ListConversations(
        grpc::CallbackServerContext* context,
        const v1::ListConversationsRequest* request,
        v1::ListConversationsResponse* response
    ) override;
    grpc::ServerUnaryReactor* GetConversation(
        grpc::CallbackServerContext* context,
        const v1::GetConversationRequest* request,
        v1::Conversation* response
    ) override;
    grpc::ServerUnaryReactor* ListMessages(
        grpc::CallbackServerContext* context,
        const v1::ListMessagesRequest* request,
        v1::ListMessagesResponse* response
    ) override;
    grpc::ServerUnaryReactor* GetContact(
        grpc::CallbackServerContext* context,
        const v1::GetContactRequest* request,
        v1::Contact* response
    ) override;

private:
    template <class Request, class Response>
    grpc::ServerUnaryReactor* Serve(
        grpc::CallbackServerContext* context,
        const Request* request,
        Response* response,
        const char* method,
        Status (Inbox::*use_case)(const auth::Principal&, SteadyTime, const Request&, Response&) const
    );

    const Inbox& inbox_;
    Admission& admission_;
};

}  // namespace unibox::gateway
