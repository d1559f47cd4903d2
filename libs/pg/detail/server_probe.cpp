#include "pg/detail/server_probe.hpp"

#include "pg/transaction.hpp"

#include <algorithm>
#include <utility>

namespace unibox::pg::detail {
namespace {

// Any role may ask all of it. The timeline of a replica is the newest that its control file or its
// receiver tells: the file learns of another one late (a restart point, or what is flushed), the
// receiver is shown to members of pg_read_all_stats alone.
constexpr Statement kPlace{
    "ub_place",
    "SELECT pg_is_in_recovery(), coalesce((CASE WHEN pg_is_in_recovery() "
    "THEN pg_last_wal_replay_lsn() ELSE pg_current_wal_flush_lsn() END "
    "- '0/0'::pg_lsn)::bigint, 0), s.system_identifier, "
    "CASE WHEN pg_is_in_recovery() THEN greatest(c.timeline_id, r.min_recovery_end_timeline, "
    "(SELECT received_tli FROM pg_stat_wal_receiver)) "
    "ELSE ('x' || substr(pg_walfile_name(pg_current_wal_flush_lsn()), 1, 8))::bit(32)::int END "
    "FROM pg_control_system() s, pg_control_checkpoint() c, pg_control_recovery() r"};

}  // namespace

Result<std::unique_ptr<ServerProbe>> ServerProbe::Create(
    Settings settings, Millis timeout, obs::Metrics& metrics
) {
    for (std::int64_t* limit :
         {&settings.connect_timeout_ms, &settings.statement_timeout_ms, &settings.io_timeout_ms}) {
        *limit = std::min<std::int64_t>(*limit, timeout.count());
    }
    UNIBOX_ASSIGN_OR_RETURN(auto session, Session::Create(settings, metrics));
    return std::unique_ptr<ServerProbe>(new ServerProbe(std::move(session)));
}

Result<Sighting> ServerProbe::Look() {
    UNIBOX_ASSIGN_OR_RETURN(auto tx, SystemTx::Begin(*session_, Access::kReadOnly));
    UNIBOX_ASSIGN_OR_RETURN(const Rows rows, tx.ExecuteAndCommit(kPlace, Params()));
    const Row row = rows[0];
    const bool in_recovery = row.Bool(0);
    const Lsn place{static_cast<std::uint64_t>(row.Int64(1))};
    const bool is_new =
        std::exchange(connection_, session_->connection_count()) != session_->connection_count();
    timeline_ = std::max(is_new ? 0 : timeline_, row.Int32(3));
    return Sighting{in_recovery, place, row.Int64(2), timeline_};
}

}  // namespace unibox::pg::detail
