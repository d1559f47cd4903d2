// Routes that move between channels: a part of admin.hpp.
#include "pg/transaction.hpp"
#include "store/admin.hpp"

#include <algorithm>
#include <tuple>

namespace unibox::store {
namespace {

// A route may move from one tenant to another, in one transaction: the tenant changes inside it.
// Row-level security holds for each statement as in a TenantTx.
constexpr pg::Statement kAsTenant{
    "routes_as_tenant", "SELECT set_config('app.tenant_id', $1, true)"};
constexpr pg::Statement kLock{
    "routes_lock",
    "SELECT route_key FROM channels WHERE tenant_id = $1 AND channel_id = $2 AND provider = $3 "
    "FOR UPDATE"};
constexpr pg::Statement kRelease{
    "routes_release",
    "DELETE FROM directory WHERE kind = 3 AND key_hash = ub_route_hash($1, $2) AND tenant = $3 "
    "AND object_id = $4"};
constexpr pg::Statement kClaim{
    "routes_claim",
    "INSERT INTO directory (kind, key_hash, tenant, object_id) "
    "VALUES (3, ub_route_hash($1, $2), $3, $4) "
    "ON CONFLICT (kind, key_hash) DO UPDATE SET tenant = directory.tenant "
    "RETURNING tenant, object_id"};
constexpr pg::Statement kSet{
    "routes_set", "UPDATE channels SET route_key = $3 WHERE tenant_id = $1 AND channel_id = $2"};
constexpr pg::Statement kName{
    "routes_name",
    "SELECT t.slug || '/' || c.slug FROM channels c JOIN tenants t ON t.tenant_id = c.tenant_id "
    "WHERE c.tenant_id = $1 AND c.channel_id = $2"};

struct Owner {
    TenantId tenant;
    ChannelId channel;
};

Status Release(pg::SystemTx& tx, const RouteMove& move) {
    const auto tenant = pg::Params::Of(move.tenant.ToString());
    UNIBOX_RETURN_IF_ERROR(tx.Execute(kAsTenant, tenant).status());
    const auto key = pg::Params::Of(move.tenant, move.channel, move.provider);
    UNIBOX_ASSIGN_OR_RETURN(const auto rows, tx.Execute(kLock, key));
    if (rows.empty()) return NotFound("no such channel " + move.channel.ToString());
    const auto old = pg::Params::Of(move.provider, rows[0].Text(0), move.tenant, move.channel);
    UNIBOX_RETURN_IF_ERROR(tx.Execute(kRelease, old).status());
    const auto row = pg::Params::Of(move.tenant, move.channel, move.route_key);
    return tx.Execute(kSet, row).status();
}

// Who has the route, if it is another channel.
Result<std::optional<Owner>> Claim(pg::SystemTx& tx, const RouteMove& move) {
    if (move.route_key.empty()) return std::optional<Owner>();
    const auto route = pg::Params::Of(move.provider, move.route_key, move.tenant, move.channel);
    UNIBOX_ASSIGN_OR_RETURN(const auto rows, tx.Execute(kClaim, route));
    const Owner owner{rows[0].Tenant(0), rows[0].GetId<ChannelId>(1)};
    if (owner.tenant == move.tenant && owner.channel == move.channel) {
        return std::optional<Owner>();
    }
    return std::optional(owner);
}

struct Conflict {
    RouteMove move;
    Owner owner;
};

// In the order of the moves' channels and routes, so that two applies wait for each other.
Result<std::optional<Conflict>> MoveAll(pg::Pool& pool, std::vector<RouteMove> moves) {
    UNIBOX_ASSIGN_OR_RETURN(auto tx, pg::SystemTx::Begin(pool, pg::Access::kReadWrite));
    std::sort(moves.begin(), moves.end(), [](const RouteMove& a, const RouteMove& b) {
        return std::tie(a.tenant, a.channel) < std::tie(b.tenant, b.channel);
    });
    for (const RouteMove& move : moves) UNIBOX_RETURN_IF_ERROR(Release(tx, move));
    std::sort(moves.begin(), moves.end(), [](const RouteMove& a, const RouteMove& b) {
        return a.route_key < b.route_key;
    });
    for (const RouteMove& move : moves) {
        UNIBOX_ASSIGN_OR_RETURN(const auto owner, Claim(tx, move));
        if (owner) return std::optional(Conflict{move, *owner});
    }
    UNIBOX_RETURN_IF_ERROR(tx.Commit());
    return std::optional<Conflict>();
}

}  // namespace

Result<std::string> NameOfChannel(pg::Pool& pool, TenantId tenant, ChannelId channel) {
    UNIBOX_ASSIGN_OR_RETURN(auto tx, pg::TenantTx::Begin(pool, tenant, pg::Access::kReadOnly));
    UNIBOX_ASSIGN_OR_RETURN(
        const auto rows, tx.ExecuteAndCommit(kName, pg::Params::Of(tenant, channel))
    );
    if (rows.empty()) return NotFound("no such channel");
    return std::string(rows[0].Text(0));
}

Status MoveRoutes(pg::Pool& pool, const std::vector<RouteMove>& moves) {
    if (moves.empty()) return {};
    UNIBOX_ASSIGN_OR_RETURN(const auto conflict, MoveAll(pool, moves));
    if (!conflict) return {};
    const RouteMove& move = conflict->move;
    const Owner& owner = conflict->owner;
    UNIBOX_ASSIGN_OR_RETURN(
        const std::string wanting, NameOfChannel(pool, move.tenant, move.channel)
    );
    UNIBOX_ASSIGN_OR_RETURN(
        const std::string having, NameOfChannel(pool, owner.tenant, owner.channel)
    );
    std::string text = "channel " + wanting + ": the route " + move.route_key;
    text += " belongs to the channel " + having;
    return Status(Code::kAlreadyExists, std::move(text)).WithField("route_key");
}

}  // namespace unibox::store
