#include "store/inbox/reads.hpp"

#include "base/assert.hpp"
#include "domain/actor_columns.hpp"
#include "domain/conversation_columns.hpp"
#include "domain/message_extras.hpp"
#include "domain/proto_map.hpp"
#include "obs/log.hpp"
#include "pg/transaction.hpp"

#include <algorithm>
#include <limits>
#include <utility>

namespace unibox::store {
namespace {

// Columns of a conversation `c` and its contact `k`, and their numbers.
#define UNIBOX_CONVERSATION_COLUMNS                                                         \
    "c.conversation_id, c.channel_id, c.thread_key, c.contact_id, c.provider, c.status, "   \
    "c.unread_count, c.message_count, c.preview, c.preview_direction, c.last_activity_at, " \
    "c.last_customer_at, c.last_agent_at, c.created_at, c.closed_at, c.version, "           \
    "c.priority, c.assignee_id, c.team_id, c.labels, c.attributes, c.snooze_time, "         \
    "c.muted, c.waiting_since, c.can_reply_until, "                                         \
    "k.contact_key, k.display_name, k.created_at, k.updated_at "

struct ConversationColumn {
    enum Number : int {
        kId,
        kChannel,
        kThreadKey,
        kContact,
        kProvider,
        kStatus,
        kUnreadCount,
        kMessageCount,
        kPreview,
        kPreviewDirection,
        kLastActivity,
        kLastCustomer,
        kLastAgent,
        kCreated,
        kClosed,
        kVersion,
        kPriority,
        kAssignee,
        kTeam,
        kLabels,
        kAttributes,
        kSnoozeTime,
        kMuted,
        kWaitingSince,
        kCanReplyUntil,
        kContactKey,
        kContactName,
        kContactCreated,
        kContactUpdated
    };
};

// $1 tenant, $2 position in microseconds, $3 conversation of the position, $4 limit, $5 status or
// 0, $6 channel if used. The page is cut before the join, so that contacts are looked up for its
// rows alone. last_activity_at compares with an expression of parameters only, which the index can
// take.
#define UNIBOX_LIST(closed_condition, more_conditions)                                       \
    "SELECT " UNIBOX_CONVERSATION_COLUMNS                                                    \
    "FROM (SELECT * FROM conversations WHERE tenant_id = $1 AND closed_at " closed_condition \
    " AND (last_activity_at, conversation_id) < "                                            \
    "(timestamptz '1970-01-01 00:00:00+00' + $2 * interval '1 microsecond', $3) "            \
    "AND ($5 = 0::smallint OR status = $5) " more_conditions                                 \
    "ORDER BY last_activity_at DESC, conversation_id DESC LIMIT $4) c "                      \
    "LEFT JOIN contacts k ON k.tenant_id = $1 AND k.contact_id = c.contact_id "              \
    "ORDER BY c.last_activity_at DESC, c.conversation_id DESC"

#define UNIBOX_LIVE "= 'infinity'::timestamptz"
#define UNIBOX_CLOSED "< 'infinity'::timestamptz"

// By closed (4), channel (2), unread (1).
constexpr std::array<pg::Statement, 8> kList = {{
    {"inbox_list", UNIBOX_LIST(UNIBOX_LIVE, "")},
    {"inbox_list_unread", UNIBOX_LIST(UNIBOX_LIVE, "AND unread_count > 0 ")},
    {"inbox_list_channel", UNIBOX_LIST(UNIBOX_LIVE, "AND channel_id = $6 ")},
    {"inbox_list_channel_unread",
     UNIBOX_LIST(UNIBOX_LIVE, "AND channel_id = $6 AND unread_count > 0 ")},
    {"inbox_list_closed", UNIBOX_LIST(UNIBOX_CLOSED, "")},
    {"inbox_list_closed_unread", UNIBOX_LIST(UNIBOX_CLOSED, "AND unread_count > 0 ")},
    {"inbox_list_closed_channel", UNIBOX_LIST(UNIBOX_CLOSED, "AND channel_id = $6 ")},
    {"inbox_list_closed_channel_unread",
     UNIBOX_LIST(UNIBOX_CLOSED, "AND channel_id = $6 AND unread_count > 0 ")},
}};

// The counters' closed_at leads to the one leaf that holds the row. LIMIT keeps the planner from
// making a plain join of it, which would probe every leaf.
constexpr pg::Statement kGet = {
    "inbox_get",
    "SELECT " UNIBOX_CONVERSATION_COLUMNS
    "FROM conversation_counters n CROSS JOIN LATERAL (SELECT * FROM conversations "
    "WHERE tenant_id = $1 AND conversation_id = $2 AND closed_at = n.closed_at LIMIT 1) c "
    "LEFT JOIN contacts k ON k.tenant_id = $1 AND k.contact_id = c.contact_id "
    "WHERE n.tenant_id = $1 AND n.conversation_id = $2"};

// Numbers of unibox.v1 in SQL.
#define UNIBOX_OUTBOUND "2"
#define UNIBOX_DELIVERED "3"
#define UNIBOX_READ "4"
constexpr bool IsText(int number, const char* digit) {
    return digit[0] - '0' == number && digit[1] == '\0';
}
static_assert(IsText(v1::DIRECTION_OUTBOUND, UNIBOX_OUTBOUND));
static_assert(IsText(v1::DELIVERY_STATE_DELIVERED, UNIBOX_DELIVERED));
static_assert(IsText(v1::DELIVERY_STATE_READ, UNIBOX_READ));

// $3 and $4 bound seq, exclusively; $5 limit; $6 bytes. One row with NULLs = a conversation without
// such messages; no row = no such conversation. The counters' range of created_at leaves only the
// leaves between.
//
// `found` rows are in the range and the limit; those beyond the bytes are left out, but for the
// first. Lengths of values that lie apart (TOAST) are known without reading them, so what is left
// out costs its row alone.
//
// seq has no gaps, so a page is a range of seq, and `window` makes the index read just that: else
// the planner likes to read the whole conversation and sort it. Gaps come only from months that
// retention dropped: then without the window.
//
// The marks of the conversation raise the delivery state of the outbound messages below them: to
// READ, to at least DELIVERED, which is no failure any more. Of the states READ alone is more.
#define UNIBOX_MESSAGES(direction, window)                                               \
    "SELECT m.message_id, m.seq, m.direction, m.kind, m.contact_id, m.body, m.payload, " \
    "m.extras, m.reply_to, m.provider_id, m.client_ref, "                                \
    "CASE WHEN m.direction <> " UNIBOX_OUTBOUND                                          \
    " THEN m.delivery_state "                                                            \
    "WHEN m.created_at <= n.read_until THEN " UNIBOX_READ                                \
    "::smallint "                                                                        \
    "WHEN m.created_at <= n.delivered_until AND m.delivery_state <> " UNIBOX_READ        \
    " THEN " UNIBOX_DELIVERED                                                            \
    "::smallint "                                                                        \
    "ELSE m.delivery_state END, "                                                        \
    "CASE WHEN m.direction = " UNIBOX_OUTBOUND                                           \
    " AND m.created_at <= greatest(n.read_until, n.delivered_until) "                    \
    "THEN '' ELSE m.delivery_error END, m.created_at, "                                  \
    "m.received_at, m.edited_at, m.deleted_at, m.version, m.author_kind, m.author_id, "  \
    "m.author_name, n.last_seq, m.found "                                                \
    "FROM conversation_counters n LEFT JOIN LATERAL (SELECT * FROM ("                    \
    "SELECT p.*, count(*) OVER () AS found, row_number() OVER page AS place, "           \
    "sum(octet_length(body) + octet_length(payload) + octet_length(extras)) OVER page "  \
    "AS bytes FROM (SELECT * FROM messages "                                             \
    "WHERE tenant_id = $1 AND conversation_id = $2 AND seq > $3 AND seq < $4 " window    \
    "AND created_at >= n.first_message_at AND created_at <= n.last_message_at "          \
    "ORDER BY seq " direction " LIMIT $5) p WINDOW page AS (ORDER BY seq " direction     \
    ")) w WHERE place = 1 OR bytes <= $6) m ON true "                                    \
    "WHERE n.tenant_id = $1 AND n.conversation_id = $2 ORDER BY m.seq " direction

struct MessageStatements {
    pg::Statement window;
    pg::Statement all;
};
constexpr MessageStatements kNewestFirst = {
    {"inbox_messages_newest",
     UNIBOX_MESSAGES("DESC", "AND seq >= least($4, n.last_seq + 1) - $5 ")},
    {"inbox_messages_newest_all", UNIBOX_MESSAGES("DESC", "")}};
constexpr MessageStatements kOldestFirst = {
    {"inbox_messages_oldest", UNIBOX_MESSAGES("ASC", "AND seq <= least($3, n.last_seq) + $5 ")},
    {"inbox_messages_oldest_all", UNIBOX_MESSAGES("ASC", "")}};

// The columns of UNIBOX_MESSAGES.
struct MessageColumn {
    enum Number : int {
        kId,
        kSeq,
        kDirection,
        kKind,
        kContact,
        kBody,
        kPayload,
        kExtras,
        kReplyTo,
        kProviderId,
        kClientRef,
        kDeliveryState,
        kDeliveryError,
        kCreated,
        kReceived,
        kEdited,
        kDeleted,
        kVersion,
        kAuthorKind,
        kAuthor,
        kAuthorName,
        kLastSeq,
        kFound
    };
};

// Counts what goes into a page until it is full.
class PageBytes {
public:
    explicit PageBytes(std::size_t bytes_max) : bytes_max_(bytes_max) {}

