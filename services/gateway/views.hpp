// The use cases of unibox.v1.ViewService, whatever the transport: reads through the router, changes
// as ub_console. Errors as view_service.proto says; every INVALID_ARGUMENT has field().
// Thread safety: every function from any thread; each blocks for a few statements, little longer
// than its deadline.
#pragma once

#include "base/clock.hpp"
#include "base/status.hpp"
#include "gateway/admin/admin.hpp"
#include "gateway/method.hpp"
#include "obs/outage_log.hpp"
#include "pg/read_router.hpp"
#include "unibox/v1/view_service.pb.h"

namespace unibox::gateway {

class Views {
public:
    // All must outlive the object.
    Views(const pg::ReadRouter& reads, const Admin& admin, const Clock& clock)
        : reads_(reads), admin_(admin), outage_("the database could not read views", clock) {}

    Status ListViews(
        const Caller& caller, const v1::ListViewsRequest& request, v1::ListViewsResponse& response
    ) const;
    Status CountViews(
        const Caller& caller, const v1::CountViewsRequest& request, v1::CountViewsResponse& response
    ) const;
    Status CreateView(
        const Caller& caller, const v1::CreateViewRequest& request, v1::View& response
    ) const;
    Status UpdateView(
        const Caller& caller, const v1::UpdateViewRequest& request, v1::View& response
    ) const;
    Status DeleteView(
        const Caller& caller, const v1::DeleteViewRequest& request, v1::DeleteViewResponse& response
    ) const;

private:
    const pg::ReadRouter& reads_;
    const Admin& admin_;
    mutable obs::OutageLog outage_;
};

}  // namespace unibox::gateway
