// The use cases of unibox.v1.InboxService, whatever the transport: checks what was asked, reads,
// pages. Errors as inbox_service.proto says; every INVALID_ARGUMENT has field(). Thread safety:
// every function from any thread; each blocks for one transaction, little longer than its deadline.
#pragma once

#include "base/clock.hpp"
#include "base/status.hpp"
#include "gateway/authn.hpp"
#include "gateway/outage_log.hpp"
#include "pg/pool.hpp"
#include "unibox/v1/inbox_service.pb.h"

namespace unibox::gateway {

inline constexpr const char* kInboxReadScope = "inbox:read";

class Inbox {
public:
    // Both must outlive the object.
    Inbox(pg::Pool& pool, const Clock& clock)
        : pool_(pool), outage_("the database could not answer", clock) {}

    Status ListConversations(
        const Principal& caller,
        SteadyTime deadline,
        const v1::ListConversationsRequest& request,
        v1::ListConversationsResponse& response
    ) const;
    Status GetConversation(
        const Principal& caller,
        SteadyTime deadline,
        const v1::GetConversationRequest& request,
        v1::Conversation& response
    ) const;
    Status ListMessages(
        const Principal& caller,
        SteadyTime deadline,
        const v1::ListMessagesRequest& request,
        v1::ListMessagesResponse& response
    ) const;
    Status GetContact(
        const Principal& caller,
        SteadyTime deadline,
        const v1::GetContactRequest& request,
        v1::Contact& response
    ) const;

private:
    Status ReadFailed(const Status& status) const;

    pg::Pool& pool_;
    mutable OutageLog outage_;
};

}  // namespace unibox::gateway
