// From what Decide answered to what a caller is told. Thread safety: pure functions.
#pragma once

#include "base/status.hpp"
#include "domain/batch_effects.hpp"
#include "message-writer/command_queue.hpp"

#include <string>

namespace unibox::writer {

CommandResult ResultOf(domain::CommandAnswer answer, std::string consistency_token);

// It may have been written; only a request key could tell.
Status OutcomeUnknown();

}  // namespace unibox::writer
