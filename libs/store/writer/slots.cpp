#include "store/writer/slots.hpp"

#include "pg/transaction.hpp"
#include "store/streams/detail/partition_sql.hpp"

namespace unibox::store {
namespace {

constexpr pg::Statement kTakeSlots{
    "slot_take",
    "WITH free AS (SELECT s.slot FROM writer_slots s "
    "WHERE (s.owner IS NULL OR s.lease_until < clock_timestamp() "
    "OR s.leased_at > " UNIBOX_FUTURE
    ") "
    "AND EXISTS (SELECT FROM outbox o WHERE o.shard = -1 - s.slot) "
    "ORDER BY s.slot LIMIT $3 FOR NO KEY UPDATE OF s SKIP LOCKED) "
    "UPDATE writer_slots s SET owner = $1, epoch = s.epoch + 1, "
    "leased_at = clock_timestamp(), lease_until = clock_timestamp() + $2 * interval '1 ms' FROM "
    "free f WHERE s.slot = f.slot "
    "RETURNING s.slot, s.epoch"};
constexpr pg::Statement kReleaseSlot{
    "slot_release",
    "UPDATE writer_slots SET owner = NULL, lease_until = '-infinity' "
    "WHERE slot = $1 AND epoch = $2 AND owner = $3"};

}  // namespace

Result<std::vector<OwnedSlot>> TakeExpiredSlots(
    pg::Pool& pool, std::string_view owner, Millis lease, std::int32_t count_max
) {
    UNIBOX_ASSIGN_OR_RETURN(auto tx, pg::SystemTx::Begin(pool, pg::Access::kReadWrite));
    const auto params = pg::Params::Of(owner, lease.count(), count_max);
    UNIBOX_ASSIGN_OR_RETURN(const auto rows, tx.ExecuteAndCommit(kTakeSlots, params));
    std::vector<OwnedSlot> slots;
    for (const pg::Row row : rows) slots.push_back({row.Int32(0), row.Int64(1)});
    return slots;
}

Status ReleaseSlot(pg::Pool& pool, std::string_view owner, const OwnedSlot& slot) {
    UNIBOX_ASSIGN_OR_RETURN(auto tx, pg::SystemTx::Begin(pool, pg::Access::kReadWrite));
    return tx.ExecuteAndCommit(kReleaseSlot, pg::Params::Of(slot.slot, slot.epoch, owner)).status();
}

}  // namespace unibox::store
