// What an operator is told when a listener cannot accept, whatever it speaks.
// Thread safety: any thread.
#pragma once

#include "obs/metrics.hpp"

#include <string>

namespace unibox::obs {

// Counts it in `failures`; a line that names the listener if it is the `first` since a connection.
void TellAcceptFailure(
    Counter& failures, const std::string& listener, const std::string& error, bool first
);

}  // namespace unibox::obs