    // False if the entry finds no room; the first one always does.
    template <typename Message>
    bool Add(const Message& entry) {
        constexpr std::size_t kFrameBytes = 6;  // Tag and length in the list.
        const std::size_t bytes = entry.ByteSizeLong() + kFrameBytes;
        if (bytes_ > 0 && bytes_ + bytes > bytes_max_) return false;
        bytes_ += bytes;
        return true;
    }

private:
    const std::size_t bytes_max_;
    std::size_t bytes_ = 0;
};

constexpr pg::Statement kContact = {
    "inbox_contact",
    "SELECT channel_id, contact_key, display_name, created_at, updated_at "
    "FROM contacts WHERE tenant_id = $1 AND contact_id = $2"};

// What the mapping to unibox.v1 takes, as read from a row.
struct ConversationRead {
    ConversationId id;
    domain::ConversationRow row;
    domain::CounterRow counters;
    std::string_view contact_key;
    std::optional<domain::ContactRow> contact;
};

std::optional<std::int64_t> OptionalTime(const pg::Row& row, int column) {
    const auto time = row.OptionalTimestamp(column);
    return time ? std::optional(time->unix_ms) : std::nullopt;
}

// What the tenant made of it; the rest of the row must be there.
void ReadHandling(const pg::Row& row, ConversationRead& out) {
    using Column = ConversationColumn;
    out.row.priority = static_cast<v1::Priority>(row.Int16(Column::kPriority));
    if (const auto agent = row.OptionalUuid(Column::kAssignee)) out.row.assignee = AgentId{*agent};
    if (const auto team = row.OptionalUuid(Column::kTeam)) out.row.team = TeamId{*team};
    out.row.labels = row.TextArray(Column::kLabels);
    out.row.snooze_time = OptionalTime(row, Column::kSnoozeTime);
    out.row.muted = row.Bool(Column::kMuted);
    domain::SetReplyTimes(
        OptionalTime(row, Column::kWaitingSince), OptionalTime(row, Column::kCanReplyUntil), out.row
    );
    const Status decoded = domain::DecodeAttributes(row.GetBytes(Column::kAttributes), out.row);
    if (decoded.ok()) return;
    obs::Log(obs::Level::kError, decoded.message(), {{"conversation_id", out.id.ToString()}});
}

ConversationRead ReadConversation(const pg::Row& row) {
    using Column = ConversationColumn;
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
    domain::ContactRow& contact = out.contact.emplace();
    contact.display_name = row.Text(Column::kContactName);
    contact.created_at = row.Timestamp(Column::kContactCreated).unix_ms;
    contact.updated_at = row.Timestamp(Column::kContactUpdated).unix_ms;
    return out;
}

v1::Conversation ToConversation(const pg::Row& row) {
    const ConversationRead read = ReadConversation(row);
    v1::Conversation out;
    domain::ConversationContact contact;
    if (read.contact) contact = {read.contact_key, &*read.contact};
    domain::FillConversation(read.id, read.row, read.counters, contact, &out);
    return out;
}

domain::MessageRow ReadMessage(const pg::Row& row) {
    using Column = MessageColumn;
    domain::MessageRow out;
    out.id = row.GetId<MessageId>(Column::kId);
    out.direction = static_cast<v1::Direction>(row.Int16(Column::kDirection));
    out.kind = static_cast<v1::MessageKind>(row.Int16(Column::kKind));
    if (const auto contact = row.OptionalUuid(Column::kContact)) out.contact = ContactId{*contact};
    out.body = row.Text(Column::kBody);
    out.payload = row.Text(Column::kPayload);
    out.reply_to = row.Text(Column::kReplyTo);
    out.provider_id = row.Text(Column::kProviderId);
    out.client_ref = row.Text(Column::kClientRef);
    out.delivery_state = static_cast<v1::DeliveryState>(row.Int16(Column::kDeliveryState));
    out.delivery_error = row.Text(Column::kDeliveryError);
    out.received_at = row.Timestamp(Column::kReceived).unix_ms;
    out.edited_at = OptionalTime(row, Column::kEdited);
    out.deleted_at = OptionalTime(row, Column::kDeleted);
    out.version = row.Int64(Column::kVersion);
    out.author = domain::ActorOf(
        {row.Int16(Column::kAuthorKind),
         row.OptionalUuid(Column::kAuthor),
         row.Text(Column::kAuthorName)}
    );
    const Status extras = domain::DecodeExtras(row.GetBytes(Column::kExtras), out);
    if (!extras.ok()) {
        obs::Log(obs::Level::kError, extras.message(), {{"message_id", out.id.ToString()}});
    }
    return out;
}

v1::Message ToMessage(const pg::Row& row, ConversationId conversation) {
    const domain::MessagePosition position{
        conversation,
        row.Int64(MessageColumn::kSeq),
        row.Timestamp(MessageColumn::kCreated).unix_ms};
    v1::Message out;
    domain::FillMessage(position, ReadMessage(row), &out);
    return out;
}

// Every read of this file: a read-only transaction of one statement.
class Reader {
public:
    Reader(pg::Pool& pool, TenantId tenant, SteadyTime deadline)
        : pool_(pool), tenant_(tenant), deadline_(deadline) {}

