#include "store/writer/failure.hpp"

#include "pg/sqlstate.hpp"
#include "store/schema/periods.hpp"
#include "store/writer/batch_tx.hpp"

#include <catch2/catch.hpp>

namespace unibox::store {
namespace {

Failure Of(std::string_view sqlstate, std::string_view constraint = "") {
    return ClassifyFailure(pg::MakeError(sqlstate, "it failed", "", constraint));
}

TEST_CASE("Failure: what each state of the database asks for", "[unit][store]") {
    CHECK(Of("23505", "messages_pkey") == Failure::kConflict);
    CHECK(Of("23503", "channel") == Failure::kConflict);
    CHECK(Of("57014") == Failure::kTimeout);
    CHECK(Of("25P03") == Failure::kTimeout);
    CHECK(Of("23514") == Failure::kMissingLeaf);
    CHECK(Of("23514", "unread_count_check") == Failure::kPoison);
    CHECK(Of("22021") == Failure::kPoison);
    CHECK(Of("54000") == Failure::kPoison);
    CHECK(Of(kFencedState) == Failure::kFenced);
    for (const char* passing : {"08006", "25006", "40001", "40P01", "53300", "55P03", "57P01"}) {
        CHECK(Of(passing) == Failure::kPassing);
    }
}

TEST_CASE("Failure: what is no state of the database", "[unit][store]") {
    CHECK(ClassifyFailure(Unavailable("away")) == Failure::kPassing);
    CHECK(ClassifyFailure(Status(Code::kDataLoss, "a row")) == Failure::kPoison);
    CHECK(
        ClassifyFailure(ResourceExhausted("full").WithReason(pg::kPipelineFull)) ==
        Failure::kTooMuch
    );
    CHECK(
        ClassifyFailure(Status(Code::kAborted, "changed").WithReason(kLeavesChanged)) ==
        Failure::kStaleLeaves
    );
}

}  // namespace
}  // namespace unibox::store
