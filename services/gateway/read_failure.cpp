#include "gateway/read_failure.hpp"

namespace unibox::gateway {

Status ReadFailure(const Status& status, obs::OutageLog& outage) {
    switch (status.code()) {
        case Code::kNotFound:
            return status;
        case Code::kUnavailable:
        case Code::kDeadlineExceeded:
        case Code::kAborted:
        case Code::kResourceExhausted:  // Its connections, memory or disk: not the caller's doing.
            outage.Warn(status);
            return Unavailable("the database does not answer now")
                .WithReason("DATABASE_UNAVAILABLE");
        default:
            outage.Warn(status);
            return Internal(status.ToString());
    }
}

}  // namespace unibox::gateway
