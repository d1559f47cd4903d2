#include "message-writer/command_answer.hpp"

#include <utility>

namespace unibox::writer {

CommandResult ResultOf(domain::CommandAnswer answer, std::string consistency_token) {
    const v1::KeptAnswer& kept = answer.kept;
    if (kept.code() == 0) {
        return {Status(), std::move(answer.response), std::move(consistency_token)};
    }
    Status refusal(static_cast<Code>(kept.code()), kept.message());
    if (!kept.reason().empty()) refusal = std::move(refusal).WithReason(kept.reason());
    if (!kept.field().empty()) refusal = std::move(refusal).WithField(kept.field());
    if (kept.version() != 0) {
        refusal = std::move(refusal).WithMetadata("version", std::to_string(kept.version()));
    }
    return {std::move(refusal), "", ""};
}

Status OutcomeUnknown() {
    return Unavailable("it may have been written; repeat it with the same request_id")
        .WithReason("OUTCOME_UNKNOWN");
}

}  // namespace unibox::writer
