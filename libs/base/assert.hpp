// UNIBOX_ASSERT: an invariant of ours, checked in every build. Never for data that came from
// outside. Thread safety: any thread.
#pragma once

namespace unibox {

// Writes the place and the expression to stderr and aborts.
[[noreturn]] void AssertFailed(const char* expression, const char* file, int line);

}  // namespace unibox

#define UNIBOX_ASSERT(expression) \
    ((expression) ? static_cast<void>(0) : ::unibox::AssertFailed(#expression, __FILE__, __LINE__))
