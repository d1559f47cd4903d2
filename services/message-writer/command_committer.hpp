// Commits commands and answers each of them once, whatever happens.
//
// What may go wrong, and what is done about it:
//   passing (PostgreSQL away, a lock)   again, with back-off, as long as a call's deadline allows
//   outcome unknown                     those with a request key again: the database knows by it
//                                       whether it was done; the others are told OUTCOME_UNKNOWN
//   too much, too slow                  in halves
//   refused by the database (22, 23)    in halves, until the one at fault is found: INTERNAL
//   a leaf is missing                   it is made; a detached one is UNAVAILABLE
//   the slot is another's               the lane takes another one, then again
// One object for each lane. Thread safety: one thread at a time.
#pragma once

#include "async/backoff.hpp"
#include "base/clock.hpp"
#include "decide/decide.hpp"
#include "domain/batch_effects.hpp"
#include "message-writer/batch_committer.hpp"
#include "message-writer/command_queue.hpp"
#include "message-writer/commit_stage.hpp"
#include "message-writer/leaves.hpp"
#include "message-writer/metrics.hpp"
#include "store/writer/batch_tx.hpp"
#include "store/writer/slots.hpp"

#include <functional>
#include <optional>
#include <span>
#include <vector>

namespace unibox::writer {

class CommandCommitter {
public:
    struct Environment {
        pg::Session& session;  // of the lane alone
        pg::Pool& pool;
        Millis lease{0};
        Millis retry_max{0};
        decide::DecideLimits limits{};
        WriterMetrics& metrics;
        const Clock& clock;
        StageHook on_stage{};
        // The lane's slot; nothing while none can be had.
        std::function<std::optional<store::OwnedSlot>()> slot;
        // Another writer has taken it.
        std::function<void()> on_slot_lost;
        // Its outbox may hold rows that nobody knows of.
        std::function<void()> on_outcome_unknown;
        // Waits; false when the lane is to end.
        std::function<bool(Millis)> pause;
        // Called right after each commit, with the rows it wrote.
        std::function<void(CommittedOutbox)> publish;
        // Rows of the outbox to delete with the next transaction; cleared when it is committed.
        std::vector<store::OutboxId>* acknowledged = nullptr;
    };
    explicit CommandCommitter(Environment environment);

    // Returns when each command was answered.
    void Commit(std::vector<PendingCommand> commands);

private:
    using Commands = std::span<PendingCommand>;
    enum class Next { kAgain, kHalves, kEnd };

    void CommitAll(Commands commands);
    void InHalves(Commands commands, const Status& why);
    Status TryOnce(Commands commands, bool* outcome_unknown);
    Status RunTransaction(Commands commands, const store::OwnedSlot& slot, bool* outcome_unknown);
    static Status AnswerUndecided(PendingCommand& command, const domain::Effects& effects);
    void AfterCommit(Commands commands, const store::CommittedBatch& committed);
    Next AfterError(Commands commands, Status error, bool outcome_unknown, int* conflicts);
    Next Wait();

    // Those that are still open, after answering those whose calls have ended.
    Commands StillWanted(Commands commands) const;

    Environment env_;
    Leaves leaves_;
    domain::Effects effects_;  // of the last attempt
    async::Backoff backoff_;
};

}  // namespace unibox::writer
