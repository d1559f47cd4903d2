// What main() of message-writer does with its settings. Thread safety: call once, from main().
#pragma once

#include "message-writer/commit_stage.hpp"
#include "message-writer/config.hpp"
#include "runtime/service.hpp"

namespace unibox::writer {

// Returns when the process is asked to stop, or cannot start.
Status Run(runtime::Service& service, const Config& config, StageHook on_stage = {});

}  // namespace unibox::writer
