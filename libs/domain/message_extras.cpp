#include "domain/message_extras.hpp"

#include "unibox/v1/message.pb.h"

#include <iterator>

namespace unibox::domain {
namespace {

template <typename Element>
void MoveTo(std::vector<Element>& to, google::protobuf::RepeatedPtrField<Element>* from) {
    to.assign(std::make_move_iterator(from->begin()), std::make_move_iterator(from->end()));
}

}  // namespace

std::string EncodeExtras(const MessageRow& row) {
    const bool has_context = row.context.ByteSizeLong() > 0;
    const bool has_template = row.message_template.ByteSizeLong() > 0;
    const bool has_lists = !row.attachments.empty() || !row.reactions.empty();
    const bool has_marks = row.over_rate || row.from_blocked;
    if (!has_lists && !has_context && !has_template && !has_marks) return {};
    v1::Message extras;
    if (has_context) *extras.mutable_context() = row.context;
    if (has_template) *extras.mutable_template_() = row.message_template;
    extras.set_over_rate(row.over_rate);
    extras.set_from_blocked(row.from_blocked);
    extras.mutable_attachments()->Assign(row.attachments.begin(), row.attachments.end());
    extras.mutable_reactions()->Assign(row.reactions.begin(), row.reactions.end());
    return extras.SerializeAsString();
}

Status DecodeExtras(std::string_view bytes, MessageRow& row) {
    if (bytes.empty()) return {};
    v1::Message extras;
    if (!extras.ParseFromArray(bytes.data(), static_cast<int>(bytes.size()))) {
        return {Code::kDataLoss, "messages.extras is not a unibox.v1.Message"};
    }
    MoveTo(row.attachments, extras.mutable_attachments());
    MoveTo(row.reactions, extras.mutable_reactions());
    row.context.Swap(extras.mutable_context());
    row.message_template.Swap(extras.mutable_template_());
    row.over_rate = extras.over_rate();
    row.from_blocked = extras.from_blocked();
    return {};
}

std::string EncodeRemovedReactions(const MessageRow& row) {
    if (row.removed_reactions.empty()) return {};
    v1::Message removed;
    removed.mutable_reactions()->Assign(row.removed_reactions.begin(), row.removed_reactions.end());
    return removed.SerializeAsString();
}

Status DecodeRemovedReactions(std::string_view bytes, MessageRow& row) {
    if (bytes.empty()) return {};
    v1::Message removed;
    if (!removed.ParseFromArray(bytes.data(), static_cast<int>(bytes.size()))) {
        return {Code::kDataLoss, "messages.removed_reactions is not a unibox.v1.Message"};
    }
    MoveTo(row.removed_reactions, removed.mutable_reactions());
    return {};
}

}  // namespace unibox::domain
