#include "decide/labels.hpp"

#include "decide/check_command.hpp"

#include <set>
#include <string>

namespace unibox::decide {
namespace {

Status TooMany(const std::string& what, std::size_t count, std::size_t count_max) {
    return FailedPrecondition(
        "a conversation has at most " + std::to_string(count_max) + " " + what +
        ", this one would have " + std::to_string(count) + ": remove some"
    );
}

}  // namespace

Status SetPriority(const CommandContext& context, domain::ConversationWrite* to) {
    to->row.priority = context.command.set_priority().priority();
    return {};
}

Status ChangeLabels(const CommandContext& context, domain::ConversationWrite* to) {
    const auto& body = context.command.change_labels();
    std::set<std::string> labels(to->row.labels.begin(), to->row.labels.end());
    labels.insert(body.add().begin(), body.add().end());
    for (const std::string& label : body.remove()) labels.erase(label);
    if (labels.size() > kLabelCountMax) {
        return TooMany("labels", labels.size(), kLabelCountMax).WithReason("TOO_MANY_LABELS");
    }
    to->row.labels.assign(labels.begin(), labels.end());
    return {};
}

Status ChangeAttributes(const CommandContext& context, domain::ConversationWrite* to) {
    const auto& body = context.command.change_attributes();
    std::map<std::string, std::string>& attributes = to->row.attributes;
    for (const auto& [key, value] : body.set()) attributes[key] = value;
    for (const std::string& key : body.remove()) attributes.erase(key);
    if (attributes.size() <= kAttributeCountMax) return {};
    return TooMany("attributes", attributes.size(), kAttributeCountMax)
        .WithReason("TOO_MANY_ATTRIBUTES");
}

}  // namespace unibox::decide
