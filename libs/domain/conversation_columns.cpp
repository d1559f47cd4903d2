#include "domain/conversation_columns.hpp"

#include "domain/provider.hpp"
#include "unibox/v1/conversation.pb.h"

#include <google/protobuf/io/coded_stream.h>
#include <google/protobuf/io/zero_copy_stream_impl_lite.h>

namespace unibox::domain {

std::string EncodeAttributes(const std::map<std::string, std::string>& attributes) {
    std::string bytes;
    if (attributes.empty()) return bytes;
    v1::Conversation holder;
    for (const auto& [key, value] : attributes) (*holder.mutable_attributes())[key] = value;
    {
        google::protobuf::io::StringOutputStream stream(&bytes);
        google::protobuf::io::CodedOutputStream out(&stream);
        out.SetSerializationDeterministic(true);  // Else a map comes in any order.
        holder.SerializeToCodedStream(&out);
    }
    return bytes;
}

Status DecodeAttributes(std::string_view bytes, std::map<std::string, std::string>& attributes) {
    if (bytes.empty()) return {};
    v1::Conversation holder;
    if (!holder.ParseFromArray(bytes.data(), static_cast<int>(bytes.size()))) {
        return {Code::kDataLoss, "attributes is not a unibox.v1.Conversation"};
    }
    attributes.insert(holder.attributes().begin(), holder.attributes().end());
    return {};
}

void SetReplyTimes(
    std::optional<std::int64_t> waiting_since,
    std::optional<std::int64_t> can_reply_until,
    ConversationRow& row
) {
    row.waiting_since = waiting_since;
    if (waiting_since == kMinusInfinity) {
        const bool waits = row.status != v1::CONVERSATION_STATUS_CLOSED &&
                           row.last_customer_at.value_or(kMinusInfinity) >
                               row.last_agent_at.value_or(kMinusInfinity);
        row.waiting_since = waits ? row.last_customer_at : std::nullopt;
    }
    row.can_reply_until = can_reply_until;
    if (can_reply_until || !row.last_customer_at) return;
    const ProviderTraits* provider = FindProvider(row.provider);
    if (provider == nullptr || provider->reply_window_ms == 0) return;
    row.can_reply_until = *row.last_customer_at + provider->reply_window_ms;
}

}  // namespace unibox::domain
