// The use cases of unibox.v1.InboxService, whatever the transport: checks what was asked, reads,
// pages. Errors as inbox_service.proto says; every INVALID_ARGUMENT has field(). Thread safety:
// every function from any thread; each blocks for one transaction.
#pragma once

#include "base/status.hpp"
#include "gateway/authn.hpp"
#include "pg/pool.hpp"
#include "unibox/v1/inbox_service.pb.h"

namespace unibox::gateway {

inline constexpr const char* kInboxReadScope = "inbox:read";

class Inbox {
public:
    // The pool must outlive the object.
    explicit Inbox(pg::Pool& pool) : pool_(pool) {}

    Status ListConversations(
        const Principal& caller,
        const v1::ListConversationsRequest& request,
        v1::ListConversationsResponse& response
    ) const;
    Status GetConversation(
        const Principal& caller,
        const v1::GetConversationRequest& request,
        v1::Conversation& response
    ) const;
    Status ListMessages(
        const Principal& caller,
        const v1::ListMessagesRequest& request,
        v1::ListMessagesResponse& response
    ) const;
    Status GetContact(
        const Principal& caller, const v1::GetContactRequest& request, v1::Contact& response
    ) const;

private:
    pg::Pool& pool_;
};

}  // namespace unibox::gateway
