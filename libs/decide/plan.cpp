#include "decide/plan.hpp"

#include "decide/rules.hpp"

namespace unibox::decide {

domain::BatchPlan Plan(std::span<const domain::BatchItem> batch) {
    PlanDraft draft;
    for (const domain::BatchItem& item : batch) {
        std::visit(
            [&](const auto& input) {
                if (IsValid(input)) AddToPlan(input, &draft);
            },
            item.input
        );
    }
    return std::move(draft.plan);
}

}  // namespace unibox::decide
