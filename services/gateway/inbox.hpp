// The use cases of unibox.v1.InboxService, whatever the transport: checks what was asked, reads,
// pages. Errors as inbox_service.proto says; every INVALID_ARGUMENT has field(). Thread safety:
// every function from any thread; each blocks for one transaction, little longer than its deadline.
#pragma once

#include "base/clock.hpp"
#include "base/status.hpp"
#include "gateway/method.hpp"
#include "obs/outage_log.hpp"
#include "pg/read_router.hpp"
#include "unibox/v1/inbox_service.pb.h"

#include <cstddef>

namespace unibox::gateway {

class Inbox {
public:
    // Router and clock must outlive the object. A page ends before `page_bytes_max` (as protobuf);
    // one entry it always has.
    Inbox(const pg::ReadRouter& reads, const Clock& clock, std::size_t page_bytes_max)
        : reads_(reads),
          page_bytes_max_(page_bytes_max),
          outage_("the database could not answer", clock) {}

    Status ListConversations(
        const Caller& caller,
        const v1::ListConversationsRequest& request,
        v1::ListConversationsResponse& response
    ) const;
    Status GetConversation(
        const Caller& caller, const v1::GetConversationRequest& request, v1::Conversation& response
    ) const;
    Status ListMessages(
        const Caller& caller,
        const v1::ListMessagesRequest& request,
        v1::ListMessagesResponse& response
    ) const;
    Status ListAudit(
        const Caller& caller,
        const v1::ListConversationAuditRequest& request,
        v1::ListConversationAuditResponse& response
    ) const;
    Status GetContact(
        const Caller& caller, const v1::GetContactRequest& request, v1::Contact& response
    ) const;
    Status ListBlockedContacts(
        const Caller& caller,
        const v1::ListBlockedContactsRequest& request,
        v1::ListBlockedContactsResponse& response
    ) const;

private:
    Result<v1::ListConversationsRequest> OfView(
        const Caller& caller, const v1::ListConversationsRequest& request
    ) const;
    Status ReadFailed(const Status& status) const;

    const pg::ReadRouter& reads_;
    const std::size_t page_bytes_max_;
    mutable obs::OutageLog outage_;
};

}  // namespace unibox::gateway
