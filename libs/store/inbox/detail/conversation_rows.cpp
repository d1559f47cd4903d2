#include "store/inbox/detail/conversation_rows.hpp"

#include "domain/conversation_columns.hpp"
#include "domain/proto_map.hpp"
#include "obs/log.hpp"

#include <string_view>

namespace unibox::store::detail {
namespace {

// What the mapping to unibox.v1 takes, as read from a row.
struct ConversationRead {
    ConversationId id;
    domain::ConversationRow row;
    domain::CounterRow counters;
    std::string_view contact_key;
    std::optional<domain::ContactRow> contact;
    ChannelId contact_channel;
};

// What the tenant made of it; the rest of the row must be there.
void ReadHandling(const pg::Row& row, ConversationRead& out) {
    using Column = ReadConversationColumn;
    out.row.priority = static_cast<v1::Priority>(row.Int16(Column::kPriority));
    if (const auto agent = row.OptionalUuid(Column::kAssignee)) out.row.assignee = AgentId{*agent};
    if (const auto team = row.OptionalUuid(Column::kTeam)) out.row.team = TeamId{*team};
    out.row.labels = row.TextArray(Column::kLabels);
    out.row.snooze_time = OptionalTime(row, Column::kSnoozeTime);
    out.row.muted = row.Bool(Column::kMuted);
    domain::SetReplyTimes(
        OptionalTime(row, Column::kWaitingSince), OptionalTime(row, Column::kCanReplyUntil), out.row
    );
    const Status decoded =
        domain::DecodeAttributes(row.GetBytes(Column::kAttributes), out.row.attributes);
    if (decoded.ok()) return;
    obs::Log(obs::Level::kError, decoded.message(), {{"conversation_id", out.id.ToString()}});
}

ConversationRead ReadConversation(const pg::Row& row) {
    using Column = ReadConversationColumn;
    ConversationRead out;
    out.id = row.GetId<ConversationId>(Column::kId);
    out.row.channel = row.GetId<ChannelId>(Column::kChannel);
    out.row.thread_key = row.Text(Column::kThreadKey);
    out.row.contact = row.GetId<ContactId>(Column::kContact);
    out.row.provider = static_cast<v1::Provider>(row.Int16(Column::kProvider));
    out.row.status = static_cast<v1::ConversationStatus>(row.Int16(Column::kStatus));
    out.row.preview = row.Text(Column::kPreview);
    out.row.preview_direction = static_cast<v1::Direction>(row.Int16(Column::kPreviewDirection));
    out.row.last_activity_at = row.Timestamp(Column::kLastActivity).unix_ms;
    out.row.last_customer_at = OptionalTime(row, Column::kLastCustomer);
    out.row.last_agent_at = OptionalTime(row, Column::kLastAgent);
    out.row.created_at = row.Timestamp(Column::kCreated).unix_ms;
    out.counters.unread_count = row.Int32(Column::kUnreadCount);
    out.counters.last_seq = row.Int64(Column::kMessageCount);
    out.counters.closed_at = row.Timestamp(Column::kClosed).unix_ms;
    out.counters.version = row.Int64(Column::kVersion);
    ReadHandling(row, out);
    if (row.IsNull(Column::kContactKey)) return out;
    out.contact_key = row.Text(Column::kContactKey);
    out.contact_channel = row.GetId<ChannelId>(Column::kContactChannel);
    domain::ContactRow& contact = out.contact.emplace();
    contact.id = row.GetId<ContactId>(Column::kContactId);
    contact.display_name = row.Text(Column::kContactName);
    contact.created_at = row.Timestamp(Column::kContactCreated).unix_ms;
    contact.updated_at = row.Timestamp(Column::kContactUpdated).unix_ms;
    contact.blocked_at = OptionalTime(row, Column::kContactBlocked);
    contact.version = row.Int64(Column::kContactVersion);
    return out;
}

}  // namespace

std::optional<std::int64_t> OptionalTime(const pg::Row& row, int column) {
    const auto time = row.OptionalTimestamp(column);
    return time ? std::optional(time->unix_ms) : std::nullopt;
}

v1::Conversation ToConversation(const pg::Row& row) {
    const ConversationRead read = ReadConversation(row);
    v1::Conversation out;
    domain::ConversationContact contact;
    if (read.contact) contact = {read.contact_key, &*read.contact, read.contact_channel};
    domain::FillConversation(read.id, read.row, read.counters, contact, &out);
    return out;
}

}  // namespace unibox::store::detail
