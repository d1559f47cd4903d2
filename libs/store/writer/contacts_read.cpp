// The first pipeline of the writer's transaction: contacts that commands name, and those that
// remained of the ones that were merged.
#include "domain/conversation_columns.hpp"
#include "store/writer/detail/batch_rows.hpp"
#include "store/writer/detail/command_pipeline.hpp"
#include "store/writer/detail/command_sql.hpp"

#include <utility>

namespace unibox::store::detail {
namespace {

using domain::BatchPlan;
using domain::BatchState;
using NamedContact = std::pair<TenantId, ContactId>;

constexpr int kFirstColumn = 2;  // after tenant and channel

Status ReadLocked(const pg::Row& row, BatchState& state) {
    using Column = LockedContactColumn;
    domain::ContactRow contact = ContactOf(row, kFirstColumn);
    contact.identity_count = row.Int32(Column::kIdentityCount);
    contact.phone = row.Text(Column::kPhone);
    contact.email = row.Text(Column::kEmail);
    for (const Uuid& channel : row.UuidArray(Column::kMoreChannels)) {
        contact.more_channels.push_back(ChannelId{channel});
    }
    UNIBOX_RETURN_IF_ERROR(
        domain::DecodeAttributes(row.GetBytes(Column::kAttributes), contact.attributes)
    );
    const std::string key(row.Text(kFirstColumn + ContactColumn::kKey));
    state.contacts[{row.Tenant(0), row.GetId<ChannelId>(1), key}] = std::move(contact);
    return {};
}

std::set<NamedContact> MissingSurvivors(const BatchState& state) {
    std::set<NamedContact> known, missing;
    for (const auto& [key, row] : state.contacts) known.insert({key.tenant, row.id});
    for (const auto& [key, row] : state.contacts) {
        if (!row.merged_into) continue;
        const NamedContact survivor{key.tenant, *row.merged_into};
        if (!known.contains(survivor)) missing.insert(survivor);
    }
    return missing;
}

}  // namespace

Status LockContactsById(Pipeline& pipeline, const BatchPlan& plan, BatchState& state) {
    if (plan.contact_ids.empty()) return {};
    std::vector<std::int64_t> tenants;
    std::vector<ContactId> ids;
    std::vector<bool> whole;
    for (const auto& [key, is_whole] : plan.contact_ids) {
        tenants.push_back(key.first.value);
        ids.push_back(key.second);
        whole.push_back(is_whole);
    }
    pg::Params params;
    params.AddArray(tenants).AddArray(ids).AddArray(whole);
    UNIBOX_RETURN_IF_ERROR(pipeline.Send(kLockContacts, params));
    return pipeline.Send(kReadLockedContacts, params, [&state](const pg::Rows& rows) {
        for (const pg::Row row : rows) UNIBOX_RETURN_IF_ERROR(ReadLocked(row, state));
        return Status();
    });
}

// One that is found may have been merged since the other was read: then the one behind it too.
Status ReadSurvivors(pg::WriterTx& tx, BatchState& state) {
    for (auto missing = MissingSurvivors(state); !missing.empty();) {
        pg::Params params;
        AddIds(missing, params);
        Pipeline pipeline(tx);
        UNIBOX_RETURN_IF_ERROR(pipeline.Send(kReadSurvivors, params, [&](const pg::Rows& rows) {
            for (const pg::Row row : rows) {
                const std::string key(row.Text(kFirstColumn + ContactColumn::kKey));
                state.contacts.try_emplace(
                    {row.Tenant(0), row.GetId<ChannelId>(1), key}, ContactOf(row, kFirstColumn)
                );
            }
            return Status();
        }));
        UNIBOX_RETURN_IF_ERROR(pipeline.Finish());
        auto still = MissingSurvivors(state);
        if (still == missing) break;  // a row that is gone: the one that names it stands for it
        missing = std::move(still);
    }
    return {};
}

}  // namespace unibox::store::detail
