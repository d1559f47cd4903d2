// A migrated database and a pool for each role.
// Thread safety: as pg::Pool.
#pragma once

#include "base/clock.hpp"
#include "pg/transaction.hpp"
#include "store/admin/objects.hpp"
#include "support/pg_server.hpp"
#include "support/status_matchers.hpp"

#include <catch2/catch.hpp>

#include <map>
#include <memory>
#include <string>

namespace unibox::test {

class StoreFixture {
public:
    explicit StoreFixture(PgServer& server = PgServer::Shared())
        : database_(server.CreateDatabase()) {}

    pg::Pool& Pool(const std::string& role) {
        auto& pool = pools_[role];
        if (!pool) pool = pg::Pool::Create(database_.settings(role), metrics_).value();
        return *pool;
    }
    pg::Pool& admin() { return Pool("ub_admin"); }
    pg::Pool& writer() { return Pool("ub_writer"); }
    pg::Pool& ingest() { return Pool("ub_ingest"); }
    pg::Pool& gateway() { return Pool("ub_gateway"); }

    const PgDatabase& database() const { return database_; }

    // One statement as a role, with app.tenant_id set unless `tenant` is 0.
    Result<pg::Rows> Run(const std::string& role, const std::string& sql, std::int64_t tenant = 0) {
        auto tx = pg::SystemTx::Begin(Pool(role), pg::Access::kReadWrite);
        if (!tx.ok()) return tx.status();
        if (tenant != 0) {
            const auto set = "SELECT set_config('app.tenant_id', $1, true)";
            const auto done = tx->ExecuteUnprepared(set, pg::Params::Of(std::to_string(tenant)));
            if (!done.ok()) return done;
        }
        auto rows = tx->ExecuteUnprepared(sql);
        if (!rows.ok()) return rows;
        const Status committed = tx->Commit();
        if (!committed.ok()) return committed;
        return rows;
    }
    Result<pg::Rows> Owner(const std::string& sql) { return Run("postgres", sql); }
    std::int64_t Number(const std::string& sql) {
        const auto rows = Owner(sql);
        REQUIRE_OK(rows);
        return (*rows)[0].Int64(0);
    }

    TenantId Tenant(const std::string& slug) {
        const auto put = store::PutTenant(admin(), {slug, "Tenant " + slug});
        REQUIRE_OK(put);
        return put->tenant;
    }
    static store::ChannelSpec Channel(const std::string& slug, const std::string& route_key) {
        store::ChannelSpec spec;
        spec.slug = slug;
        spec.name = "Channel " + slug;
        spec.provider = v1::PROVIDER_WHATSAPP;
        spec.route_key = route_key;
        return spec;
    }

private:
    PgDatabase database_;
    obs::Metrics metrics_;
    std::map<std::string, std::unique_ptr<pg::Pool>> pools_;
};

}  // namespace unibox::test
