#include "decide/decide.hpp"

#include "decide/rules.hpp"

namespace unibox::decide {
namespace {

enum class Outcome {
    kTaken,
    kAwaitsLeaf,
    kNotRead,  // the next transaction reads what this one could not
};

template <typename Input>
Outcome Take(
    domain::ShardId shard, const Input& input, WorkingState* state, std::string* awaited_leaf
) {
    if (!IsValid(input)) {
        Reject(input, state);
        return Outcome::kTaken;
    }
    const Cause cause = CauseOf(shard, input);
    if (const domain::DetachedLeaf* leaf = AwaitedLeaf(cause, input, *state)) {
        *awaited_leaf = leaf->name;
        return Outcome::kAwaitsLeaf;
    }
    if (!StateWasRead(cause, input, *state)) return Outcome::kNotRead;
    Apply(cause, input, state);
    return Outcome::kTaken;
}

}  // namespace

domain::Effects Decide(
    std::span<const domain::BatchItem> batch, domain::BatchState state, const DecideLimits& limits
) {
    WorkingState working(std::move(state), limits);
    std::size_t count = 0;
    std::string awaited_leaf;
    for (const domain::BatchItem& item : batch) {
        const bool full = count > 0 && working.effects_bytes() >= limits.effects_bytes_max;
        if (full) break;
        working.BeginInput(count);
        const auto take = [&](const auto& input) {
            return Take(item.shard, input, &working, &awaited_leaf);
        };
        if (std::visit(take, item.input) != Outcome::kTaken) break;
        ++count;
    }
    domain::Effects effects = std::move(working).Finish(count);
    effects.awaited_leaf = std::move(awaited_leaf);
    return effects;
}

}  // namespace unibox::decide
