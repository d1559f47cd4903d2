#include "store/admin/views.hpp"

#include "pg/transaction.hpp"
#include "store/inbox/detail/view_rows.hpp"

#include <string>

namespace unibox::store {
namespace {

#define UNIBOX_VIEW_SELECT \
    "SELECT " UNIBOX_VIEW_COLUMNS "FROM saved_views WHERE tenant_id = $1 AND "

// Whoever makes one holds it until the commit, so that no two count the same views.
constexpr pg::Statement kLockTenant{
    "view_lock_tenant",
    "SELECT pg_advisory_xact_lock(1970170211, ('x' || md5($1::text))::bit(32)::int)"};
constexpr pg::Statement kCount{
    "view_count", "SELECT count(*) FROM saved_views WHERE tenant_id = $1 AND owner_id = $2"};
constexpr pg::Statement kFind{
    "view_find",
    "SELECT view_id FROM saved_views WHERE tenant_id = $1 AND owner_id = $2 AND name = $3 "
    "AND view_id <> $4"};
constexpr pg::Statement kInsert{
    "view_insert",
    "INSERT INTO saved_views (tenant_id, view_id, owner_id, name, filter, sort_order, place) "
    "VALUES ($1, $2, $3, $4, $5, $6, $7)"};
constexpr pg::Statement kUpdate{
    "view_update",
    "UPDATE saved_views SET name = $4, filter = $5, sort_order = $6, place = $7 "
    "WHERE tenant_id = $1 AND view_id = $2 AND owner_id = $3"};
constexpr pg::Statement kLock{"view_lock", UNIBOX_VIEW_SELECT "view_id = $2 FOR UPDATE"};
constexpr pg::Statement kGet{"view_get", UNIBOX_VIEW_SELECT "view_id = $2"};
constexpr pg::Statement kRemove{
    "view_remove", "DELETE FROM saved_views WHERE tenant_id = $1 AND view_id = $2"};

AgentId OwnerOf(const OwnedView& view) {
    return view.owner.value_or(AgentId{});
}

pg::Params ParamsOf(TenantId tenant, const Uuid& id, const OwnedView& owned) {
    const std::string filter = owned.view.filter().SerializeAsString();
    return pg::Params::Of(
        tenant,
        id,
        OwnerOf(owned),
        owned.view.name(),
        pg::Bytes{filter},
        static_cast<std::int16_t>(owned.view.order_by()),
        owned.view.position()
    );
}

Result<OwnedView> ReadOne(
    pg::TenantTx& tx, const pg::Statement& statement, TenantId tenant, const Uuid& id
) {
    UNIBOX_ASSIGN_OR_RETURN(const auto rows, tx.Execute(statement, pg::Params::Of(tenant, id)));
    if (rows.empty()) {
        return NotFound("no such view").WithReason("VIEW_NOT_FOUND").WithField("view_id");
    }
    const pg::Row row = rows[0];
    OwnedView owned;
    if (const Uuid owner = row.GetUuid(1); owner != Uuid{}) owned.owner = AgentId{owner};
    UNIBOX_ASSIGN_OR_RETURN(owned.view, detail::ToView(row));
    return owned;
}

Status CheckName(pg::TenantTx& tx, TenantId tenant, const Uuid& id, const OwnedView& owned) {
    const auto named = pg::Params::Of(tenant, OwnerOf(owned), owned.view.name(), id);
    UNIBOX_ASSIGN_OR_RETURN(const auto others, tx.Execute(kFind, named));
    if (others.empty()) return {};
    return Status(Code::kAlreadyExists, "there is a view of that name already")
        .WithReason("NAME_TAKEN")
        .WithMetadata("id", others[0].GetUuid(0).ToString());
}

Status CheckRoom(pg::TenantTx& tx, TenantId tenant, const OwnedView& owned) {
    UNIBOX_ASSIGN_OR_RETURN(
        const auto rows, tx.Execute(kCount, pg::Params::Of(tenant, OwnerOf(owned)))
    );
    const std::int64_t count_max = owned.owner ? kOwnViewCountMax : kSharedViewCountMax;
    if (rows[0].Int64(0) < count_max) return {};
    return FailedPrecondition(
               "there are " + std::to_string(count_max) + " views already: delete one first"
    )
        .WithReason("TOO_MANY_VIEWS");
}

}  // namespace

Result<OwnedView> CreateView(
    const Administration& administration, TenantId tenant, const Uuid& id, const OwnedView& view
) {
    UNIBOX_ASSIGN_OR_RETURN(auto tx, BeginWriting(administration, tenant));
    UNIBOX_RETURN_IF_ERROR(tx.Execute(kLockTenant, pg::Params::Of(tenant)).status());
    UNIBOX_RETURN_IF_ERROR(CheckName(tx, tenant, id, view));
    UNIBOX_RETURN_IF_ERROR(CheckRoom(tx, tenant, view));
    UNIBOX_RETURN_IF_ERROR(tx.Execute(kInsert, ParamsOf(tenant, id, view)).status());
    UNIBOX_ASSIGN_OR_RETURN(auto made, ReadOne(tx, kGet, tenant, id));
    UNIBOX_RETURN_IF_ERROR(tx.Commit());
    return made;
}

Result<OwnedView> ChangeView(
    const Administration& administration,
    TenantId tenant,
    const Uuid& id,
    const std::function<Status(OwnedView&)>& change
) {
    UNIBOX_ASSIGN_OR_RETURN(auto tx, BeginWriting(administration, tenant));
    UNIBOX_RETURN_IF_ERROR(tx.Execute(kLockTenant, pg::Params::Of(tenant)).status());
    UNIBOX_ASSIGN_OR_RETURN(auto owned, ReadOne(tx, kLock, tenant, id));
    UNIBOX_RETURN_IF_ERROR(change(owned));
    UNIBOX_RETURN_IF_ERROR(CheckName(tx, tenant, id, owned));
    UNIBOX_RETURN_IF_ERROR(tx.Execute(kUpdate, ParamsOf(tenant, id, owned)).status());
    UNIBOX_ASSIGN_OR_RETURN(auto after, ReadOne(tx, kGet, tenant, id));
    UNIBOX_RETURN_IF_ERROR(tx.Commit());
    return after;
}

Status RemoveView(
    const Administration& administration,
    TenantId tenant,
    const Uuid& id,
    const std::function<Status(const OwnedView&)>& check
) {
    UNIBOX_ASSIGN_OR_RETURN(auto tx, BeginWriting(administration, tenant));
    UNIBOX_ASSIGN_OR_RETURN(const auto owned, ReadOne(tx, kLock, tenant, id));
    UNIBOX_RETURN_IF_ERROR(check(owned));
    return tx.ExecuteAndCommit(kRemove, pg::Params::Of(tenant, id)).status();
}

}  // namespace unibox::store
