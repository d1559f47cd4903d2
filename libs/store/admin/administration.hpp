// Through which pool, for whom and until when administration works.
//
// Two roles do: ub_admin (uniboxctl, all tenants) and ub_console (gateway, the tenant of the
// transaction, which may not read what it need not: hashes and sealed secrets).
// Thread safety: a value; any thread.
#pragma once

#include "base/clock.hpp"
#include "base/ids.hpp"
#include "base/status.hpp"
#include "pg/pool.hpp"
#include "pg/settings.hpp"
#include "pg/transaction.hpp"

#include <optional>

namespace unibox::store {

struct Administration {
    // As the pool is set: pg::Settings::actor says who acts.
    Administration(pg::Pool& the_pool) : pool(the_pool) {}  // NOLINT(google-explicit-constructor)
    // One call of somebody, told in the audit. Nothing goes on for much longer than the deadline.
    Administration(pg::Pool& the_pool, pg::Actor the_actor, SteadyTime the_deadline)
        : pool(the_pool), actor(std::move(the_actor)), deadline(the_deadline) {}

    pg::Pool& pool;
    std::optional<pg::Actor> actor = {};
    SteadyTime deadline = SteadyTime::max();
};

Result<pg::TenantTx> BeginReading(const Administration& administration, TenantId tenant);
// The audit names the actor of what is written in it.
Result<pg::TenantTx> BeginWriting(const Administration& administration, TenantId tenant);

}  // namespace unibox::store
