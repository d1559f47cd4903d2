#include "decide/contact_commands.hpp"

#include "decide/audit_changes.hpp"
#include "decide/check_command.hpp"
#include "decide/command.hpp"
#include "decide/command_answers.hpp"
#include "decide/command_rules.hpp"

#include <algorithm>
#include <string>
#include <utility>

namespace unibox::decide {
namespace {

using domain::ContactRow;
using writer::v1::Command;

Status Update(const ContactContext& context, ContactRow* to) {
    const auto& body = context.command.update_contact();
    if (body.has_display_name()) {
        to->display_name = body.display_name();
        to->name_given = !body.display_name().empty();
    }
    if (body.has_phone()) to->phone = body.phone();
    if (body.has_email()) to->email = body.email();
    for (const auto& [key, value] : body.set()) to->attributes[key] = value;
    for (const std::string& key : body.remove()) to->attributes.erase(key);
    const std::size_t count = to->attributes.size();
    return count <= kAttributeCountMax ? Status() : TooManyAttributes(count);
}

Status SetBlocked(const ContactContext& context, ContactRow* to) {
    if (!context.command.set_contact_blocked().blocked()) {
        to->blocked_at.reset();
    } else if (!to->blocked_at) {
        to->blocked_at = context.state.now_ms();
    }
    return {};
}

// What a contact is called and reached by is told as changed, and no more: the audit outlives it.
v1::AuditChanges ChangesBetween(const ContactRow& before, const ContactRow& after) {
    AuditedChanges changes;
    changes.AddUntoldAttributes(before.attributes, after.attributes);
    changes.Add("blocked", before.blocked_at.has_value(), after.blocked_at.has_value());
    // The same name again, but the tenant's now, is a change too.
    changes.AddUntold(
        "display_name",
        std::pair(before.display_name, before.name_given),
        std::pair(after.display_name, after.name_given)
    );
    changes.AddUntold("email", before.email, after.email);
    changes.AddUntold("phone", before.phone, after.phone);
    return std::move(changes).Take();
}

using ContactRule = Status (*)(const ContactContext& context, ContactRow* to);

Result<v1::AuditChanges> Change(const ContactContext& context, ContactRule rule) {
    ContactRow changed = context.contact;
    UNIBOX_RETURN_IF_ERROR(rule(context, &changed));
    v1::AuditChanges changes = ChangesBetween(context.contact, changed);
    if (changes.changes().empty()) return changes;
    context.contact = std::move(changed);
    ContactChanged(context);
    context.state.feed().ContactUpdated(
        context.cause, context.key, context.contact, FieldsOf(changes)
    );
    return changes;
}

Result<v1::AuditChanges> CarryOut(const ContactContext& context) {
    switch (context.command.body_case()) {
        case Command::kUpdateContact:
            return Change(context, Update);
        case Command::kSetContactBlocked:
            return Change(context, SetBlocked);
        case Command::kMergeContact:
            return MergeContact(context);
        default:
            return Status(Code::kUnimplemented, "a command of a later version");
    }
}

void Audit(const ContactContext& context, v1::AuditChanges changes) {
    if (changes.changes().empty()) return;
    context.state.effects().audit.push_back(
        {context.key.tenant,
         context.state.now_ms(),
         context.cause.ids.key.value,
         ConversationId{},
         context.command.header().actor(),
         ActionOf(context.command),
         std::move(changes),
         context.contact.id}
    );
}

}  // namespace

void AddContactToPlan(const Command& command, domain::BatchPlan* plan) {
    const TenantId tenant{command.header().tenant_id()};
    plan->contact_ids.try_emplace({tenant, ContactOf(command)}, false);
    if (!command.has_merge_contact()) return;
    plan->contact_ids[{tenant, MergedContactOf(command.merge_contact())}] = true;
}

bool SeesContact(
    const Command& command,
    const domain::ContactKey& key,
    const ContactRow& contact,
    const WorkingState& state
) {
    const std::string& id = command.header().member_id();
    if (id.empty()) return true;
    const auto member = Uuid::FromBytes(id);
    if (!member.ok()) return false;
    const domain::AgentRow* agent = state.FindAgent(key.tenant, AgentId{*member});
    if (agent == nullptr) return false;
    const auto sees = [agent](const ChannelId& one) { return agent->channels.contains(one); };
    const auto& others = contact.more_channels;
    return sees(key.channel) || std::any_of(others.begin(), others.end(), sees);
}

Status NoSuchContact(std::string_view field) {
    return NotFound("no such contact").WithReason("CONTACT_NOT_FOUND").WithField(field);
}

Status ContactIsMerged(const ContactId& contact, const ContactId& survivor) {
    return FailedPrecondition(
               "the contact " + contact.ToString() + " was merged into " + survivor.ToString() +
               ": use that one"
    )
        .WithReason("CONTACT_MERGED");
}

Status TooManyAttributes(std::size_t count) {
    return FailedPrecondition(
               "a contact has at most " + std::to_string(kAttributeCountMax) +
               " attributes, this one would have " + std::to_string(count) + ": remove some"
    )
        .WithReason("TOO_MANY_ATTRIBUTES");
}

void ContactChanged(const ContactContext& context) {
    ContactRow& contact = context.contact;
    ++contact.version;
    contact.updated_at = std::max(contact.updated_at, context.state.now_ms());
    context.state.MarkCommanded(contact);
}

void ApplyToContact(const Cause& cause, const Command& command, WorkingState* state) {
    const TenantId tenant = cause.ids.tenant;
    const domain::ContactKey* key = state->FindContact(tenant, ContactOf(command));
    domain::ContactRow* contact = key != nullptr ? &state->ContactOf(*key) : nullptr;
    if (contact == nullptr || !SeesContact(command, *key, *contact, *state)) {
        return AnswerRefused(command, NoSuchContact("contact_id"), 0, state);
    }
    if (contact->merged_into) {
        const ContactId& survivor = state->SurvivorOf(tenant, *contact).id;
        return AnswerRefused(command, ContactIsMerged(contact->id, survivor), 0, state);
    }
    const std::int64_t if_version = command.header().if_version();
    if (if_version != 0 && if_version != contact->version) {
        return AnswerOtherVersion(command, "contact", contact->version, state);
    }
    const ContactContext context{cause, command, *key, *contact, *state};
    Result<v1::AuditChanges> changes = CarryOut(context);
    if (!changes.ok()) return AnswerRefused(command, changes.status(), 0, state);
    Audit(context, std::move(changes).value());
    AnswerContact(command, *key, *contact, state);
}

}  // namespace unibox::decide
