// The second pipeline of the writer's transaction: what commands alone leave behind.
#include "domain/actor_columns.hpp"
#include "domain/conversation_columns.hpp"
#include "store/writer/detail/batch_arrays.hpp"
#include "store/writer/detail/command_pipeline.hpp"
#include "store/writer/detail/command_sql.hpp"

#include <map>
#include <utility>

namespace unibox::store::detail {
namespace {

Status WriteRequestKeys(pg::WriterTx& tx, const std::vector<domain::RequestKeyWrite>& writes) {
    if (writes.empty()) return {};
    std::vector<std::int64_t> tenants;
    std::vector<std::string_view> scopes, keys;
    std::vector<pg::Bytes> digests;
    std::vector<std::string> answers;
    for (const domain::RequestKeyWrite& write : writes) {
        tenants.push_back(write.key.tenant.value);
        scopes.push_back(write.key.scope);
        keys.push_back(write.key.key);
        digests.push_back(pg::Bytes{write.digest});
        answers.push_back(write.answer.SerializeAsString());
    }
    const std::vector<pg::Bytes> answer_bytes = AsBytes(answers);
    pg::Params params;
    params.AddArray(tenants).AddArray(scopes).AddArray(keys).AddArray(digests);
    return tx.Send(kWriteRequestKeys, params.AddArray(answer_bytes));
}

Status WriteAudit(pg::WriterTx& tx, const std::vector<domain::AuditWrite>& writes) {
    if (writes.empty()) return {};
    std::vector<std::int64_t> tenants;
    std::vector<pg::TimestampMs> times;
    std::vector<Uuid> commands;
    std::vector<ConversationId> conversations;
    std::vector<std::int16_t> kinds;
    std::vector<std::optional<Uuid>> actors;
    std::vector<std::string_view> names, actions;
    std::vector<std::string> changes;
    std::vector<std::optional<ContactId>> contacts;
    for (const domain::AuditWrite& write : writes) {
        const domain::ActorColumns actor = domain::ColumnsOf(write.actor);
        tenants.push_back(write.tenant.value);
        times.push_back(Time(write.at));
        commands.push_back(write.command);
        conversations.push_back(write.conversation);
        kinds.push_back(actor.kind);
        actors.push_back(actor.id);
        names.push_back(actor.name);
        actions.push_back(write.action);
        changes.push_back(write.changes.SerializeAsString());
        contacts.push_back(write.contact);
    }
    const std::vector<pg::Bytes> change_bytes = AsBytes(changes);
    pg::Params params;
    params.AddArray(tenants).AddArray(times).AddArray(commands).AddArray(conversations);
    params.AddArray(kinds).AddArray(actors).AddArray(names).AddArray(actions);
    return tx.Send(kInsertAudit, params.AddArray(change_bytes).AddArray(contacts));
}

Status WriteContacts(pg::WriterTx& tx, const std::vector<domain::ContactWrite>& writes) {
    TextKeyArrays keys;
    std::vector<ContactId> ids;
    std::vector<std::string_view> names, phones, emails;
    std::vector<pg::TimestampMs> created, updated;
    std::vector<std::optional<ContactId>> survivors;
    std::vector<std::int32_t> identity_counts;
    std::vector<std::optional<pg::TimestampMs>> blocked;
    std::vector<bool> given;
    std::vector<std::string> attributes;
    std::vector<std::int64_t> versions;
    for (const domain::ContactWrite& write : writes) {
        if (!write.by_command) continue;
        keys.Add(write.key.tenant, write.key.channel, write.key.contact_key);
        ids.push_back(write.row.id);
        names.push_back(write.row.display_name);
        phones.push_back(write.row.phone);
        emails.push_back(write.row.email);
        created.push_back(Time(write.row.created_at));
        updated.push_back(Time(write.row.updated_at));
        survivors.push_back(write.row.merged_into);
        identity_counts.push_back(write.row.identity_count);
        blocked.push_back(Time(write.row.blocked_at));
        given.push_back(write.row.name_given);
        attributes.push_back(domain::EncodeAttributes(write.row.attributes));
        versions.push_back(write.row.version);
    }
    if (ids.empty()) return {};
    const std::vector<pg::Bytes> attribute_bytes = AsBytes(attributes);
    pg::Params params;
    keys.AddTo(params);
    params.AddArray(ids).AddArray(names).AddArray(created).AddArray(updated).AddArray(survivors);
    params.AddArray(identity_counts).AddArray(blocked).AddArray(given).AddArray(phones);
    params.AddArray(emails).AddArray(attribute_bytes).AddArray(versions);
    return tx.Send(kWriteCommandedContacts, params);
}

// Of each row what was said of it last.
Status WriteSnoozes(pg::WriterTx& tx, const std::vector<domain::SnoozeWrite>& writes) {
    std::map<std::pair<std::int64_t, domain::ConversationKey>, bool> rows;
    for (const domain::SnoozeWrite& write : writes) {
        rows[{write.snooze_time, write.conversation}] = write.added;
    }
    for (const bool added : {false, true}) {
        std::vector<pg::TimestampMs> times;
        std::vector<std::int64_t> tenants;
        std::vector<ConversationId> conversations;
        for (const auto& [row, is_added] : rows) {
            if (is_added != added) continue;
            times.push_back(Time(row.first));
            tenants.push_back(row.second.tenant.value);
            conversations.push_back(row.second.conversation);
        }
        if (times.empty()) continue;
        pg::Params params;
        params.AddArray(times).AddArray(tenants).AddArray(conversations);
        UNIBOX_RETURN_IF_ERROR(tx.Send(added ? kInsertSnoozes : kDeleteSnoozes, params));
    }
    return {};
}

}  // namespace

Status WriteForCommands(pg::WriterTx& tx, const domain::Effects& effects) {
    UNIBOX_RETURN_IF_ERROR(WriteContacts(tx, effects.contacts));
    UNIBOX_RETURN_IF_ERROR(WriteRequestKeys(tx, effects.request_keys));
    UNIBOX_RETURN_IF_ERROR(WriteAudit(tx, effects.audit));
    return WriteSnoozes(tx, effects.snoozes);
}

}  // namespace unibox::store::detail
