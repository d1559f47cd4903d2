#include "decide/audit_changes.hpp"

#include "domain/batch_state.hpp"
#include "domain/timestamps.hpp"

#include <google/protobuf/util/time_util.h>

#include <algorithm>
#include <iterator>
#include <utility>

namespace unibox::decide {
namespace {

constexpr std::string_view kAttributePrefix = "attributes.";

// Of each key that changed, both values; of one that is new or gone, its absence is empty too.
std::map<std::string, std::pair<std::string, std::string>> ChangedAttributes(
    const AuditedChanges::Attributes& before, const AuditedChanges::Attributes& after
) {
    std::map<std::string, std::pair<std::string, std::string>> both;
    for (const auto& [key, value] : before) both[key].first = value;
    for (const auto& [key, value] : after) both[key].second = value;
    std::erase_if(both, [&](const auto& one) {
        const bool stays = before.contains(one.first) && after.contains(one.first);
        return stays && one.second.first == one.second.second;
    });
    return both;
}

}  // namespace

std::string AuditText(const std::optional<std::int64_t>& unix_ms) {
    if (!unix_ms || *unix_ms == domain::kInfinity) return {};
    return google::protobuf::util::TimeUtil::ToString(domain::ToTimestamp(*unix_ms));
}

std::string AuditText(v1::Priority priority) {
    return priority == v1::PRIORITY_UNSPECIFIED ? std::string() : v1::Priority_Name(priority);
}

std::string AuditText(v1::ConversationStatus status) {
    return v1::ConversationStatus_Name(status);
}

std::string AuditText(bool value) {
    return value ? "true" : "false";
}

void AuditedChanges::AddTexts(std::string field, std::string before, std::string after) {
    auto* change = changes_.add_changes();
    change->set_field(std::move(field));
    change->set_old_value(std::move(before));
    change->set_new_value(std::move(after));
}

void AuditedChanges::AddAttributes(const Attributes& before, const Attributes& after) {
    for (auto& [key, values] : ChangedAttributes(before, after)) {
        AddTexts(std::string(kAttributePrefix) + key, values.first, values.second);
    }
}

void AuditedChanges::AddUntoldAttributes(const Attributes& before, const Attributes& after) {
    for (const auto& [key, values] : ChangedAttributes(before, after)) {
        AddTexts(std::string(kAttributePrefix) + key, "", "");
    }
}

void AuditedChanges::AddLabels(
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

std::vector<std::string> FieldsOf(const v1::AuditChanges& changes) {
    std::vector<std::string> fields;
    for (const v1::AuditChange& change : changes.changes()) {
        std::string field = change.field();
        if (field.starts_with(kAttributePrefix)) field.resize(kAttributePrefix.size() - 1);
        if (fields.empty() || fields.back() != field) fields.push_back(std::move(field));
    }
    return fields;
}

}  // namespace unibox::decide
