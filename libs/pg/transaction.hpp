// The only three ways to run a statement: TenantTx (one tenant, under row-level security), WriterTx
// (the writer's pipelines over many tenants) and SystemTx (tables without a tenant).
//
// Every transaction sends BEGIN together with its first statement, limits its statements by the
// settings' timeouts and by its deadline, if it has one, and rolls back when it is destroyed before
// Commit. After an error a transaction is over: it has been rolled back, and all further calls
// answer FAILED_PRECONDITION. Errors: sqlstate.hpp. Thread safety: one thread at a time; a
// transaction must not outlive its Pool or Session.
#pragma once

#include "base/clock.hpp"
#include "base/ids.hpp"
#include "base/status.hpp"
#include "pg/params.hpp"
#include "pg/pool.hpp"
#include "pg/rows.hpp"
#include "pg/values.hpp"

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace unibox::pg {

namespace detail {
class Transaction;
}

// One tenant's transaction: app.tenant_id is set in it, so that the policies let through this
// tenant's rows alone.
class TenantTx {
public:
    // Nothing of the transaction goes on for much more than half a second after `deadline`: not the
    // wait for a connection, no statement, no wait for an answer.
    static Result<TenantTx> Begin(
        Pool& pool, TenantId tenant, Access access, SteadyTime deadline = SteadyTime::max()
    );
    TenantTx(TenantTx&&) noexcept;
    TenantTx& operator=(TenantTx&&) noexcept;
    ~TenantTx();

    Result<Rows> Execute(const Statement& statement, const Params& params);
    // The same with the COMMIT in the same round trip: a transaction of one statement costs one.
    Result<Rows> ExecuteAndCommit(const Statement& statement, const Params& params);
    // Ok only if the server confirmed COMMIT. A lost connection leaves the outcome unknown.
    Status Commit();
    // Statements executed, without BEGIN, COMMIT and the setting of the tenant.
    int statement_count() const;

private:
    explicit TenantTx(std::unique_ptr<detail::Transaction> tx);
    std::unique_ptr<detail::Transaction> tx_;
};

// A transaction on tables that have no tenant: directory, partitions, migrations.
class SystemTx {
public:
    // `deadline` as of TenantTx.
    static Result<SystemTx> Begin(
        Pool& pool, Access access, SteadyTime deadline = SteadyTime::max()
    );
    static Result<SystemTx> Begin(Session& session, Access access);
    SystemTx(SystemTx&&) noexcept;
    SystemTx& operator=(SystemTx&&) noexcept;
    ~SystemTx();

    Result<Rows> Execute(const Statement& statement, const Params& params);
    Result<Rows> ExecuteAndCommit(const Statement& statement, const Params& params);
    // SQL text that changes from call to call: parsed anew, never kept. For migrations and tests.
    Result<Rows> ExecuteUnprepared(const std::string& sql, const Params& params = {});
    // Several statements separated by semicolons, without parameters and results. For migrations
    // and tests.
    Status ExecuteScript(const std::string& sql);
    Status Commit();
    int statement_count() const;

private:
    explicit SystemTx(std::unique_ptr<detail::Transaction> tx);
    std::unique_ptr<detail::Transaction> tx_;
};

// The writer's transaction: statements are queued with Send and go out at once with Sync or Commit,
// which return their results in order. Neither can deadlock on full socket buffers, however large
// the pipeline is. Limits: 4,096 statements and 256 MB of parameters between two Syncs
// (RESOURCE_EXHAUSTED).
class WriterTx {
public:
    static Result<WriterTx> Begin(Session& session);
    WriterTx(WriterTx&&) noexcept;
    WriterTx& operator=(WriterTx&&) noexcept;
    ~WriterTx();

    // Queues a statement; errors of the server appear at Sync or Commit.
    Status Send(const Statement& statement, const Params& params);
    // Results of the statements sent since the last Sync, or the first error. The transaction stays
    // open. The server ends it (25P03) if nothing follows within settings.idle_in_tx_timeout_ms.
    Result<std::vector<Rows>> Sync();
    // Index, since the last Sync, of the statement that the error of the last Sync or Commit
    // belongs to; -1 if the error belongs to none of them (connection lost, COMMIT itself).
    int failed_statement() const;
    // Queues COMMIT and syncs. Ok only if the server answered with the command tag COMMIT.
    Result<std::vector<Rows>> Commit();
    // The same, and in the same round trip `after`, which runs when the transaction is over: its
    // rows are the last result. Whatever becomes of it, Ok says that the COMMIT took place; if it
    // failed, its result has no rows.
    Result<std::vector<Rows>> CommitThen(const Statement& after, const Params& params);
    // Whether the connection was lost after COMMIT had been sent: the transaction may have taken
    // place.
    bool outcome_unknown() const;
    // Ends the transaction without effect. Also done by an error and by the destructor.
    void Rollback();
    // Statements sent, without BEGIN and COMMIT.
    int statement_count() const;

private:
    explicit WriterTx(std::unique_ptr<detail::Transaction> tx);
    std::unique_ptr<detail::Transaction> tx_;
};

}  // namespace unibox::pg
