#include "pg/sqlstate.hpp"

#include <catch2/catch.hpp>

namespace unibox::pg {
namespace {

struct Expectation {
    const char* sqlstate;
    Code code;
    bool transient;
};

constexpr Expectation kExpectations[] = {
    {"08006", Code::kUnavailable, true},          // connection_failure
    {"08P01", Code::kInternal, true},             // protocol_violation
    {"0A000", Code::kUnimplemented, false},       // feature_not_supported
    {"22003", Code::kOutOfRange, false},          // numeric_value_out_of_range
    {"22008", Code::kOutOfRange, false},          // datetime_field_overflow
    {"22021", Code::kInvalidArgument, false},     // character_not_in_repertoire
    {"22P02", Code::kInvalidArgument, false},     // invalid_text_representation
    {"23502", Code::kInvalidArgument, false},     // not_null_violation
    {"23503", Code::kFailedPrecondition, false},  // foreign_key_violation
    {"23505", Code::kAlreadyExists, false},       // unique_violation
    {"23514", Code::kInvalidArgument, false},     // check_violation, or no partition
    {"25006", Code::kUnavailable, true},          // read_only_sql_transaction
    {"25P02", Code::kInternal, false},            // in_failed_sql_transaction
    {"25P03", Code::kAborted, true},              // idle_in_transaction_session_timeout
    {"26000", Code::kInternal, false},            // invalid_sql_statement_name
    {"28P01", Code::kUnavailable, true},          // invalid_password
    {"3D000", Code::kUnavailable, true},          // invalid_catalog_name
    {"40001", Code::kAborted, true},              // serialization_failure
    {"40003", Code::kUnknown, true},              // statement_completion_unknown
    {"40P01", Code::kAborted, true},              // deadlock_detected
    {"42501", Code::kPermissionDenied, false},    // insufficient_privilege
    {"42601", Code::kInternal, false},            // syntax_error
    {"42P01", Code::kFailedPrecondition, false},  // undefined_table
    {"42703", Code::kFailedPrecondition, false},  // undefined_column
    {"53100", Code::kResourceExhausted, true},    // disk_full
    {"53300", Code::kResourceExhausted, true},    // too_many_connections
    {"54000", Code::kOutOfRange, false},          // program_limit_exceeded
    {"55P03", Code::kAborted, true},              // lock_not_available
    {"55006", Code::kFailedPrecondition, false},  // object_in_use
    {"57014", Code::kDeadlineExceeded, true},     // query_canceled
    {"57P01", Code::kUnavailable, true},          // admin_shutdown
    {"58030", Code::kUnavailable, true},          // io_error
    {"P0001", Code::kFailedPrecondition, false},  // raise_exception
    {"UB001", Code::kAborted, false},             // fenced
    {"XX000", Code::kInternal, false},            // internal_error
    {"XX001", Code::kDataLoss, false},            // data_corrupted
    {"99999", Code::kUnknown, false},
    {"", Code::kUnknown, false},
    {"4000", Code::kUnknown, false},  // Not five characters.
};

TEST_CASE("SqlState: the table", "[unit][pg]") {
    for (const Expectation& expected : kExpectations) {
        CAPTURE(expected.sqlstate);
        CHECK(CodeName(CodeOfSqlState(expected.sqlstate)) == CodeName(expected.code));
        CHECK(IsTransient(MakeError(expected.sqlstate, "m", "", "")) == expected.transient);
    }
}

TEST_CASE("SqlState: no state ever maps to OK", "[unit][pg]") {
    constexpr std::string_view kDigits = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ";
    for (const char a : kDigits) {
        for (const char b : kDigits) {
            REQUIRE(CodeOfSqlState(std::string{a, b, '0', '0', '0'}) != Code::kOk);
        }
    }
}

TEST_CASE("SqlState: detail and constraint are found again, under a context too", "[unit][pg]") {
    const Status status = MakeError("23505", "duplicate\nkey", "Key (a)=(1)\nexists.", "a_key");
    REQUIRE(status.reason() == "23505");
    REQUIRE(ErrorDetail(status) == "Key (a)=(1) exists.");
    const Status wrapped = Status(status).WithContext("batch 7");
    REQUIRE(ErrorDetail(wrapped) == "Key (a)=(1) exists.");
    REQUIRE(ErrorConstraint(wrapped) == "a_key");
    const Status bare = MakeError("23514", "no partition", "", "");
    REQUIRE(ErrorDetail(bare).empty());
    REQUIRE(ErrorConstraint(bare).empty());
}

TEST_CASE("SqlState: a lost connection is transient, our own errors are not", "[unit][pg]") {
    REQUIRE(IsTransient(Unavailable("connection lost")));
    REQUIRE(IsTransient(DeadlineExceeded("no answer")));
    REQUIRE_FALSE(IsTransient(ResourceExhausted("full")));
    REQUIRE_FALSE(IsTransient(Status()));
    REQUIRE_FALSE(IsTransient(Internal("bug")));
}

}  // namespace
}  // namespace unibox::pg
