// What message-writer answers, or that it does not, in the words of the public API.
// Thread safety: pure functions.
#pragma once

#include "base/status.hpp"

namespace unibox::gateway {

// It is not known whether it was done; with the request key a repetition is safe.
inline constexpr const char* kOutcomeUnknown = "OUTCOME_UNKNOWN";
inline constexpr const char* kWriterUnavailable = "WRITER_UNAVAILABLE";

// The status with its field by the public name ("snooze_time", not "snooze_time_ms").
Status WithPublicField(Status status);

// Of a failed call. What the writer says of the request or of the conversation stays, its field by
// the public name. UNAVAILABLE keeps the writer's reason, else it has WRITER_UNAVAILABLE;
// DEADLINE_EXCEEDED has OUTCOME_UNKNOWN. Everything else (a writer that does not know the method or
// the caller, an answer that cannot be read) is INTERNAL: no fault of who called.
Status WriteFailed(const Status& status);

}  // namespace unibox::gateway
