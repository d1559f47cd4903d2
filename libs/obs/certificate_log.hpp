// What an operator is told of a listener's renewed certificate, whatever the listener speaks.
// Thread safety: any thread.
#pragma once

#include "base/status.hpp"
#include "obs/metrics.hpp"

#include <string>

namespace unibox::obs {

// A changed certificate is in use, or (`change` says why, with the field) cannot be. Counts it in
// `counter`{labels,result="used"|"refused"} and writes a line that names the listener.
void TellCertificateChange(
    Metrics& metrics,
    const std::string& counter,
    Labels labels,
    const std::string& listener,
    const Status& change
);

}  // namespace unibox::obs
