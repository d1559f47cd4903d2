#include "store/writer/snoozes.hpp"

#include "pg/transaction.hpp"

#include <algorithm>
#include <tuple>

namespace unibox::store {
namespace {

constexpr pg::Statement kClaim{
    "snooze_claim",
    "WITH due AS (SELECT s.snooze_time, s.tenant, s.conversation FROM snoozes s "
    "WHERE s.snooze_time <= now() AND s.claimed_until < now() "
    "ORDER BY s.snooze_time LIMIT $1 FOR NO KEY UPDATE SKIP LOCKED) "
    "UPDATE snoozes s SET claimed_until = now() + $2 * interval '1 ms' FROM due d "
    "WHERE s.snooze_time = d.snooze_time AND s.tenant = d.tenant "
    "AND s.conversation = d.conversation "
    "RETURNING s.tenant, s.conversation, s.snooze_time"};

}  // namespace

Result<std::vector<DueSnooze>> ClaimDueSnoozes(
    pg::Pool& pool, std::int32_t count_max, Millis claim
) {
    UNIBOX_ASSIGN_OR_RETURN(auto tx, pg::SystemTx::Begin(pool, pg::Access::kReadWrite));
    const auto params = pg::Params::Of(count_max, claim.count());
    UNIBOX_ASSIGN_OR_RETURN(const auto rows, tx.ExecuteAndCommit(kClaim, params));
    std::vector<DueSnooze> due;
    for (const pg::Row row : rows) {
        due.push_back({{row.Tenant(0), row.GetId<ConversationId>(1)}, row.Timestamp(2).unix_ms});
    }
    std::sort(due.begin(), due.end(), [](const DueSnooze& a, const DueSnooze& b) {
        return std::tie(a.snooze_time, a.conversation) < std::tie(b.snooze_time, b.conversation);
    });
    return due;
}

}  // namespace unibox::store
