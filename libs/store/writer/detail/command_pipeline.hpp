// What both pipelines of a transaction have for commands alone: nothing is sent where a plan or
// effects have nothing of it. Private to store. Thread safety: as Pipeline and WriterTx.
#pragma once

#include "base/status.hpp"
#include "domain/batch_effects.hpp"
#include "domain/batch_plan.hpp"
#include "domain/batch_state.hpp"
#include "pg/params.hpp"
#include "pg/rows.hpp"
#include "pg/transaction.hpp"
#include "store/writer/detail/batch_pipeline.hpp"

#include <cstdint>
#include <set>

namespace unibox::store::detail {

// How much a batch loads of messages' contents, and of answers that are kept. What is beyond it is
// left to the next transaction.
constexpr std::int64_t kContentsBytesMax = 16LL * 1024 * 1024;
constexpr std::int64_t kKeptBytesMax = 16LL * 1024 * 1024;

// Two arrays of a set of (tenant, id).
template <typename Id>
void AddIds(const std::set<std::pair<TenantId, Id>>& keys, pg::Params& params) {
    std::vector<std::int64_t> tenants;
    std::vector<Id> ids;
    for (const auto& [tenant, id] : keys) {
        tenants.push_back(tenant.value);
        ids.push_back(id);
    }
    params.AddArray(tenants).AddArray(ids);
}
void AddConversations(const std::set<domain::ConversationKey>& keys, pg::Params& params);

// From four columns: contact, latest conversation, the two marks.
domain::ThreadRow ThreadOf(const pg::Row& row, int first);

// In this order, with what every batch reads in between.
Status HoldRequestKeys(
    Pipeline& pipeline, const std::set<domain::RequestKey>& keys, domain::BatchState& state
);
// Those of plan.threads and of plan.conversations.
Status LockThreadsById(
    Pipeline& pipeline, const domain::BatchPlan& plan, domain::BatchState& state
);
// Those of plan.contact_ids, after the counters.
Status LockContactsById(
    Pipeline& pipeline, const domain::BatchPlan& plan, domain::BatchState& state
);
// Of all contacts in the state that were merged the one that remains; nothing is sent where there
// is none. Behind the first pipeline, in one of its own.
Status ReadSurvivors(pg::WriterTx& tx, domain::BatchState& state);
// Messages by seq, agents, teams, channels of the conversations. After the counters are locked.
Status ReadForCommands(
    Pipeline& pipeline, const domain::BatchPlan& plan, domain::BatchState& state
);
// A conversation that was committed between the locks of threads and of counters has no lock of its
// thread: for commands it is not there yet.
void LeaveOutUnlocked(const domain::BatchPlan& plan, domain::BatchState& state);

// Request keys, audit and snoozes.
Status WriteForCommands(pg::WriterTx& tx, const domain::Effects& effects);

}  // namespace unibox::store::detail
