#include "obs/accept_log.hpp"

#include "obs/log.hpp"

namespace unibox::obs {

void TellAcceptFailure(
    Counter& failures, const std::string& listener, const std::string& error, bool first
) {
    failures.Add();
    if (!first) return;
    Log(Level::kError, "cannot accept", {{"listener", listener}, {"error", error}});
}

}  // namespace unibox::obs
