#include "decide/check_command.hpp"
#include "decide/command.hpp"
#include "decide/contact_commands.hpp"

#include <string>
#include <utility>
#include <vector>

namespace unibox::decide {
namespace {

using domain::ContactRow;

constexpr std::string_view kField = "merged_contact_id";

struct Merged {
    const domain::ContactKey* key = nullptr;
    ContactRow* row = nullptr;
};

Result<Merged> FindMerged(const ContactContext& context) {
    WorkingState& state = context.state;
    const TenantId tenant = context.key.tenant;
    Merged merged;
    merged.key = state.FindContact(tenant, MergedContactOf(context.command.merge_contact()));
    if (merged.key == nullptr) return NoSuchContact(kField);
    merged.row = &state.ContactOf(*merged.key);
    if (!SeesContact(context.command, *merged.key, *merged.row, state)) {
        return NoSuchContact(kField);
    }
    if (!merged.row->merged_into) return merged;
    return ContactIsMerged(merged.row->id, state.SurvivorOf(tenant, *merged.row).id)
        .WithField(kField);
}

// What the one that remains lacks it takes over.
void TakeOver(const ContactRow& from, ContactRow* to) {
    if (to->display_name.empty()) {
        to->display_name = from.display_name;
        to->name_given = from.name_given;
    }
    if (to->phone.empty()) to->phone = from.phone;
    if (to->email.empty()) to->email = from.email;
    to->attributes.insert(from.attributes.begin(), from.attributes.end());
    if (!to->blocked_at) to->blocked_at = from.blocked_at;
}

Result<ContactRow> Together(const ContactRow& survivor, const Merged& merged) {
    ContactRow together = survivor;
    together.identity_count += merged.row->identity_count;
    if (together.identity_count > kIdentityCountMax) {
        return FailedPrecondition(
                   "a contact has at most " + std::to_string(kIdentityCountMax) +
                   " ids, the two have " + std::to_string(together.identity_count)
        )
            .WithReason("TOO_MANY_IDENTITIES");
    }
    TakeOver(*merged.row, &together);
    const std::size_t count = together.attributes.size();
    if (count > kAttributeCountMax) return TooManyAttributes(count);
    std::vector<ChannelId>& channels = together.more_channels;
    channels.push_back(merged.key->channel);
    const auto& more = merged.row->more_channels;
    channels.insert(channels.end(), more.begin(), more.end());
    return together;
}

// It is no contact of its own any more, nor is what was merged into it another one's.
void GiveUp(const ContactContext& context, ContactRow* merged) {
    const ContactId survivor = context.contact.id;
    for (ContactRow* one : context.state.MergedInto(context.key.tenant, merged->id)) {
        one->merged_into = survivor;
        context.state.MarkCommanded(*one);
    }
    merged->merged_into = survivor;
    merged->blocked_at.reset();
    ++merged->version;
    context.state.MarkCommanded(*merged);
}

void AddChange(v1::AuditChanges* changes, std::string field, std::string value) {
    auto* change = changes->add_changes();
    change->set_field(std::move(field));
    change->set_new_value(std::move(value));
}

}  // namespace

Result<v1::AuditChanges> MergeContact(const ContactContext& context) {
    UNIBOX_ASSIGN_OR_RETURN(const Merged merged, FindMerged(context));
    UNIBOX_ASSIGN_OR_RETURN(ContactRow together, Together(context.contact, merged));
    v1::AuditChanges changes;
    const bool newly_blocked = together.blocked_at && !context.contact.blocked_at;
    if (newly_blocked) AddChange(&changes, "blocked", "true");
    AddChange(&changes, "merged_contact_id", merged.row->id.ToString());
    context.contact = std::move(together);
    ContactChanged(context);
    GiveUp(context, merged.row);
    context.state.feed().ContactsMerged(
        context.cause, context.key, context.contact, merged.row->id
    );
    return changes;
}

}  // namespace unibox::decide
