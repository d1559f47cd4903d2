#include "decide/conversation_changes.hpp"

#include "decide/audit_changes.hpp"
#include "decide/tallying.hpp"
#include "domain/timestamps.hpp"

#include <optional>
#include <string>
#include <utility>

namespace unibox::decide {
v1::AuditChanges ChangesBetween(
    const domain::ConversationWrite& before, const domain::ConversationWrite& after
) {
    AuditedChanges changes;
    changes.Add("assignee_id", before.row.assignee, after.row.assignee);
    changes.AddAttributes(before.row.attributes, after.row.attributes);
    changes.Add(
        "close_time",
        std::optional(before.counters.closed_at),
        std::optional(after.counters.closed_at)
    );
    changes.AddLabels(before.row.labels, after.row.labels);
    changes.Add("muted", before.row.muted, after.row.muted);
    changes.Add("priority", before.row.priority, after.row.priority);
    changes.Add("snooze_time", before.row.snooze_time, after.row.snooze_time);
    changes.Add("status", before.row.status, after.row.status);
    changes.Add("team_id", before.row.team, after.row.team);
    if (before.counters.unread_count != after.counters.unread_count) {
        changes.AddTexts(
            "unread_count",
            std::to_string(before.counters.unread_count),
            std::to_string(after.counters.unread_count)
        );
    }
    changes.Add("waiting_since_time", before.row.waiting_since, after.row.waiting_since);
    return std::move(changes).Take();
}

Result<v1::AuditChanges> ChangeConversation(
    const CommandContext& context, ConversationRule rule, const std::string& reason
) {
    domain::ConversationWrite& write = context.conversation.write;
    domain::ConversationWrite changed = write;
    UNIBOX_RETURN_IF_ERROR(rule(context, &changed));
    v1::AuditChanges changes = ChangesBetween(write, changed);
    if (changes.changes().empty()) return changes;
    CountClosing(write, changed, context.cause.actor, &context.state.effects().volumes);
    write = std::move(changed);
    ++write.counters.version;
    context.conversation.changed = true;
    const ConversationView view = context.state.ViewOf(context.conversation);
    context.state.feed().ConversationUpdated(context.cause, view, FieldsOf(changes), reason);
    return changes;
}

}  // namespace unibox::decide
