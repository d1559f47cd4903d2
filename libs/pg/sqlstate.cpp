#include "pg/sqlstate.hpp"

#include "pg/read_demand.hpp"

#include <algorithm>
#include <array>
#include <utility>

namespace unibox::pg {
namespace {

struct Mapping {
    std::string_view prefix;  // Five characters: one state; two: a class.
    Code code;
};

// The first prefix that fits counts. https://www.postgresql.org/docs/15/errcodes-appendix.html
constexpr std::array kMappings = {
    Mapping{"08P01", Code::kInternal},            // Protocol violation: a fault of ours.
    Mapping{"08", Code::kUnavailable},            // Connection exception.
    Mapping{"0A", Code::kUnimplemented},          // Feature not supported.
    Mapping{"22003", Code::kOutOfRange},          // Numeric value out of range.
    Mapping{"22008", Code::kOutOfRange},          // Datetime field overflow.
    Mapping{"22", Code::kInvalidArgument},        // Data exception.
    Mapping{"23503", Code::kFailedPrecondition},  // Foreign key violation.
    Mapping{"23505", Code::kAlreadyExists},       // Unique violation.
    Mapping{"23", Code::kInvalidArgument},        // Other integrity constraints: NOT NULL, CHECK.
    Mapping{"25006", Code::kUnavailable},  // Read-only: a standby, or a primary stepping down.
    Mapping{"25P03", Code::kAborted},      // Idle in transaction for too long.
    Mapping{"25", Code::kInternal},        // Other invalid transaction states.
    Mapping{"26", Code::kInternal},        // Prepared statement is unknown.
    Mapping{"28", Code::kUnavailable},     // Refused at login: cured by the operator, not by us.
    Mapping{"3D", Code::kUnavailable},     // No such database.
    Mapping{"3F", Code::kFailedPrecondition},     // No such schema.
    Mapping{"40003", Code::kUnknown},             // Completion unknown.
    Mapping{"40", Code::kAborted},                // Serialisation failure, deadlock: repeat.
    Mapping{"42501", Code::kPermissionDenied},    // Privilege or row-level security.
    Mapping{"42P01", Code::kFailedPrecondition},  // No such table: schema too old.
    Mapping{"42703", Code::kFailedPrecondition},  // No such column.
    Mapping{"42883", Code::kFailedPrecondition},  // No such function.
    Mapping{"42", Code::kInternal},               // Faulty SQL.
    Mapping{"53", Code::kResourceExhausted},      // Disk, memory or connections used up.
    Mapping{"54", Code::kOutOfRange},             // A limit of the program was exceeded.
    Mapping{"55P03", Code::kAborted},             // Lock not available.
    Mapping{"55", Code::kFailedPrecondition},     // Object in use or not ready.
    Mapping{"57014", Code::kDeadlineExceeded},    // Cancelled: statement_timeout.
    Mapping{"57", Code::kUnavailable},            // Shutdown, crash, starting up.
    Mapping{"58", Code::kUnavailable},            // The server's operating system failed.
    Mapping{"P0001", Code::kFailedPrecondition},  // RAISE EXCEPTION without a state.
    Mapping{"UB001", Code::kAborted},             // Ours: fenced, the partition has another owner.
    Mapping{"UB002", Code::kNotFound},            // Ours: no such object.
    Mapping{"XX001", Code::kDataLoss},            // Corrupted data.
    Mapping{"XX002", Code::kDataLoss},            // Corrupted index.
    Mapping{"XX", Code::kInternal},
};

constexpr std::string_view kDetailMark = "\nDETAIL: ";
constexpr std::string_view kConstraintMark = "\nCONSTRAINT: ";

std::string OneLine(std::string_view text) {
    std::string line(text);
    std::replace(line.begin(), line.end(), '\n', ' ');
    return line;
}

std::string After(const std::string& message, std::string_view mark) {
    const std::size_t start = message.find(mark);
    if (start == std::string::npos) return {};
    const std::size_t from = start + mark.size();
    return message.substr(from, message.find('\n', from) - from);
}

}  // namespace

Code CodeOfSqlState(std::string_view sqlstate) {
    if (sqlstate.size() != 5) return Code::kUnknown;
    for (const Mapping& mapping : kMappings) {
        if (sqlstate.substr(0, mapping.prefix.size()) == mapping.prefix) return mapping.code;
    }
    return Code::kUnknown;
}

std::string ErrorDetail(const Status& status) {
    return After(status.message(), kDetailMark);
}
std::string ErrorConstraint(const Status& status) {
    return After(status.message(), kConstraintMark);
}

Status MakeError(
    std::string_view sqlstate,
    std::string_view message,
    std::string_view detail,
    std::string_view constraint
) {
    std::string text = OneLine(message);
    if (!detail.empty()) text.append(kDetailMark).append(OneLine(detail));
    if (!constraint.empty()) text.append(kConstraintMark).append(OneLine(constraint));
    return Status(CodeOfSqlState(sqlstate), std::move(text)).WithReason(sqlstate);
}

bool IsTransient(const Status& status) {
    if (status.ok()) return false;
    const std::string_view state = status.reason();
    if (state.empty()) {
        return status.code() == Code::kUnavailable || status.code() == Code::kDeadlineExceeded;
    }
    if (state == "POOL_EXHAUSTED" || state == "ROLLED_BACK") return true;
    if (state == kNotReplayed || state == kNotReplica) return true;
    if (state.size() != 5) return false;
    if (state == kReadOnlySqlTransaction || state == "25P03" || state == "55P03") return true;
    constexpr std::array<std::string_view, 6> kClasses = {"08", "28", "3D", "40", "53", "57"};
    return state.starts_with("58") ||
           std::any_of(kClasses.begin(), kClasses.end(), [&](std::string_view prefix) {
               return state.starts_with(prefix);
           });
}

}  // namespace unibox::pg
