// Why a read could not be done, in the words of the API. The SQLSTATE stays in our log alone.
// Thread safety: any thread.
#pragma once

#include "base/status.hpp"
#include "obs/outage_log.hpp"

namespace unibox::gateway {

// NOT_FOUND as it is; what PostgreSQL cannot do now: UNAVAILABLE; anything else: INTERNAL.
Status ReadFailure(const Status& status, obs::OutageLog& outage);

}  // namespace unibox::gateway
