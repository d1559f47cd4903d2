#include "message-writer/command_committer.hpp"

#include "base/encoding.hpp"
#include "decide/plan.hpp"
#include "message-writer/command_answer.hpp"
#include "obs/log.hpp"
#include "store/writer/failure.hpp"

#include <algorithm>
#include <chrono>
#include <utility>

namespace unibox::writer {
namespace {

// Tries of a transaction that met what another one has written.
constexpr int kConflictTries = 3;

bool IsOpen(const PendingCommand& command) {
    return command.done != nullptr;
}

void Answer(PendingCommand& command, CommandResult result) {
    std::exchange(command.done, nullptr)(std::move(result));
}

void AnswerAll(std::span<PendingCommand> commands, const Status& status) {
    for (PendingCommand& command : commands) {
        if (IsOpen(command)) Answer(command, {status, "", ""});
    }
}

Status NotNow(const Status& why) {
    return Unavailable("the database does not take it now: " + why.message())
        .WithReason("DATABASE_UNAVAILABLE");
}

}  // namespace

CommandCommitter::CommandCommitter(Environment environment)
    : env_(std::move(environment)),
      leaves_(env_.pool, env_.metrics, env_.clock),
      backoff_({.first = Millis(10), .longest = env_.retry_max}) {}

void CommandCommitter::Commit(std::vector<PendingCommand> commands) {
    leaves_.Refresh();
    CommitAll(commands);
}

void CommandCommitter::CommitAll(Commands commands) {
    int conflicts = 0;
    bool may_be_written = false;  // By an attempt whose end nobody saw.
    while (!(commands = StillWanted(commands)).empty()) {
        bool outcome_unknown = false;
        Status status = TryOnce(commands, &outcome_unknown);
        if (status.ok()) {
            backoff_.Reset();
            may_be_written = false;
            continue;
        }
        may_be_written = may_be_written || outcome_unknown;
        switch (AfterError(commands, status, outcome_unknown, &conflicts)) {
            case Next::kAgain:
                break;
            case Next::kHalves:
                return InHalves(commands, status);
            case Next::kEnd:
                return AnswerAll(commands, may_be_written ? OutcomeUnknown() : NotNow(status));
        }
    }
}

void CommandCommitter::InHalves(Commands commands, const Status& why) {
    if (commands.size() == 1) {
        const v1::CommandHeader& header = commands.front().command.header();
        obs::Log(
            obs::Level::kError,
            "a command cannot be written",
            {{"tenant", header.tenant_id()},
             {"conversation", HexEncode(header.conversation_id())},
             {"error", why}}
        );
        env_.metrics.commands_failed.Add();
        return AnswerAll(commands, Status(Code::kInternal, "it cannot be written"));
    }
    const std::size_t middle = commands.size() / 2;
    CommitAll(commands.first(middle));
    CommitAll(commands.subspan(middle));
}

CommandCommitter::Commands CommandCommitter::StillWanted(Commands commands) const {
    const SteadyTime now = env_.clock.Steady();
    for (PendingCommand& command : commands) {
        if (!IsOpen(command)) continue;
        if (command.is_cancelled && command.is_cancelled()) {
            Answer(command, {Status(Code::kCancelled, "the caller has gone"), "", ""});
        } else if (command.deadline <= now) {
            Answer(command, {Status(Code::kDeadlineExceeded, "not written in time"), "", ""});
        }
    }
    const auto open = std::stable_partition(commands.begin(), commands.end(), [](const auto& one) {
        return !IsOpen(one);
    });
    return commands.subspan(static_cast<std::size_t>(open - commands.begin()));
}

Status CommandCommitter::TryOnce(Commands commands, bool* outcome_unknown) {
    const std::optional<store::OwnedSlot> slot = env_.slot();
    if (!slot) return Unavailable("no slot can be had").WithReason("NO_SLOT");
    return RunTransaction(commands, *slot, outcome_unknown);
}

Status CommandCommitter::RunTransaction(
    Commands commands, const store::OwnedSlot& slot, bool* outcome_unknown
) {
    std::vector<domain::BatchItem> inputs;
    inputs.reserve(commands.size());
    for (const PendingCommand& command : commands) {
        inputs.push_back({slot.Shard(), command.command});
    }
    effects_ = {};
    if (env_.on_stage) env_.on_stage(CommitStage::kBeforeTransaction);
    const SteadyTime begun = env_.clock.Steady();
    UNIBOX_ASSIGN_OR_RETURN(auto tx, store::BatchTx::Begin(env_.session, env_.lease));
    const store::BatchFence fence{
        .partitions = {}, .slot = store::SlotFence{slot.slot, slot.epoch}};
    UNIBOX_ASSIGN_OR_RETURN(
        domain::BatchState state, tx.Read(fence, decide::Plan(inputs), leaves_.survey())
    );
    if (env_.on_stage) env_.on_stage(CommitStage::kBetweenPipelines);
    effects_ = decide::Decide(inputs, std::move(state), env_.limits);
    if (effects_.input_count == 0) return AnswerUndecided(commands.front(), effects_);
    auto committed = tx.Commit(effects_, {{}, *env_.acknowledged});
    if (!committed.ok()) {
        *outcome_unknown = tx.outcome_unknown();
        return committed.status();
    }
    const std::chrono::duration<double> took = env_.clock.Steady() - begun;
    env_.metrics.command_commit_seconds.Observe(took.count());
    if (env_.on_stage) env_.on_stage(CommitStage::kBeforePublish);
    AfterCommit(commands.first(effects_.input_count), *committed);
    return {};
}

// The first one alone is more than a transaction may read, or waits for a leaf.
Status CommandCommitter::AnswerUndecided(PendingCommand& command, const domain::Effects& effects) {
    Status why = effects.awaited_leaf.empty()
                     ? ResourceExhausted("what is stored about it is too much to be changed")
                           .WithReason("STATE_TOO_LARGE")
                     : Unavailable("its part of the history is detached at the moment")
                           .WithReason("HISTORY_DETACHED");
    Answer(command, {std::move(why), "", ""});
    return {};
}

void CommandCommitter::AfterCommit(Commands commands, const store::CommittedBatch& committed) {
    env_.acknowledged->clear();
    CommittedOutbox rows;
    for (std::size_t i = 0; i < committed.outbox.size(); ++i) {
        rows.emplace_back(committed.outbox[i], std::move(effects_.outbox.at(i).batch));
    }
    if (!rows.empty()) env_.publish(std::move(rows));
    for (domain::CommandAnswer& answer : effects_.answers) {
        if (answer.is_repetition) env_.metrics.commands_repeated.Add();
        PendingCommand& command = commands[answer.input];
        Answer(command, ResultOf(std::move(answer), committed.consistency_token));
    }
    env_.metrics.command_batches.Add();
    env_.metrics.batch_commands.Observe(static_cast<double>(commands.size()));
}

CommandCommitter::Next CommandCommitter::AfterError(
    Commands commands, Status error, bool outcome_unknown, int* conflicts
) {
    env_.metrics.retries.Add();
    if (outcome_unknown) {
        env_.metrics.unknown_outcomes.Add();
        env_.on_outcome_unknown();
        for (PendingCommand& command : commands) {
            if (command.command.header().has_request_key()) continue;
            Answer(command, {OutcomeUnknown(), "", ""});
        }
        return Wait();
    }
    switch (store::ClassifyFailure(error)) {
        case store::Failure::kFenced:
            env_.metrics.fenced.Add();
            env_.on_slot_lost();
            return Next::kAgain;
        case store::Failure::kStaleLeaves:
            return leaves_.LookAgain().ok() ? Next::kAgain : Wait();
        case store::Failure::kMissingLeaf:
            error = leaves_.Make(effects_, error);
            return ++*conflicts <= 1 ? Next::kAgain : Next::kHalves;
        case store::Failure::kConflict:
            return ++*conflicts <= kConflictTries ? Wait() : Next::kHalves;
        case store::Failure::kPoison:
        case store::Failure::kTooMuch:
            return Next::kHalves;
        case store::Failure::kTimeout:
            return commands.size() > 1 ? Next::kHalves : Wait();
        case store::Failure::kPassing:
            break;
    }
    obs::Log(
        obs::Level::kWarn,
        "commands are not written yet",
        {{"error", error}, {"commands", commands.size()}}
    );
    return Wait();
}

CommandCommitter::Next CommandCommitter::Wait() {
    return env_.pause(backoff_.Next()) ? Next::kAgain : Next::kEnd;
}

}  // namespace unibox::writer
