#include "decide/conversation_changes.hpp"

#include "domain/timestamps.hpp"

#include <google/protobuf/util/time_util.h>

#include <algorithm>
#include <iterator>
#include <optional>
#include <string_view>
#include <utility>

namespace unibox::decide {
namespace {

constexpr std::string_view kAttributePrefix = "attributes.";

std::string Text(const std::optional<std::int64_t>& unix_ms) {
    if (!unix_ms || *unix_ms == domain::kInfinity) return {};
    return google::protobuf::util::TimeUtil::ToString(domain::ToTimestamp(*unix_ms));
}

template <typename Id>
std::string Text(const std::optional<UuidId<Id>>& id) {
    return id ? id->ToString() : std::string();
}

std::string Text(v1::Priority priority) {
    return priority == v1::PRIORITY_UNSPECIFIED ? std::string() : v1::Priority_Name(priority);
}

std::string Text(v1::ConversationStatus status) {
    return v1::ConversationStatus_Name(status);
}

std::string Text(bool value) {
    return value ? "true" : "false";
}

class Changes {
public:
    template <typename Value>
    void Add(std::string_view field, const Value& before, const Value& after) {
        if (before != after) AddTexts(std::string(field), Text(before), Text(after));
    }
    void AddTexts(std::string field, std::string before, std::string after) {
        auto* change = changes_.add_changes();
        change->set_field(std::move(field));
        change->set_old_value(std::move(before));
        change->set_new_value(std::move(after));
    }
    void AddAttributes(
        const std::map<std::string, std::string>& before,
        const std::map<std::string, std::string>& after
    );
    void AddLabels(const std::vector<std::string>& before, const std::vector<std::string>& after);
    v1::AuditChanges Take() && { return std::move(changes_); }

private:
    v1::AuditChanges changes_;
};

// A value may be empty: of one that is new or gone, its absence is shown as an empty value too.
void Changes::AddAttributes(
    const std::map<std::string, std::string>& before,
    const std::map<std::string, std::string>& after
) {
    std::map<std::string, std::pair<std::string, std::string>> both;
    for (const auto& [key, value] : before) both[key].first = value;
    for (const auto& [key, value] : after) both[key].second = value;
    for (auto& [key, values] : both) {
        const bool stays = before.contains(key) && after.contains(key);
        if (stays && values.first == values.second) continue;
        AddTexts(
            std::string(kAttributePrefix) + key, std::move(values.first), std::move(values.second)
        );
    }
}

void Changes::AddLabels(
    const std::vector<std::string>& before, const std::vector<std::string>& after
) {
    std::vector<std::string> changed;
    std::set_symmetric_difference(
        before.begin(), before.end(), after.begin(), after.end(), std::back_inserter(changed)
    );
    for (const std::string& label : changed) {
        const bool is_new = std::binary_search(after.begin(), after.end(), label);
        AddTexts("labels", is_new ? "" : label, is_new ? label : "");
    }
}

}  // namespace

v1::AuditChanges ChangesBetween(
    const domain::ConversationWrite& before, const domain::ConversationWrite& after
) {
    Changes changes;
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

std::vector<std::string> FieldsOf(const v1::AuditChanges& changes) {
    std::vector<std::string> fields;
    for (const v1::AuditChange& change : changes.changes()) {
        std::string field = change.field();
        if (field.starts_with(kAttributePrefix)) field.resize(kAttributePrefix.size() - 1);
        if (fields.empty() || fields.back() != field) fields.push_back(std::move(field));
    }
    return fields;
}

Result<v1::AuditChanges> ChangeConversation(
    const CommandContext& context, ConversationRule rule, const std::string& reason
) {
    domain::ConversationWrite& write = context.conversation.write;
    domain::ConversationWrite changed = write;
    UNIBOX_RETURN_IF_ERROR(rule(context, &changed));
    v1::AuditChanges changes = ChangesBetween(write, changed);
    if (changes.changes().empty()) return changes;
    write = std::move(changed);
    ++write.counters.version;
    context.conversation.changed = true;
    const ConversationView view = context.state.ViewOf(context.conversation);
    context.state.feed().ConversationUpdated(context.cause, view, FieldsOf(changes), reason);
    return changes;
}

}  // namespace unibox::decide
