// The use cases of unibox.v1.StatsService, whatever the transport. Errors as stats_service.proto
// says; every INVALID_ARGUMENT has field(). Thread safety: every function from any thread; each
// blocks for one transaction, little longer than its deadline.
#pragma once

#include "base/clock.hpp"
#include "base/status.hpp"
#include "gateway/method.hpp"
#include "obs/outage_log.hpp"
#include "pg/read_router.hpp"
#include "unibox/v1/stats_service.pb.h"

namespace unibox::gateway {

class Stats {
public:
    // Router and clock must outlive the object.
    Stats(const pg::ReadRouter& reads, const Clock& clock)
        : reads_(reads), clock_(clock), outage_("the database could not count", clock) {}

    Status CountConversations(
        const Caller& caller,
        const v1::CountConversationsRequest& request,
        v1::CountConversationsResponse& response
    ) const;
    Status GetDashboard(
        const Caller& caller, const v1::GetDashboardRequest& request, v1::Dashboard& response
    ) const;
    Status ListAgentStats(
        const Caller& caller,
        const v1::ListAgentStatsRequest& request,
        v1::ListAgentStatsResponse& response
    ) const;
    Status ListVolumes(
        const Caller& caller,
        const v1::ListVolumesRequest& request,
        v1::ListVolumesResponse& response
    ) const;

private:
    const pg::ReadRouter& reads_;
    const Clock& clock_;
    mutable obs::OutageLog outage_;
};

}  // namespace unibox::gateway
