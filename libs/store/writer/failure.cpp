#include "store/writer/failure.hpp"

#include "pg/sqlstate.hpp"
#include "store/schema/periods.hpp"
#include "store/writer/batch_tx.hpp"

#include <string_view>

namespace unibox::store {

Failure ClassifyFailure(const Status& error) {
    const std::string_view reason = error.reason();
    if (reason == kFencedState) return Failure::kFenced;
    if (reason == kLeavesChanged) return Failure::kStaleLeaves;
    if (reason == pg::kPipelineFull) return Failure::kTooMuch;
    if (reason == "23505" || reason == pg::kForeignKeyViolation) return Failure::kConflict;
    // Cancelled at statement_timeout; or we thought for too long between the pipelines.
    if (reason == "57014" || reason == "25P03") return Failure::kTimeout;
    if (reason == "23514" && pg::ErrorConstraint(error).empty()) return Failure::kMissingLeaf;
    // The data itself: classes 22 and 23, an index entry that is too large (54), a stored row that
    // cannot be read.
    const std::string_view sql_class = reason.substr(0, 2);
    const bool bad_data = sql_class == "22" || sql_class == "23" || sql_class == "54";
    return bad_data || error.code() == Code::kDataLoss ? Failure::kPoison : Failure::kPassing;
}

}  // namespace unibox::store
