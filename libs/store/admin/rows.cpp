#include "store/admin/rows.hpp"

#include "base/clock.hpp"
#include "pg/transaction.hpp"
#include "store/admin/detail/object_sql.hpp"
#include "store/admin/detail/row_tables.hpp"

namespace unibox::store {
namespace {

using detail::ParamsOf;
using detail::RowTable;
using detail::ToStored;

template <typename Spec>
constexpr const detail::RowStatements& Sql() {
    return RowTable<Spec>::kSql;
}

template <typename Spec>
Status NoSuchRow() {
    return NotFound(std::string("no such ") + RowTable<Spec>::kWhat);
}

template <typename Spec>
Result<StoredRow<Spec>> ReadOne(
    pg::TenantTx& tx, const pg::Statement& statement, const pg::Params& params
) {
    UNIBOX_ASSIGN_OR_RETURN(const auto rows, tx.Execute(statement, params));
    if (rows.empty()) return NoSuchRow<Spec>();
    return ToStored<Spec>(rows[0]);
}

}  // namespace

template <typename Spec>
Result<StoredRow<Spec>> CreateRow(
    const Administration& administration, TenantId tenant, const Uuid& id, const Spec& spec
) {
    UNIBOX_RETURN_IF_ERROR(CheckSpec(spec));
    UNIBOX_ASSIGN_OR_RETURN(auto tx, BeginWriting(administration, tenant));
    const auto params = ParamsOf(tenant, id, spec);
    UNIBOX_ASSIGN_OR_RETURN(const auto inserted, tx.Execute(Sql<Spec>().insert, params));
    if (inserted.affected() == 0) {
        const auto named = pg::Params::Of(tenant, RowTable<Spec>::NameOf(spec));
        UNIBOX_ASSIGN_OR_RETURN(const auto other, ReadOne<Spec>(tx, Sql<Spec>().find, named));
        return Status(
                   Code::kAlreadyExists,
                   std::string("there is such a ") + RowTable<Spec>::kWhat + " already"
        )
            .WithReason("NAME_TAKEN")
            .WithMetadata("id", other.id.ToString());
    }
    const auto key = pg::Params::Of(tenant, id);
    UNIBOX_ASSIGN_OR_RETURN(auto made, ReadOne<Spec>(tx, Sql<Spec>().get, key));
    UNIBOX_RETURN_IF_ERROR(tx.Commit());
    return made;
}

template <typename Spec>
Result<PutRowResult<Spec>> PutRow(
    const Administration& administration, TenantId tenant, const Spec& spec
) {
    UNIBOX_RETURN_IF_ERROR(CheckSpec(spec));
    UNIBOX_ASSIGN_OR_RETURN(auto tx, BeginWriting(administration, tenant));
    UNIBOX_ASSIGN_OR_RETURN(
        const auto found, tx.Execute(detail::kGetTenant, pg::Params::Of(tenant))
    );
    if (found.empty()) return NotFound("no tenant " + tenant.ToString());
    const Uuid id = NewUuidV7(SystemClock().UnixMillis());
    const auto params = ParamsOf(tenant, id, spec);
    UNIBOX_ASSIGN_OR_RETURN(const auto inserted, tx.Execute(Sql<Spec>().insert, params));
    PutRowResult<Spec> put{id, Change::kCreated};
    if (inserted.affected() == 0) {
        const auto named = pg::Params::Of(tenant, RowTable<Spec>::NameOf(spec));
        UNIBOX_ASSIGN_OR_RETURN(
            const auto before, ReadOne<Spec>(tx, Sql<Spec>().lock_named, named)
        );
        put = {before.id, before.spec == spec ? Change::kUnchanged : Change::kUpdated};
        if (put.change == Change::kUpdated) {
            const auto change = ParamsOf(tenant, before.id, spec);
            UNIBOX_RETURN_IF_ERROR(tx.Execute(Sql<Spec>().update, change).status());
        }
    }
    UNIBOX_RETURN_IF_ERROR(tx.Commit());
    return put;
}

template <typename Spec>
Result<StoredRow<Spec>> GetRow(
    const Administration& administration, TenantId tenant, const Uuid& id
) {
    UNIBOX_ASSIGN_OR_RETURN(auto tx, BeginReading(administration, tenant));
    return ReadOne<Spec>(tx, Sql<Spec>().get, pg::Params::Of(tenant, id));
}

template <typename Spec>
Result<StoredRow<Spec>> FindRow(
    const Administration& administration, TenantId tenant, std::string_view name
) {
    UNIBOX_ASSIGN_OR_RETURN(auto tx, BeginReading(administration, tenant));
    return ReadOne<Spec>(tx, Sql<Spec>().find, pg::Params::Of(tenant, name));
}

template <typename Spec>
Result<std::vector<StoredRow<Spec>>> ListRows(
    const Administration& administration, TenantId tenant, const Uuid& after, std::int32_t count_max
) {
    UNIBOX_ASSIGN_OR_RETURN(auto tx, BeginReading(administration, tenant));
    const auto page = pg::Params::Of(tenant, after, std::int64_t{count_max});
    UNIBOX_ASSIGN_OR_RETURN(const auto rows, tx.ExecuteAndCommit(Sql<Spec>().list, page));
    std::vector<StoredRow<Spec>> listed;
    for (const pg::Row row : rows) listed.push_back(ToStored<Spec>(row));
    return listed;
}

template <typename Spec>
Result<StoredRow<Spec>> ChangeRow(
    const Administration& administration,
    TenantId tenant,
    const Uuid& id,
    const ChangeRowFunction<Spec>& change
) {
    UNIBOX_ASSIGN_OR_RETURN(auto tx, BeginWriting(administration, tenant));
    const auto key = pg::Params::Of(tenant, id);
    UNIBOX_ASSIGN_OR_RETURN(auto row, ReadOne<Spec>(tx, Sql<Spec>().lock, key));
    const Spec before = row.spec;
    UNIBOX_RETURN_IF_ERROR(change(row));
    if (row.spec == before) return row;
    UNIBOX_RETURN_IF_ERROR(CheckSpec(row.spec));
    const auto params = ParamsOf(tenant, id, row.spec);
    UNIBOX_RETURN_IF_ERROR(tx.Execute(Sql<Spec>().update, params).status());
    UNIBOX_ASSIGN_OR_RETURN(auto after, ReadOne<Spec>(tx, Sql<Spec>().get, key));
    UNIBOX_RETURN_IF_ERROR(tx.Commit());
    return after;
}

template <typename Spec>
Status RemoveRow(
    const Administration& administration,
    TenantId tenant,
    const Uuid& id,
    const ChangeRowFunction<Spec>& check
) {
    UNIBOX_ASSIGN_OR_RETURN(auto tx, BeginWriting(administration, tenant));
    const auto key = pg::Params::Of(tenant, id);
    UNIBOX_ASSIGN_OR_RETURN(auto row, ReadOne<Spec>(tx, Sql<Spec>().lock, key));
    UNIBOX_RETURN_IF_ERROR(check(row));
    return tx.ExecuteAndCommit(Sql<Spec>().remove, key).status();
}

#define UNIBOX_ROW_READS(Spec)                                                                   \
    template Result<StoredRow<Spec>> GetRow(const Administration&, TenantId, const Uuid&);       \
    template Result<StoredRow<Spec>> FindRow(const Administration&, TenantId, std::string_view); \
    template Result<std::vector<StoredRow<Spec>>> ListRows(                                      \
        const Administration&, TenantId, const Uuid&, std::int32_t                               \
    );                                                                                           \
    template Result<StoredRow<Spec>>                                                             \
    ChangeRow(const Administration&, TenantId, const Uuid&, const ChangeRowFunction<Spec>&)
#define UNIBOX_ROW_WRITES(Spec)                                           \
    template Result<StoredRow<Spec>>                                      \
    CreateRow(const Administration&, TenantId, const Uuid&, const Spec&); \
    template Result<PutRowResult<Spec>> PutRow(const Administration&, TenantId, const Spec&)
#define UNIBOX_ROW_REMOVAL(Spec) \
    template Status              \
    RemoveRow(const Administration&, TenantId, const Uuid&, const ChangeRowFunction<Spec>&)

UNIBOX_ROW_READS(AgentSpec);
UNIBOX_ROW_WRITES(AgentSpec);
UNIBOX_ROW_READS(TeamSpec);
UNIBOX_ROW_WRITES(TeamSpec);
UNIBOX_ROW_READS(ApiKeySettings);
UNIBOX_ROW_READS(LabelSpec);
UNIBOX_ROW_WRITES(LabelSpec);
UNIBOX_ROW_REMOVAL(LabelSpec);
UNIBOX_ROW_READS(AttributeSpec);
UNIBOX_ROW_WRITES(AttributeSpec);
UNIBOX_ROW_REMOVAL(AttributeSpec);
UNIBOX_ROW_READS(CannedReplySpec);
UNIBOX_ROW_WRITES(CannedReplySpec);
UNIBOX_ROW_REMOVAL(CannedReplySpec);
UNIBOX_ROW_READS(WebhookEndpointSpec);
UNIBOX_ROW_WRITES(WebhookEndpointSpec);
UNIBOX_ROW_REMOVAL(WebhookEndpointSpec);

}  // namespace unibox::store
