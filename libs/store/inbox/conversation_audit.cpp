#include "store/inbox/conversation_audit.hpp"

#include "base/assert.hpp"
#include "domain/actor_columns.hpp"
#include "pg/transaction.hpp"
#include "store/inbox/detail/visible_sql.hpp"

#include <utility>

namespace unibox::store {
namespace {

// $3 and $4 the place, $5 limit, $6 the viewer. One row of NULLs = nothing behind it; no row = it
// is not there. Nothing was done before the conversation began, or will have been: that leaves the
// leaves from then to now (an hour more for clocks that differ), and the order of the index is that
// of the leaves, so that a page reads the newest alone.
constexpr pg::Statement kList{
    "inbox_audit",
    "SELECT a.at, a.command_id, a.actor_kind, a.actor_id, a.actor_name, a.action, a.changes "
    "FROM conversation_counters n LEFT JOIN LATERAL ("
    "SELECT * FROM command_audit WHERE tenant_id = $1 AND conversation_id = $2 "
    "AND at >= n.first_message_at - interval '1 hour' AND at <= now() + interval '1 hour' "
    "AND at <= $3 AND (at, command_id) < ($3, $4) "
    "ORDER BY at DESC, command_id DESC LIMIT $5) a ON true "
    "WHERE n.tenant_id = $1 AND n.conversation_id = $2 AND " UNIBOX_SEES_CONVERSATION("$6"
    ) " "
      "ORDER BY a.at DESC, a.command_id DESC"};

Result<AuditedCommand> ReadCommand(const pg::Row& row) {
    AuditedCommand command;
    command.position = {row.Timestamp(0).unix_ms, row.GetUuid(1)};
    command.actor = domain::ActorOf({row.Int16(2), row.OptionalUuid(3), row.Text(4)});
    command.action = row.Text(5);
    const std::string_view bytes = row.GetBytes(6);
    if (!command.changes.ParseFromArray(bytes.data(), static_cast<int>(bytes.size()))) {
        return Status(Code::kDataLoss, "command_audit.changes is not a unibox.v1.AuditChanges");
    }
    return command;
}

}  // namespace

Result<AuditPage> ListConversationAudit(
    pg::Pool& pool,
    TenantId tenant,
    const Viewer& viewer,
    const AuditQuery& query,
    SteadyTime deadline
) {
    UNIBOX_ASSERT(query.count_max >= 1 && query.count_max <= 1000);
    const AuditPosition after = query.after.value_or(AuditPosition{pg::kInfinity.unix_ms, {}});
    const auto params = pg::Params::Of(
        tenant,
        query.conversation,
        pg::TimestampMs{after.at_ms},
        after.command,
        std::int64_t{query.count_max} + 1,
        viewer.member
    );
    UNIBOX_ASSIGN_OR_RETURN(
        auto tx, pg::TenantTx::Begin(pool, tenant, pg::Access::kReadOnly, deadline)
    );
    UNIBOX_ASSIGN_OR_RETURN(const auto rows, tx.ExecuteAndCommit(kList, params));
    if (rows.empty()) return NotFound("no such conversation").WithReason("CONVERSATION_NOT_FOUND");
    AuditPage page;
    for (const pg::Row row : rows) {
        if (row.IsNull(0)) break;
        if (std::cmp_equal(page.commands.size(), query.count_max)) {
            page.next = page.commands.back().position;
            break;
        }
        UNIBOX_ASSIGN_OR_RETURN(auto command, ReadCommand(row));
        page.commands.push_back(std::move(command));
    }
    return page;
}

}  // namespace unibox::store
