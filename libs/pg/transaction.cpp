#include "pg/transaction.hpp"

#include "pg/detail/transaction.hpp"
#include "pg/sqlstate.hpp"

#include <algorithm>
#include <chrono>
#include <utility>

namespace unibox::pg {
namespace detail {
namespace {

constexpr Statement kBeginWrite{
    "ub_begin_write", "BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE"};
constexpr Statement kBeginRead{"ub_begin_read", "BEGIN ISOLATION LEVEL READ COMMITTED READ ONLY"};
constexpr Statement kCommit{"ub_commit", "COMMIT"};
constexpr Statement kRollback{"ub_rollback", "ROLLBACK"};
// All of them local to the transaction, so that a shared (PgBouncer) connection keeps nothing.
constexpr Statement kSettings{
    "ub_settings",
    "SELECT set_config('app.tenant_id', $1, true), set_config('statement_timeout', $2, true), "
    "set_config('lock_timeout', $3, true), "
    "set_config('idle_in_transaction_session_timeout', $4, true)"};
// With them what a demand on a read is judged by. The read itself comes after it, with a snapshot
// of its own (READ COMMITTED), so it sees all that had been replayed here.
constexpr Statement kSettingsAndPlace{
    "ub_settings_and_place",
    "SELECT set_config('app.tenant_id', $1, true), set_config('statement_timeout', $2, true), "
    "set_config('lock_timeout', $3, true), "
    "set_config('idle_in_transaction_session_timeout', $4, true), "
    "pg_is_in_recovery(), coalesce(pg_last_wal_replay_lsn() - '0/0'::pg_lsn, 0)::bigint"};
constexpr int kInRecoveryColumn = 4;
constexpr int kReplayedColumn = 5;
constexpr int kBeginIndex = 0;
constexpr std::size_t kSettingsIndex = 1;
constexpr Statement kActor{
    "ub_actor",
    "SELECT set_config('app.actor', $1, true), set_config('app.verb', $2, true), "
    "set_config('app.request_id', $3, true)"};

Status Over() {
    return FailedPrecondition("the transaction is over");
}

}  // namespace

Transaction::~Transaction() {
    Rollback();
}

std::int64_t Transaction::StatementTimeoutMs() const {
    const std::int64_t by_settings = lease_->settings().statement_timeout_ms;
    if (deadline_ == SteadyTime::max()) return by_settings;
    const auto left = std::chrono::ceil<Millis>(deadline_ - std::chrono::steady_clock::now());
    return std::clamp<std::int64_t>(left.count(), 1, by_settings);  // 0 would mean: never.
}

Status Transaction::QueueBegin() {
    if (begun_) return {};
    begun_ = true;
    const Settings& settings = lease_->settings();
    const Params params = Params::Of(
        tenant_ ? tenant_->ToString() : std::string(),
        std::to_string(StatementTimeoutMs()),
        std::to_string(settings.lock_timeout_ms),
        std::to_string(settings.idle_in_tx_timeout_ms)
    );
    UNIBOX_RETURN_IF_ERROR(
        lease_->Queue(access_ == Access::kReadOnly ? kBeginRead : kBeginWrite, Params())
    );
    UNIBOX_RETURN_IF_ERROR(lease_->Queue(lease_.demand() ? kSettingsAndPlace : kSettings, params));
    internal_count_ = 2;
    if (!settings.actor || access_ == Access::kReadOnly) return {};
    const Actor& actor = *settings.actor;
    const Params told = Params::Of(actor.name, actor.verb, actor.request_id);
    UNIBOX_RETURN_IF_ERROR(lease_->Queue(kActor, told));
    ++internal_count_;
    return {};
}

Status Transaction::CheckServer(const Outcome& outcome, int internal) {
    if (internal == 0) return outcome.status;
    // A standby refuses BEGIN READ WRITE as a feature that it lacks (0A000), not as 25006.
    if (outcome.failed_statement == kBeginIndex &&
        outcome.status.reason() == kFeatureNotSupported) {
        lease_->GiveUp();
        return MakeError(kReadOnlySqlTransaction, outcome.status.message(), "", "");
    }
    if (!lease_.demand() || outcome.rows.size() <= kSettingsIndex) return outcome.status;
    const Row place = outcome.rows[kSettingsIndex][0];
    if (!place.Bool(kInRecoveryColumn)) {
        if (!lease_.demand()->replica) return outcome.status;
        return Unavailable("it is no replica any more").WithReason(kNotReplica);
    }
    const auto replayed = static_cast<std::uint64_t>(place.Int64(kReplayedColumn));
    if (replayed >= lease_.demand()->replayed.value) return outcome.status;
    if (!lease_.demand()->replica) lease_->GiveUp();  // The primary is elsewhere now.
    return Unavailable("the server has not replayed what must be read").WithReason(kNotReplayed);
}

Status Transaction::Queue(const Statement& statement, const Params& params, bool unnamed) {
    if (over_) return Over();
    UNIBOX_RETURN_IF_ERROR(QueueBegin());
    UNIBOX_RETURN_IF_ERROR(lease_->Queue(statement, params, unnamed));
    ++statement_count_;
    return {};
}

Result<std::vector<Rows>> Transaction::Sync() {
    if (over_) return Over();
    Outcome outcome = lease_->Sync();
    const int internal = std::exchange(internal_count_, 0);
    failed_statement_ =
        outcome.failed_statement < internal ? -1 : outcome.failed_statement - internal;
    outcome.status = CheckServer(outcome, internal);
    if (!outcome.status.ok()) {
        Rollback();
        return outcome.status;
    }
    outcome.rows.erase(outcome.rows.begin(), outcome.rows.begin() + internal);
    return std::move(outcome.rows);
}

Result<std::vector<Rows>> Transaction::Commit() {
    if (over_) return Over();
    if (!begun_) {
        over_ = true;
        return std::vector<Rows>();
    }
    UNIBOX_RETURN_IF_ERROR(lease_->Queue(kCommit, Params()));
    const int count = lease_->queued_count();
    return FinishCommit(count - 1, count);
}

Result<std::vector<Rows>> Transaction::CommitThen(const Statement& after, const Params& params) {
    if (over_) return Over();
    UNIBOX_RETURN_IF_ERROR(QueueBegin());
    UNIBOX_RETURN_IF_ERROR(lease_->Queue(kCommit, Params()));
    const int commit_index = lease_->queued_count() - 1;
    // If it finds no room, the COMMIT goes without it: it must not be left in the queue.
    static_cast<void>(lease_->Queue(after, params));
    return FinishCommit(commit_index, commit_index + 2);
}

Result<std::vector<Rows>> Transaction::FinishCommit(int commit_index, int count) {
    const int internal = std::exchange(internal_count_, 0);
    const auto commit_at = static_cast<std::size_t>(commit_index);
    Outcome outcome = lease_->Sync();
    const int failed = outcome.failed_statement;
    const bool answered = outcome.rows.size() > commit_at;
    failed_statement_ = failed < internal || failed >= commit_index ? -1 : failed - internal;
    const Status checked = CheckServer(outcome, internal);
    if (!outcome.status.ok() && !answered) {
        outcome_unknown_ = outcome.connection_lost;
        Rollback();
        return checked;
    }
    over_ = true;
    if (lease_.demand() && !checked.ok()) return checked;
    // An aborted transaction answers COMMIT with ROLLBACK and no error.
    if (outcome.rows[commit_at].command_tag() != "COMMIT") {
        return Status(Code::kAborted, "the server rolled back at COMMIT").WithReason("ROLLED_BACK");
    }
    outcome.rows.resize(static_cast<std::size_t>(count));  // What failed behind it has no rows.
    outcome.rows.erase(outcome.rows.begin() + commit_index);
    outcome.rows.erase(outcome.rows.begin(), outcome.rows.begin() + internal);
    return std::move(outcome.rows);
}

Result<Rows> Transaction::Execute(const Statement& statement, const Params& params, bool unnamed) {
    UNIBOX_RETURN_IF_ERROR(Queue(statement, params, unnamed));
    UNIBOX_ASSIGN_OR_RETURN(std::vector<Rows> rows, Sync());
    return std::move(rows.back());
}

Result<Rows> Transaction::ExecuteAndCommit(const Statement& statement, const Params& params) {
    UNIBOX_RETURN_IF_ERROR(Queue(statement, params));
    UNIBOX_ASSIGN_OR_RETURN(std::vector<Rows> rows, Commit());
    return std::move(rows.back());
}

Status Transaction::RunScript(const std::string& sql) {
    if (over_) return Over();
    UNIBOX_RETURN_IF_ERROR(QueueBegin());
    UNIBOX_RETURN_IF_ERROR(Sync().status());
    ++statement_count_;
    Status status = lease_->RunScript(sql);
    if (!status.ok()) Rollback();
    return status;
}

void Transaction::Rollback() {
    if (std::exchange(over_, true) || !begun_) return;
    // Statements that were queued but never synced must be answered before the line is free again.
    if (lease_->queued_count() > 0) static_cast<void>(lease_->Sync());
    if (!lease_->Queue(kRollback, Params()).ok()) return;
    static_cast<void>(lease_->Sync());  // If it fails, the connection is closed instead.
}

}  // namespace detail

using detail::Transaction;

namespace {

// The status of a result whose rows nobody wants.
template <typename T>
Status StatusOf(const Result<T>& result) {
    return result.ok() ? Status() : result.status();
}

}  // namespace

TenantTx::TenantTx(std::unique_ptr<Transaction> tx) : tx_(std::move(tx)) {}
TenantTx::TenantTx(TenantTx&&) noexcept = default;
TenantTx& TenantTx::operator=(TenantTx&&) noexcept = default;
TenantTx::~TenantTx() = default;

Result<TenantTx> TenantTx::Begin(Pool& pool, TenantId tenant, Access access, SteadyTime deadline) {
    UNIBOX_ASSIGN_OR_RETURN(auto tx, Transaction::Begin(pool, tenant, access, deadline));
    return TenantTx(std::move(tx));
}
Result<Rows> TenantTx::Execute(const Statement& statement, const Params& params) {
    return tx_->Execute(statement, params);
}
Result<Rows> TenantTx::ExecuteAndCommit(const Statement& statement, const Params& params) {
    return tx_->ExecuteAndCommit(statement, params);
}
Status TenantTx::Commit() {
    return StatusOf(tx_->Commit());
}
int TenantTx::statement_count() const {
    return tx_->statement_count_;
}

SystemTx::SystemTx(std::unique_ptr<Transaction> tx) : tx_(std::move(tx)) {}
SystemTx::SystemTx(SystemTx&&) noexcept = default;
SystemTx& SystemTx::operator=(SystemTx&&) noexcept = default;
SystemTx::~SystemTx() = default;

Result<SystemTx> SystemTx::Begin(Pool& pool, Access access, SteadyTime deadline) {
    UNIBOX_ASSIGN_OR_RETURN(auto tx, Transaction::Begin(pool, std::nullopt, access, deadline));
    return SystemTx(std::move(tx));
}
Result<SystemTx> SystemTx::Begin(Session& session, Access access) {
    UNIBOX_ASSIGN_OR_RETURN(
        auto tx, Transaction::Begin(session, std::nullopt, access, SteadyTime::max())
    );
    return SystemTx(std::move(tx));
}
Result<Rows> SystemTx::Execute(const Statement& statement, const Params& params) {
    return tx_->Execute(statement, params);
}
Result<Rows> SystemTx::ExecuteAndCommit(const Statement& statement, const Params& params) {
    return tx_->ExecuteAndCommit(statement, params);
}
Result<Rows> SystemTx::ExecuteUnprepared(const std::string& sql, const Params& params) {
    return tx_->Execute(Statement{"", sql.c_str()}, params, true);
}
Status SystemTx::ExecuteScript(const std::string& sql) {
    return tx_->RunScript(sql);
}
Status SystemTx::Commit() {
    return StatusOf(tx_->Commit());
}
int SystemTx::statement_count() const {
    return tx_->statement_count_;
}

WriterTx::WriterTx(std::unique_ptr<Transaction> tx) : tx_(std::move(tx)) {}
WriterTx::WriterTx(WriterTx&&) noexcept = default;
WriterTx& WriterTx::operator=(WriterTx&&) noexcept = default;
WriterTx::~WriterTx() = default;

Result<WriterTx> WriterTx::Begin(Session& session) {
    UNIBOX_ASSIGN_OR_RETURN(
        auto tx, Transaction::Begin(session, std::nullopt, Access::kReadWrite, SteadyTime::max())
    );
    return WriterTx(std::move(tx));
}
Status WriterTx::Send(const Statement& statement, const Params& params) {
    return tx_->Queue(statement, params);
}
Result<std::vector<Rows>> WriterTx::Sync() {
    return tx_->Sync();
}
int WriterTx::failed_statement() const {
    return tx_->failed_statement_;
}
Result<std::vector<Rows>> WriterTx::Commit() {
    return tx_->Commit();
}
Result<std::vector<Rows>> WriterTx::CommitThen(const Statement& after, const Params& params) {
    return tx_->CommitThen(after, params);
}
bool WriterTx::outcome_unknown() const {
    return tx_->outcome_unknown_;
}
void WriterTx::Rollback() {
    tx_->Rollback();
}
int WriterTx::statement_count() const {
    return tx_->statement_count_;
}

}  // namespace unibox::pg
