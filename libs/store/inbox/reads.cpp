#include "store/inbox/reads.hpp"

#include "base/assert.hpp"
#include "domain/actor_columns.hpp"
#include "domain/message_extras.hpp"
#include "domain/proto_map.hpp"
#include "obs/log.hpp"
#include "store/inbox/detail/conversation_rows.hpp"
#include "store/inbox/detail/reader.hpp"
#include "store/inbox/detail/visible_sql.hpp"

#include <algorithm>
#include <limits>
#include <utility>

namespace unibox::store {
namespace {

using detail::OptionalTime;
using detail::PageBytes;
using detail::Reader;

// The counters' closed_at leads to the one leaf that holds the row. LIMIT keeps the planner from
// making a plain join of it, which would probe every leaf.
constexpr pg::Statement kGet = {
    "inbox_get",
    "SELECT " UNIBOX_CONVERSATION_COLUMNS
    "FROM conversation_counters n CROSS JOIN LATERAL (SELECT * FROM conversations "
    "WHERE tenant_id = $1 AND conversation_id = $2 AND closed_at = n.closed_at LIMIT 1) c "
    UNIBOX_JOIN_CONTACT("$1", "c.contact_id")
    "WHERE n.tenant_id = $1 AND n.conversation_id = $2 AND " UNIBOX_SEES_CHANNEL(
        "$3", "c.channel_id"
    )};

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

// $3 and $4 bound seq, exclusively; $5 limit; $6 bytes; $7 the viewer. One row with NULLs = a
// conversation without
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
#define UNIBOX_MESSAGES(direction, window)                                                 \
    "SELECT m.message_id, m.seq, m.direction, m.kind, m.contact_id, m.body, m.payload, "   \
    "m.extras, m.reply_to, m.provider_id, m.client_ref, "                                  \
    "CASE WHEN m.direction <> " UNIBOX_OUTBOUND                                            \
    " THEN m.delivery_state "                                                              \
    "WHEN m.created_at <= n.read_until THEN " UNIBOX_READ                                  \
    "::smallint "                                                                          \
    "WHEN m.created_at <= n.delivered_until AND m.delivery_state <> " UNIBOX_READ          \
    " THEN " UNIBOX_DELIVERED                                                              \
    "::smallint "                                                                          \
    "ELSE m.delivery_state END, "                                                          \
    "CASE WHEN m.direction = " UNIBOX_OUTBOUND                                             \
    " AND m.created_at <= greatest(n.read_until, n.delivered_until) "                      \
    "THEN '' ELSE m.delivery_error END, m.created_at, "                                    \
    "m.received_at, m.edited_at, m.deleted_at, m.version, m.author_kind, m.author_id, "    \
    "m.author_name, n.last_seq, m.found "                                                  \
    "FROM conversation_counters n LEFT JOIN LATERAL (SELECT * FROM ("                      \
    "SELECT p.*, count(*) OVER () AS found, row_number() OVER page AS place, "             \
    "sum(octet_length(body) + octet_length(payload) + octet_length(extras)) OVER page "    \
    "AS bytes FROM (SELECT * FROM messages "                                               \
    "WHERE tenant_id = $1 AND conversation_id = $2 AND seq > $3 AND seq < $4 " window      \
    "AND created_at >= n.first_message_at AND created_at <= n.last_message_at "            \
    "ORDER BY seq " direction " LIMIT $5) p WINDOW page AS (ORDER BY seq " direction       \
    ")) w WHERE place = 1 OR bytes <= $6) m ON true "                                      \
    "WHERE n.tenant_id = $1 AND n.conversation_id = $2 AND " UNIBOX_SEES_CONVERSATION("$7" \
    ) " ORDER BY m.seq " direction

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

}  // namespace

Result<v1::Conversation> GetConversation(
    pg::Pool& pool,
    TenantId tenant,
    const Viewer& viewer,
    ConversationId conversation,
    SteadyTime deadline
) {
    const Reader reader(pool, tenant, deadline);
    UNIBOX_ASSIGN_OR_RETURN(
        const auto rows, reader.Read(kGet, pg::Params::Of(tenant, conversation, viewer.member))
    );
    if (rows.empty()) return NotFound("no such conversation").WithReason("CONVERSATION_NOT_FOUND");
    return detail::ToConversation(rows[0]);
}

Result<MessagePage> ListMessages(
    pg::Pool& pool,
    TenantId tenant,
    const Viewer& viewer,
    const MessageQuery& query,
    SteadyTime deadline
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
        static_cast<std::int64_t>(query.bytes_max),
        viewer.member
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

}  // namespace unibox::store
