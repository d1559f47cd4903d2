#include "store/writer/detail/batch_rows.hpp"

#include "domain/actor_columns.hpp"
#include "domain/conversation_columns.hpp"
#include "domain/message_extras.hpp"
#include "domain/provider.hpp"
#include "store/writer/detail/batch_sql.hpp"

#include <utility>

namespace unibox::store::detail {
namespace {

std::optional<std::int64_t> OptionalMs(const pg::Row& row, int column) {
    if (row.IsNull(column)) return std::nullopt;
    return row.Timestamp(column).unix_ms;
}

template <typename Id>
std::optional<Id> OptionalId(const pg::Row& row, int column) {
    if (row.IsNull(column)) return std::nullopt;
    return row.GetId<Id>(column);
}

// What the tenant made of it.
Status ReadHandling(const pg::Row& row, domain::ConversationRow& conversation) {
    using Column = ConversationColumn;
    conversation.priority = static_cast<v1::Priority>(row.Int16(Column::kPriority));
    conversation.assignee = OptionalId<AgentId>(row, Column::kAssignee);
    conversation.team = OptionalId<TeamId>(row, Column::kTeam);
    conversation.labels = row.TextArray(Column::kLabels);
    conversation.snooze_time = OptionalMs(row, Column::kSnoozeTime);
    conversation.muted = row.Bool(Column::kMuted);
    domain::SetReplyTimes(
        OptionalMs(row, Column::kWaitingSince),
        OptionalMs(row, Column::kCanReplyUntil),
        conversation
    );
    return domain::DecodeAttributes(row.GetBytes(Column::kAttributes), conversation.attributes);
}

}  // namespace

domain::MessagePosition PositionOf(const pg::Row& row) {
    return {row.GetId<ConversationId>(1), row.Int64(2), row.Timestamp(3).unix_ms};
}

domain::ContactRow ContactOf(const pg::Row& row, int first) {
    using Column = ContactColumn;
    domain::ContactRow contact;
    contact.id = row.GetId<ContactId>(first + Column::kId);
    contact.display_name = row.Text(first + Column::kName);
    contact.aliases = row.TextArray(first + Column::kAliases);
    contact.created_at = row.Timestamp(first + Column::kCreated).unix_ms;
    contact.updated_at = row.Timestamp(first + Column::kUpdated).unix_ms;
    contact.merged_into = OptionalId<ContactId>(row, first + Column::kMergedInto);
    contact.blocked_at = OptionalMs(row, first + Column::kBlocked);
    contact.name_given = row.Bool(first + Column::kNameGiven);
    contact.version = row.Int64(first + Column::kVersion);
    return contact;
}

Status ReadCounters(const pg::Rows& rows, domain::BatchState& state) {
    using Column = CounterColumn;
    for (const pg::Row row : rows) {
        state.counters[{
            row.Tenant(Column::kTenant), row.GetId<ConversationId>(Column::kConversation)}] = {
            .last_seq = row.Int64(Column::kLastSeq),
            .version = row.Int64(Column::kVersion),
            .unread_count = row.Int32(Column::kUnreadCount),
            .inbound_count = row.Int64(Column::kInboundCount),
            .outbound_count = row.Int64(Column::kOutboundCount),
            .closed_at = row.Timestamp(Column::kClosed).unix_ms,
            .rate_minute = row.Int32(Column::kRateMinute),
            .rate_count = row.Int32(Column::kRateCount),
            .first_message_at = OptionalMs(row, Column::kFirstMessage),
            .last_message_at = OptionalMs(row, Column::kLastMessage),
            .delivered_until = row.Timestamp(Column::kDeliveredUntil).unix_ms,
            .read_until = row.Timestamp(Column::kReadUntil).unix_ms,
        };
    }
    return {};
}

Status ReadConversations(const pg::Rows& rows, domain::BatchState& state) {
    using Column = ConversationColumn;
    for (const pg::Row row : rows) {
        const TenantId tenant = row.Tenant(Column::kTenant);
        domain::ConversationRow& conversation =
            state.conversations[{tenant, row.GetId<ConversationId>(Column::kConversation)}];
        conversation.channel = row.GetId<ChannelId>(Column::kChannel);
        conversation.thread_key = row.Text(Column::kThreadKey);
        conversation.contact = row.GetId<ContactId>(Column::kContact);
        conversation.provider = static_cast<v1::Provider>(row.Int16(Column::kProvider));
        conversation.status = static_cast<v1::ConversationStatus>(row.Int16(Column::kStatus));
        conversation.preview = row.Text(Column::kPreview);
        conversation.preview_direction =
            static_cast<v1::Direction>(row.Int16(Column::kPreviewDirection));
        conversation.preview_seq = row.Int64(Column::kPreviewSeq);
        conversation.last_activity_at = row.Timestamp(Column::kLastActivity).unix_ms;
        conversation.last_customer_at = OptionalMs(row, Column::kLastCustomer);
        conversation.last_agent_at = OptionalMs(row, Column::kLastAgent);
        conversation.created_at = row.Timestamp(Column::kCreated).unix_ms;
        UNIBOX_RETURN_IF_ERROR(ReadHandling(row, conversation));
        constexpr int kContact = Column::kContactRow;
        if (row.IsNull(kContact)) continue;
        const std::string key(row.Text(kContact + ContactColumn::kKey));
        state.contacts[{tenant, conversation.channel, key}] = ContactOf(row, kContact);
    }
    return {};
}

Status ReadTargets(const pg::Rows& rows, domain::BatchState& state) {
    using Column = TargetColumn;
    for (const pg::Row row : rows) {
        domain::MessageRow message;
        message.id = row.GetId<MessageId>(Column::kMessage);
        message.channel = row.GetId<ChannelId>(Column::kChannel);
        message.direction = static_cast<v1::Direction>(row.Int16(Column::kDirection));
        message.kind = static_cast<v1::MessageKind>(row.Int16(Column::kKind));
        if (!row.IsNull(Column::kContact)) message.contact = row.GetId<ContactId>(Column::kContact);
        message.reply_to = row.Text(Column::kReplyTo);
        message.provider_id = row.Text(Column::kProviderId);
        message.client_ref = row.Text(Column::kClientRef);
        message.delivery_state = static_cast<v1::DeliveryState>(row.Int16(Column::kDeliveryState));
        message.delivery_error = row.Text(Column::kDeliveryError);
        message.provider_time = OptionalMs(row, Column::kProviderTime);
        message.received_at = row.Timestamp(Column::kReceived).unix_ms;
        message.edited_at = OptionalMs(row, Column::kEdited);
        message.edit_revision = row.Int64(Column::kEditRevision);
        message.deleted_at = OptionalMs(row, Column::kDeleted);
        message.version = row.Int64(Column::kVersion);
        message.author = domain::ActorOf(
            {row.Int16(Column::kAuthorKind),
             row.OptionalUuid(Column::kAuthor),
             row.Text(Column::kAuthorName)}
        );
        message.has_contents = false;
        state.messages.insert_or_assign(
            {row.Tenant(Column::kTenant), PositionOf(row)}, std::move(message)
        );
    }
    return {};
}

Status ReadContents(const pg::Rows& rows, domain::BatchState& state) {
    for (const pg::Row row : rows) {
        const auto at = state.messages.find({row.Tenant(0), PositionOf(row)});
        if (at == state.messages.end()) continue;
        at->second.payload = row.Text(4);
        UNIBOX_RETURN_IF_ERROR(domain::DecodeExtras(row.GetBytes(5), at->second));
        UNIBOX_RETURN_IF_ERROR(domain::DecodeRemovedReactions(row.GetBytes(6), at->second));
        at->second.has_contents = true;
    }
    return {};
}

Status ReadChannels(const pg::Rows& rows, domain::BatchState& state) {
    using Column = ChannelColumn;
    for (const pg::Row row : rows) {
        domain::ChannelRow& channel =
            state.channels[{row.Tenant(Column::kTenant), row.GetId<ChannelId>(Column::kChannel)}];
        channel.reopen_window_ms = row.Int64(Column::kReopenWindow) * 1000;
        const auto* provider =
            domain::FindProvider(static_cast<v1::Provider>(row.Int16(Column::kProvider)));
        if (!row.IsNull(Column::kReplyWindow)) {
            channel.reply_window_ms = row.Int64(Column::kReplyWindow) * 1000;
        } else if (provider != nullptr && provider->reply_window_ms > 0) {
            channel.reply_window_ms = provider->reply_window_ms;
        }
        channel.replies_after_window = row.Bool(Column::kRepliesAfterWindow);
        channel.disabled = row.Bool(Column::kDisabled);
    }
    return {};
}

}  // namespace unibox::store::detail