    Result<pg::Rows> Read(const pg::Statement& statement, const pg::Params& params) const {
        UNIBOX_ASSIGN_OR_RETURN(
            auto tx, pg::TenantTx::Begin(pool_, tenant_, pg::Access::kReadOnly, deadline_)
        );
        return tx.ExecuteAndCommit(statement, params);
    }

private:
    pg::Pool& pool_;
    const TenantId tenant_;
    const SteadyTime deadline_;
};

}  // namespace

Result<ConversationPage> ListConversations(
    pg::Pool& pool, TenantId tenant, const ConversationQuery& query, SteadyTime deadline
) {
    const Reader reader(pool, tenant, deadline);
    UNIBOX_ASSERT(query.count_max >= 1 && query.count_max <= 1000);
    const bool closed = query.status == v1::CONVERSATION_STATUS_CLOSED;
    const std::size_t statement =
        (closed ? 4U : 0U) + (query.channel ? 2U : 0U) + (query.unread ? 1U : 0U);
    // The first page begins after a place that no row can have: the last microsecond of year 9999.
    ActivityPosition top{253'402'300'799'999'999, {}};
    top.conversation.value.bytes.fill(0xFF);
    const ActivityPosition after = query.after.value_or(top);
    auto params = pg::Params::Of(
        tenant,
        static_cast<double>(after.last_activity_us),
        after.conversation,
        std::int64_t{query.count_max} + 1,
        static_cast<std::int16_t>(query.status)
    );
    if (query.channel) params.Add(*query.channel);

    UNIBOX_ASSIGN_OR_RETURN(const auto rows, reader.Read(kList[statement], params));
    ConversationPage page;
    PageBytes bytes(query.bytes_max);
    for (const auto row : rows) {
        const auto count = static_cast<int>(page.conversations.size());
        v1::Conversation conversation = ToConversation(row);
        if (count == query.count_max || !bytes.Add(conversation)) {
            const pg::Row last = rows[count - 1];
            page.next = {
                last.UnixMicros(ConversationColumn::kLastActivity),
                last.GetId<ConversationId>(ConversationColumn::kId)};
            break;
        }
        page.conversations.push_back(std::move(conversation));
    }
    return page;
}

Result<v1::Conversation> GetConversation(
    pg::Pool& pool, TenantId tenant, ConversationId conversation, SteadyTime deadline
) {
    const Reader reader(pool, tenant, deadline);
    UNIBOX_ASSIGN_OR_RETURN(
        const auto rows, reader.Read(kGet, pg::Params::Of(tenant, conversation))
    );
    if (rows.empty()) return NotFound("no such conversation").WithReason("CONVERSATION_NOT_FOUND");
    return ToConversation(rows[0]);
}

Result<MessagePage> ListMessages(
    pg::Pool& pool, TenantId tenant, const MessageQuery& query, SteadyTime deadline
) {
    const Reader reader(pool, tenant, deadline);
    UNIBOX_ASSERT(query.seq_above >= 0 && query.seq_below.value_or(0) >= 0);
    UNIBOX_ASSERT(query.count_max >= 1 && query.count_max <= 1000);
    const std::int64_t below = query.seq_below.value_or(std::numeric_limits<std::int64_t>::max());
    const std::int64_t limit = std::int64_t{query.count_max} + 1;
    const auto params = pg::Params::Of(
        tenant,
        query.conversation,
        query.seq_above,
        below,
        limit,
        static_cast<std::int64_t>(query.bytes_max)
    );
    const MessageStatements& statements = query.oldest_first ? kOldestFirst : kNewestFirst;
    UNIBOX_ASSIGN_OR_RETURN(auto rows, reader.Read(statements.window, params));
    if (rows.empty()) return NotFound("no such conversation").WithReason("CONVERSATION_NOT_FOUND");
    const std::int64_t last_seq = rows[0].Int64(MessageColumn::kLastSeq);
    const std::int64_t expected = std::min(limit, std::min(below - 1, last_seq) - query.seq_above);
    const auto found = [&rows] {
        return rows[0].IsNull(MessageColumn::kId) ? std::int64_t{0}
                                                  : rows[0].Int64(MessageColumn::kFound);
    };
    if (found() < expected) {
        UNIBOX_ASSIGN_OR_RETURN(rows, reader.Read(statements.all, params));
        if (rows.empty())
            return NotFound("no such conversation").WithReason("CONVERSATION_NOT_FOUND");
    }
    MessagePage page;
    PageBytes bytes(query.bytes_max);
    for (const auto row : rows) {
        if (row.IsNull(MessageColumn::kId) || std::cmp_equal(page.messages.size(), query.count_max))
            break;
        v1::Message message = ToMessage(row, query.conversation);
        if (!bytes.Add(message)) break;
        page.messages.push_back(std::move(message));
    }
    page.more = std::cmp_less(page.messages.size(), found());
    return page;
}

Result<v1::Contact> GetContact(
    pg::Pool& pool, TenantId tenant, ContactId contact, SteadyTime deadline
) {
    const Reader reader(pool, tenant, deadline);
    UNIBOX_ASSIGN_OR_RETURN(
        const auto rows, reader.Read(kContact, pg::Params::Of(tenant, contact))
    );
    if (rows.empty()) return NotFound("no such contact").WithReason("CONTACT_NOT_FOUND");
    const pg::Row row = rows[0];
    domain::ContactRow read;
    read.id = contact;
    read.display_name = row.Text(2);
    read.created_at = row.Timestamp(3).unix_ms;
    read.updated_at = row.Timestamp(4).unix_ms;
    v1::Contact out;
    domain::FillContact(row.GetId<ChannelId>(0), row.Text(1), read, &out);
    return out;
}

}  // namespace unibox::store
