// What lies in one row: agents, teams, labels …: a part of MakePlan.
#include "crypto/random.hpp"
#include "store/admin/channel_rules.hpp"
#include "uniboxctl/planner.hpp"

#include <google/protobuf/descriptor.h>

namespace unibox::ctl {
namespace {

// What is stored, by name.
template <class Message>
std::unordered_map<std::string, const store::StoredRow<store::SpecOf<Message>>*> StoredByName(
    const store::StoredTenant* tenant
) {
    std::unordered_map<std::string, const store::StoredRow<store::SpecOf<Message>>*> rows;
    if (tenant == nullptr) return rows;
    for (const auto& row : tenant->rows.Of<store::SpecOf<Message>>()) {
        Message shown;
        store::Resource<Message>::Show(row.spec, &shown);
        rows.emplace(std::get<std::string>(CellOf(shown, store::Resource<Message>::kName)), &row);
    }
    return rows;
}

void SetName(google::protobuf::Message& message, std::string_view field, const std::string& name) {
    const auto* of_name = message.GetDescriptor()->FindFieldByName(std::string(field));
    message.GetReflection()->SetString(&message, of_name, name);
}

}  // namespace

// By the rules of the API, with the lines of the file.
template <class Message>
void Planner::JudgeRow(const RowPlan<Message>& row, bool is_new) {
    const RowEntry<Message>& entry = *row.entry;
    for (const Status& fault : store::FaultsOf(row.write.spec)) {
        const auto at = entry.lines.find(fault.field().substr(0, fault.field().find('[')));
        const bool is_said = at != entry.lines.end();
        const bool is_name = fault.field() == store::Resource<Message>::kName;
        std::string text = TextWithoutField(fault);
        if (is_new && !is_said && !is_name) text = "is missing: " + text;
        Mistake(entry, is_said ? at->second : entry.line, fault.field(), text);
    }
}

void Planner::PlanSecret(
    RowPlan<v1::WebhookEndpoint>& row, const store::StoredRow<store::WebhookEndpointSpec>* before
) {
    const auto& entry = *row.entry;
    if (before != nullptr && !entry.secret) return;
    if (entry.secret) {
        const auto* signing = domain::FindProvider(v1::PROVIDER_STANDARD);
        const Status usable = store::CheckChannelSecret(*signing, *entry.secret);
        if (!usable.ok()) Mistake(entry, entry.secret.line, "secret", usable.message());
    } else {
        row.made = crypto::NewStandardWebhookSecret();
    }
    const Secret& secret = entry.secret ? *entry.secret : row.made;
    const std::string context = store::WebhookSealingContext(row.write.id);
    std::vector<std::string>& sealed = row.write.spec.sealed_secrets;
    if (before != nullptr) {
        const auto newest = box_.Open(sealed.front(), context);
        if (newest.ok() && newest->Reveal() == secret.Reveal()) return;
        SetSecret(row.fields, "secret");
        sealed.resize(1);  // The one before signs too, as after RotateWebhookEndpointSecret.
    }
    sealed.insert(sealed.begin(), box_.Seal(secret, context));
}

template <class Message>
RowPlan<Message> Planner::PlanRow(
    const RowEntry<Message>& entry, const store::StoredRow<store::SpecOf<Message>>* before
) {
    using Resource = store::Resource<Message>;
    RowPlan<Message> row;
    row.entry = &entry;
    row.write.id = before != nullptr ? before->id : NewUuidV7(now_ms_);
    if (entry.has_mistakes) return row;
    if (before != nullptr) {
        row.write.spec = before->spec;
        row.write.before = before->spec;
    }
    if (entry.deleted.Or(false)) {
        row.write.remove = before != nullptr;
        if (row.write.remove) row.write.change = store::Change::kUpdated;
        return row;
    }
    auto& spec = row.write.spec;
    Message stands;
    Resource::Show(spec, &stands);
    Message wanted = stands;
    SetName(wanted, Resource::kName, entry.name);
    for (const auto& [field, line] : entry.lines) CopyField(entry.given, field, &wanted);
    Resource::ToSpec(wanted, &spec);
    Resource::Show(spec, &wanted);
    for (const std::string_view field : Resource::kSettable) {
        Cell shown = CellOf(stands, field);
        Set(row.fields, field, shown, CellOf(wanted, field));
    }
    if constexpr (store::CanBeDisabled<store::SpecOf<Message>>) {
        Set(row.fields, "disabled", spec.disabled, entry.disabled.Or(spec.disabled));
    }
    if constexpr (kHasSecret<Message>) PlanSecret(row, before);
    JudgeRow(row, before == nullptr);
    row.write.change = ChangeOf(before == nullptr, row.fields);
    return row;
}

void Planner::PlanRows(TenantPlan& tenant, const store::StoredTenant* before) {
    ForEachRowKind(tenant.entry->rows, [&]<class Message>(const RowEntries<Message>& entries) {
        if (entries.empty()) return;
        auto& plans = std::get<RowPlans<Message>>(tenant.rows);
        const auto stored = StoredByName<Message>(before);
        for (const RowEntry<Message>& entry : entries) {
            const auto found = stored.find(entry.name);
            plans.push_back(PlanRow(entry, found == stored.end() ? nullptr : found->second));
            plans.back().write.tenant = tenant.write.tenant;
        }
    });
}

}  // namespace unibox::ctl
