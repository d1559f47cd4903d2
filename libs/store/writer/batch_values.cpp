#include "store/writer/detail/batch_arrays.hpp"
#include "unibox/v1/message.pb.h"

namespace unibox::store::detail {

std::string TextArrayLiteral(const std::vector<std::string>& values) {
    std::string literal = "{";
    for (const std::string& value : values) {
        if (literal.size() > 1) literal += ',';
        literal += '"';
        for (const char c : value) {
            if (c == '"' || c == '\\') literal += '\\';
            literal += c;
        }
        literal += '"';
    }
    return literal + "}";
}

std::string EncodeExtras(const domain::MessageRow& row) {
    const bool has_context = row.context.ByteSizeLong() > 0;
    if (row.attachments.empty() && row.reactions.empty() && !has_context) return {};
    v1::Message extras;
    if (has_context) *extras.mutable_context() = row.context;
    extras.mutable_attachments()->Assign(row.attachments.begin(), row.attachments.end());
    extras.mutable_reactions()->Assign(row.reactions.begin(), row.reactions.end());
    return extras.SerializeAsString();
}

Status DecodeExtras(std::string_view bytes, domain::MessageRow& row) {
    if (bytes.empty()) return {};
    v1::Message extras;
    if (!extras.ParseFromArray(bytes.data(), static_cast<int>(bytes.size()))) {
        return {Code::kDataLoss, "messages.extras is not a unibox.v1.Message"};
    }
    row.attachments.assign(extras.attachments().begin(), extras.attachments().end());
    row.reactions.assign(extras.reactions().begin(), extras.reactions().end());
    row.context.Swap(extras.mutable_context());
    return {};
}

std::string EncodeRemovedReactions(const domain::MessageRow& row) {
    if (row.removed_reactions.empty()) return {};
    v1::Message removed;
    removed.mutable_reactions()->Assign(row.removed_reactions.begin(), row.removed_reactions.end());
    return removed.SerializeAsString();
}

Status DecodeRemovedReactions(std::string_view bytes, domain::MessageRow& row) {
    if (bytes.empty()) return {};
    v1::Message removed;
    if (!removed.ParseFromArray(bytes.data(), static_cast<int>(bytes.size()))) {
        return {Code::kDataLoss, "messages.removed_reactions is not a unibox.v1.Message"};
    }
    row.removed_reactions.assign(removed.reactions().begin(), removed.reactions().end());
    return {};
}

}  // namespace unibox::store::detail
