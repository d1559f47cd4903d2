// The use cases of unibox.v1.SearchService, whatever the transport: checks what was asked, finds,
// pages. Errors as search_service.proto says; every INVALID_ARGUMENT has field(). Thread safety:
// every function from any thread; each blocks for one transaction, little longer than its deadline.
#pragma once

#include "base/clock.hpp"
#include "base/status.hpp"
#include "gateway/method.hpp"
#include "obs/outage_log.hpp"
#include "pg/pool.hpp"
#include "unibox/v1/search_service.pb.h"

namespace unibox::gateway {

class Search {
public:
    // Pool and clock must outlive the object. About `time_max` for a page, then it is partial.
    Search(pg::Pool& pool, const Clock& clock, Millis time_max)
        : pool_(pool), time_max_(time_max), outage_("search could not answer", clock) {}

    Status SearchMessages(
        const Caller& caller,
        const v1::SearchMessagesRequest& request,
        v1::SearchMessagesResponse& response
    ) const;
    Status SearchContacts(
        const Caller& caller,
        const v1::SearchContactsRequest& request,
        v1::SearchContactsResponse& response
    ) const;

private:
    Status Failed(const Status& status) const;

    pg::Pool& pool_;
    const Millis time_max_;
    mutable obs::OutageLog outage_;
};

}  // namespace unibox::gateway
