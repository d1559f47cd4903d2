// The first pipeline of the writer's transaction: what commands alone need.
#include "pg/sqlstate.hpp"
#include "store/writer/detail/batch_rows.hpp"
#include "store/writer/detail/command_pipeline.hpp"
#include "store/writer/detail/command_sql.hpp"
#include "store/writer/detail/plan_keys.hpp"

#include <utility>

namespace unibox::store::detail {
namespace {

using domain::BatchPlan;
using domain::BatchState;

pg::Params RequestKeyParams(const std::vector<const domain::RequestKey*>& keys) {
    std::vector<std::int64_t> tenants;
    std::vector<std::string_view> scopes, texts;
    for (const auto* key : keys) {
        tenants.push_back(key->tenant.value);
        scopes.push_back(key->scope);
        texts.push_back(key->key);
    }
    pg::Params params;
    params.AddArray(tenants).AddArray(scopes).AddArray(texts);
    return params;
}

pg::Params MessageRefParams(const std::vector<domain::MessageRef>& refs) {
    std::vector<std::int64_t> tenants, seqs;
    std::vector<ConversationId> conversations;
    for (const domain::MessageRef& ref : refs) {
        tenants.push_back(ref.conversation.tenant.value);
        conversations.push_back(ref.conversation.conversation);
        seqs.push_back(ref.seq);
    }
    pg::Params params;
    params.AddArray(tenants).AddArray(conversations).AddArray(seqs);
    return params;
}

Status ReadKept(const pg::Row& row, domain::KeptRequest& kept) {
    if (row.IsNull(2)) {
        return Status(Code::kResourceExhausted, "more kept answers than a transaction may read")
            .WithReason(pg::kPipelineFull);
    }
    kept.digest = row.GetBytes(1);
    const std::string_view bytes = row.GetBytes(2);
    if (kept.answer.ParseFromArray(bytes.data(), static_cast<int>(bytes.size()))) return {};
    return {Code::kDataLoss, "request_keys.answer is not a KeptAnswer"};
}

Status ReadMessages(Pipeline& pipeline, const BatchPlan& plan, BatchState& state) {
    if (plan.messages.empty()) return {};
    const pg::Params refs = MessageRefParams(plan.messages);
    UNIBOX_RETURN_IF_ERROR(pipeline.Send(kReadMessagesBySeq, refs, [&state](const pg::Rows& rows) {
        for (const pg::Row row : rows) {
            const domain::MessagePosition at = PositionOf(row);
            state.message_refs[{{row.Tenant(0), at.conversation}, at.seq}] = at;
        }
        return ReadTargets(rows, state);
    }));
    pg::Params contents = refs;
    contents.Add(kContentsBytesMax);
    return pipeline.Send(kReadContentsBySeq, contents, [&state](const pg::Rows& rows) {
        return ReadContents(rows, state);
    });
}

Status ReadAgents(Pipeline& pipeline, const BatchPlan& plan, BatchState& state) {
    if (plan.agents.empty()) return {};
    const auto pointers = KeyPointers(plan.agents);
    pg::Params params;
    AddIds(plan.agents, params);
    return pipeline.Send(kReadAgents, params, [&state, pointers](const pg::Rows& rows) {
        for (const pg::Row row : rows) {
            domain::AgentRow& agent = state.agents[KeyOf(pointers, row)];
            agent.name = row.Text(1);
            agent.role = static_cast<v1::AgentRole>(row.Int16(2));
            agent.disabled = row.Bool(3);
            for (const Uuid& channel : row.UuidArray(4)) agent.channels.insert(ChannelId{channel});
        }
        return Status();
    });
}

Status ReadTeams(Pipeline& pipeline, const BatchPlan& plan, BatchState& state) {
    if (plan.teams.empty()) return {};
    const auto pointers = KeyPointers(plan.teams);
    pg::Params params;
    AddIds(plan.teams, params);
    return pipeline.Send(kReadTeams, params, [&state, pointers](const pg::Rows& rows) {
        for (const pg::Row row : rows) state.teams[KeyOf(pointers, row)] = row.Bool(1);
        return Status();
    });
}

Status ReadChannelsById(Pipeline& pipeline, const BatchPlan& plan, BatchState& state) {
    if (plan.conversations.empty()) return {};
    pg::Params params;
    AddConversations(plan.conversations, params);
    return pipeline.Send(kReadChannelsById, params, [&state](const pg::Rows& rows) {
        return ReadChannels(rows, state);
    });
}

}  // namespace

void AddConversations(const std::set<domain::ConversationKey>& keys, pg::Params& params) {
    std::vector<std::int64_t> tenants;
    std::vector<ConversationId> ids;
    for (const domain::ConversationKey& key : keys) {
        tenants.push_back(key.tenant.value);
        ids.push_back(key.conversation);
    }
    params.AddArray(tenants).AddArray(ids);
}

domain::ThreadRow ThreadOf(const pg::Row& row, int first) {
    domain::ThreadRow thread;
    thread.contact = row.GetId<ContactId>(first);
    if (!row.IsNull(first + 1)) thread.conversation = row.GetId<ConversationId>(first + 1);
    thread.delivered_until = row.Timestamp(first + 2).unix_ms;
    thread.read_until = row.Timestamp(first + 3).unix_ms;
    return thread;
}

Status HoldRequestKeys(
    Pipeline& pipeline, const std::set<domain::RequestKey>& keys, BatchState& state
) {
    if (keys.empty()) return {};
    const auto pointers = KeyPointers(keys);
    pg::Params params = RequestKeyParams(pointers);
    UNIBOX_RETURN_IF_ERROR(pipeline.Send(kHoldRequestKeys, params));
    params.Add(kKeptBytesMax);
    return pipeline.Send(kReadRequestKeys, params, [&state, pointers](const pg::Rows& rows) {
        for (const pg::Row row : rows) {
            UNIBOX_RETURN_IF_ERROR(ReadKept(row, state.kept_requests[KeyOf(pointers, row)]));
        }
        return Status();
    });
}

Status LockThreadsById(Pipeline& pipeline, const BatchPlan& plan, BatchState& state) {
    pg::Params params;
    ThreadArrays(KeyPointers(plan.threads)).AddTo(params);
    AddConversations(plan.conversations, params);
    return pipeline.Send(kLockThreadsById, params, [&state](const pg::Rows& rows) {
        using Column = ThreadColumn;
        for (const pg::Row row : rows) {
            state.threads[{
                row.Tenant(Column::kTenant),
                row.GetId<ChannelId>(Column::kChannel),
                std::string(row.Text(Column::kKey))}] = ThreadOf(row, Column::kContact);
        }
        return Status();
    });
}

Status ReadForCommands(Pipeline& pipeline, const BatchPlan& plan, BatchState& state) {
    UNIBOX_RETURN_IF_ERROR(ReadMessages(pipeline, plan, state));
    UNIBOX_RETURN_IF_ERROR(ReadAgents(pipeline, plan, state));
    UNIBOX_RETURN_IF_ERROR(ReadTeams(pipeline, plan, state));
    return ReadChannelsById(pipeline, plan, state);
}

void LeaveOutUnlocked(const BatchPlan& plan, BatchState& state) {
    for (const domain::ConversationKey& key : plan.conversations) {
        const auto at = state.conversations.find(key);
        if (at == state.conversations.end()) continue;
        const domain::ConversationRow& row = at->second;
        if (state.threads.contains({key.tenant, row.channel, row.thread_key})) continue;
        state.conversations.erase(at);
        state.counters.erase(key);
    }
}

}  // namespace unibox::store::detail
