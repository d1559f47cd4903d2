// What the three kinds of transactions have in common. Private to libs/pg.
// Thread safety: one thread at a time.
#pragma once

#include "base/clock.hpp"
#include "base/ids.hpp"
#include "base/status.hpp"
#include "pg/detail/connection.hpp"
#include "pg/transaction.hpp"

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace unibox::pg::detail {

class Transaction {
public:
    ~Transaction();
    Transaction(const Transaction&) = delete;
    Transaction& operator=(const Transaction&) = delete;

private:
    friend class pg::TenantTx;
    friend class pg::SystemTx;
    friend class pg::WriterTx;

    template <typename Source>
    static Result<std::unique_ptr<Transaction>> Begin(
        Source& source, std::optional<TenantId> tenant, Access access, SteadyTime deadline
    ) {
        auto lease = source.Acquire(PassKey(), deadline);
        if (!lease.ok()) return lease.status();
        (*lease)->SetDeadline(deadline);
        return std::unique_ptr<Transaction>(
            new Transaction(std::move(lease).value(), tenant, access, deadline)
        );
    }

    Transaction(Lease lease, std::optional<TenantId> tenant, Access access, SteadyTime deadline)
        : lease_(std::move(lease)), tenant_(tenant), access_(access), deadline_(deadline) {}

    // Queues BEGIN and the transaction's settings before the first statement.
    Status QueueBegin();
    // The error of the first round trip, where what the server is makes another one of it.
    Status CheckServer(const Outcome& outcome, int internal);
    // By settings, or what is left until the deadline.
    std::int64_t StatementTimeoutMs() const;
    Status Queue(const Statement& statement, const Params& params, bool unnamed = false);
    // Results of the statements queued by Queue since the last Sync. Rolls back after an error.
    Result<std::vector<Rows>> Sync();
    Result<std::vector<Rows>> Commit();
    Result<std::vector<Rows>> CommitThen(const Statement& after, const Params& params);
    // Sends the queued COMMIT, and what is queued behind it: `count` statements in all.
    Result<std::vector<Rows>> FinishCommit(int commit_index, int count);
    Result<Rows> Execute(const Statement& statement, const Params& params, bool unnamed = false);
    Result<Rows> ExecuteAndCommit(const Statement& statement, const Params& params);
    Status RunScript(const std::string& sql);
    void Rollback();

    Lease lease_;
    std::optional<TenantId> tenant_;
    Access access_;
    SteadyTime deadline_;
    bool begun_ = false;
    bool over_ = false;
    bool outcome_unknown_ = false;
    int internal_count_ = 0;  // Our own statements at the head of the pipeline.
    int failed_statement_ = -1;
    int statement_count_ = 0;
};

}  // namespace unibox::pg::detail
