// The one table from SQLSTATE to Code, and what a Status of this library carries besides.
//
// A Status from libs/pg has reason() = the five characters of the SQLSTATE, or "" when the
// connection itself failed (code UNAVAILABLE) or did not answer in time (DEADLINE_EXCEEDED). The
// pool adds "POOL_EXHAUSTED", a demand on a read the reasons of read_demand.hpp. Thread safety:
// pure functions.
#pragma once

#include "base/status.hpp"

#include <string>
#include <string_view>

namespace unibox::pg {

// States on which callers decide.
inline constexpr std::string_view kLockNotAvailable = "55P03";
inline constexpr std::string_view kDeadlockDetected = "40P01";
inline constexpr std::string_view kForeignKeyViolation = "23503";
inline constexpr std::string_view kUndefinedFunction = "42883";
inline constexpr std::string_view kConnectionFailure = "08006";
inline constexpr std::string_view kReadOnlySqlTransaction = "25006";
inline constexpr std::string_view kFeatureNotSupported = "0A000";
// No state: a pipeline holds as much as it may (RESOURCE_EXHAUSTED).
inline constexpr std::string_view kPipelineFull = "PIPELINE_FULL";

// kUnknown for a state that is not in the table.
Code CodeOfSqlState(std::string_view sqlstate);

// What the server said under DETAIL, in one line; "" if nothing.
std::string ErrorDetail(const Status& status);
// The constraint that was violated; "" if none was named.
std::string ErrorConstraint(const Status& status);

// Builds such a status. Line breaks inside the parts become spaces.
Status MakeError(
    std::string_view sqlstate,
    std::string_view message,
    std::string_view detail,
    std::string_view constraint
);

// The whole transaction may succeed when it is simply repeated: 40001, 40P01, 55P03, connection
// loss, and all other states that say "not now" (08, 25006, 53, 57, 58).
bool IsTransient(const Status& status);

}  // namespace unibox::pg
