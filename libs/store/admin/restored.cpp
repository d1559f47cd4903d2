#include "store/admin/restored.hpp"

#include "pg/transaction.hpp"

namespace unibox::store {
namespace {

constexpr pg::Statement kRaisePartitions{
    "partition_raise",
    "UPDATE ingest_partition SET epoch = epoch + $1, owner = NULL, lease_until = '-infinity'"};
constexpr pg::Statement kRaiseSlots{
    "slot_raise",
    "UPDATE writer_slots SET epoch = epoch + $1, owner = NULL, lease_until = '-infinity'"};
constexpr pg::Statement kAuditRaised{
    "epochs_audit",
    "SELECT ub_audit(NULL, 'lease_epochs', 'all', NULL, jsonb_build_object('raised_by', $1), "
    "'done')"};
constexpr pg::Statement kRenewFeed{
    "feed_renew",
    "WITH renewed AS (UPDATE feed f SET feed_epoch = gen_random_uuid() "
    "FROM (SELECT feed_epoch FROM feed) old RETURNING old.feed_epoch AS was, f.feed_epoch AS now) "
    "SELECT now, ub_audit(NULL, 'feed', 'UB_EV', jsonb_build_object('feed_epoch', was), "
    "jsonb_build_object('feed_epoch', now), 'done') FROM renewed"};

}  // namespace

Status RaiseAllEpochs(pg::Pool& pool, std::int64_t by) {
    if (by < 1) return InvalidArgument("epochs only rise").WithField("by");
    UNIBOX_ASSIGN_OR_RETURN(auto tx, pg::SystemTx::Begin(pool, pg::Access::kReadWrite));
    UNIBOX_RETURN_IF_ERROR(tx.Execute(kRaisePartitions, pg::Params::Of(by)).status());
    UNIBOX_RETURN_IF_ERROR(tx.Execute(kRaiseSlots, pg::Params::Of(by)).status());
    return tx.ExecuteAndCommit(kAuditRaised, pg::Params::Of(by)).status();
}

Result<Uuid> RenewFeedEpoch(pg::Pool& pool) {
    UNIBOX_ASSIGN_OR_RETURN(auto tx, pg::SystemTx::Begin(pool, pg::Access::kReadWrite));
    UNIBOX_ASSIGN_OR_RETURN(const auto rows, tx.ExecuteAndCommit(kRenewFeed, {}));
    if (rows.empty()) return FailedPrecondition("the table feed has lost its row");
    return rows[0].GetUuid(0);
}

}  // namespace unibox::store
