#include "obs/certificate_log.hpp"

#include "obs/log.hpp"

namespace unibox::obs {

void TellCertificateChange(
    Metrics& metrics,
    const std::string& counter,
    Labels labels,
    const std::string& listener,
    const Status& change
) {
    labels.push_back({"result", change.ok() ? "used" : "refused"});
    metrics.GetCounter(counter, "Changed certificates, by whether they are in use.", labels).Add();
    if (change.ok()) {
        return Log(Level::kInfo, "a new certificate is in use", {{"listener", listener}});
    }
    Log(Level::kError,
        "the new certificate cannot be used, the one before stays",
        {{"listener", listener}, {"field", change.field()}, {"error", change}});
}

}  // namespace unibox::obs
