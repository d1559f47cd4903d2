#include "store/admin/administration.hpp"

namespace unibox::store {
namespace {

constexpr pg::Statement kActsAs{
    "admin_acts_as",
    "SELECT set_config('app.actor', $1, true), set_config('app.verb', $2, true), "
    "set_config('app.request_id', $3, true)"};

}  // namespace

Result<pg::TenantTx> BeginReading(const Administration& administration, TenantId tenant) {
    return pg::TenantTx::Begin(
        administration.pool, tenant, pg::Access::kReadOnly, administration.deadline
    );
}

Result<pg::TenantTx> BeginWriting(const Administration& administration, TenantId tenant) {
    UNIBOX_ASSIGN_OR_RETURN(
        auto tx,
        pg::TenantTx::Begin(
            administration.pool, tenant, pg::Access::kReadWrite, administration.deadline
        )
    );
    if (!administration.actor) return tx;
    const pg::Actor& actor = *administration.actor;
    const auto told = pg::Params::Of(actor.name, actor.verb, actor.request_id);
    UNIBOX_RETURN_IF_ERROR(tx.Execute(kActsAs, told).status());
    return tx;
}

}  // namespace unibox::store
