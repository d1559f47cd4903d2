#include "store/writer/slots.hpp"

#include "pg/transaction.hpp"
#include "store/streams/detail/partition_sql.hpp"
#include "store/writer/detail/outbox_arrays.hpp"
#include "store/writer/partitions.hpp"

namespace unibox::store {
namespace {

constexpr pg::Statement kTakeSlots{
    "slot_take",
    "WITH free AS (SELECT s.slot FROM writer_slots s "
    "WHERE (s.owner IS NULL OR s.lease_until < clock_timestamp() "
    "OR s.leased_at > " UNIBOX_FUTURE
    ") "
    "AND EXISTS (SELECT FROM outbox o WHERE o.shard = -1 - s.slot "
    "AND o.target = ANY ($4::smallint[])) "
    "ORDER BY s.slot LIMIT $3 FOR NO KEY UPDATE OF s SKIP LOCKED) "
    "UPDATE writer_slots s SET owner = $1, epoch = s.epoch + 1, "
    "leased_at = clock_timestamp(), lease_until = clock_timestamp() + $2 * interval '1 ms' FROM "
    "free f WHERE s.slot = f.slot "
    "RETURNING s.slot, s.epoch"};
// The first of those that nobody has. Looks past what another transaction holds.
constexpr pg::Statement kTakeFree{
    "slot_take_free",
    "WITH free AS (SELECT s.slot FROM writer_slots s "
    "WHERE s.owner IS NULL OR s.lease_until < clock_timestamp() OR s.leased_at > " UNIBOX_FUTURE
    "ORDER BY s.slot LIMIT 1 FOR NO KEY UPDATE OF s SKIP LOCKED) "
    "UPDATE writer_slots s SET owner = $1, epoch = s.epoch + 1, "
    "leased_at = clock_timestamp(), lease_until = clock_timestamp() + $2 * interval '1 ms' FROM "
    "free f WHERE s.slot = f.slot "
    "RETURNING s.slot, s.epoch"};
// A number that was in use before a restore, and is not known any more, must not come back with the
// same epoch: the first one is the time.
constexpr pg::Statement kMakeSlot{
    "slot_make",
    "INSERT INTO writer_slots (slot, epoch, owner, leased_at, lease_until) "
    "SELECT coalesce(max(slot), -1) + 1, (extract(epoch FROM clock_timestamp()) * 1000)::bigint, "
    "$1, clock_timestamp(), clock_timestamp() + $2 * interval '1 ms' FROM writer_slots "
    "ON CONFLICT DO NOTHING RETURNING slot, epoch"};
// A row that a transaction holds is its owner's all the same: its commit renews the lease.
constexpr pg::Statement kRenewSlot{
    "slot_renew",
    "WITH free AS (SELECT s.slot FROM writer_slots s WHERE s.slot = $1 AND s.epoch = $2 "
    "AND s.owner = $3 FOR NO KEY UPDATE OF s SKIP LOCKED), "
    "renewed AS (UPDATE writer_slots s SET leased_at = clock_timestamp(), "
    "lease_until = clock_timestamp() + $4 * interval '1 ms' FROM free f WHERE s.slot = f.slot) "
    "SELECT 1 FROM writer_slots WHERE slot = $1 AND epoch = $2 AND owner = $3"};
constexpr pg::Statement kReleaseSlot{
    "slot_release",
    "UPDATE writer_slots SET owner = NULL, lease_until = '-infinity' "
    "WHERE slot = $1 AND epoch = $2 AND owner = $3"};

// How often a number is looked for that another writer takes in the same moment.
constexpr int kTriesMax = 100;

Result<pg::Rows> Write(pg::Pool& pool, const pg::Statement& statement, const pg::Params& params) {
    UNIBOX_ASSIGN_OR_RETURN(auto tx, pg::SystemTx::Begin(pool, pg::Access::kReadWrite));
    return tx.ExecuteAndCommit(statement, params);
}

}  // namespace

Result<OwnedSlot> TakeSlot(pg::Pool& pool, std::string_view owner, Millis lease) {
    const auto params = pg::Params::Of(owner, lease.count());
    for (int i = 0; i < kTriesMax; ++i) {
        for (const pg::Statement& statement : {kTakeFree, kMakeSlot}) {
            UNIBOX_ASSIGN_OR_RETURN(const auto rows, Write(pool, statement, params));
            if (!rows.empty()) return OwnedSlot{rows[0].Int32(0), rows[0].Int64(1)};
        }
    }
    return Status(Code::kAborted, "other writers take every slot");
}

Status RenewSlot(pg::Pool& pool, std::string_view owner, const OwnedSlot& slot, Millis lease) {
    const auto params = pg::Params::Of(slot.slot, slot.epoch, owner, lease.count());
    UNIBOX_ASSIGN_OR_RETURN(const auto rows, Write(pool, kRenewSlot, params));
    if (!rows.empty()) return {};
    return Status(Code::kAborted, "the slot was taken over").WithReason(kPartitionLost);
}

Result<std::vector<OwnedSlot>> TakeExpiredSlots(
    pg::Pool& pool,
    std::string_view owner,
    Millis lease,
    std::span<const domain::OutboxTarget> targets,
    std::int32_t count_max
) {
    pg::Params params = pg::Params::Of(owner, lease.count(), count_max);
    params.AddArray(detail::NumbersOf(targets));
    UNIBOX_ASSIGN_OR_RETURN(const auto rows, Write(pool, kTakeSlots, params));
    std::vector<OwnedSlot> slots;
    for (const pg::Row row : rows) slots.push_back({row.Int32(0), row.Int64(1)});
    return slots;
}

Status ReleaseSlot(pg::Pool& pool, std::string_view owner, const OwnedSlot& slot) {
    return Write(pool, kReleaseSlot, pg::Params::Of(slot.slot, slot.epoch, owner)).status();
}

}  // namespace unibox::store
