#include "store/writer/outbox.hpp"

#include "pg/transaction.hpp"
#include "store/writer/detail/batch_write_sql.hpp"
#include "store/writer/detail/outbox_arrays.hpp"

#include <algorithm>

namespace unibox::store {
namespace {

constexpr pg::Statement kListOutbox{"outbox_list", R"sql(
SELECT shard, target, id FROM outbox
WHERE shard = $1 AND target = $2 AND id > $3 ORDER BY id LIMIT $4)sql"};

constexpr pg::Statement kReadOutbox{"outbox_read", R"sql(
SELECT shard, target, id, batch
FROM (SELECT o.*, u.n, sum(octet_length(o.batch)) OVER (ORDER BY u.n) AS bytes,
             row_number() OVER (ORDER BY u.n) AS place
      FROM unnest($1::int[], $2::smallint[], $3::bigint[]) WITH ORDINALITY AS u(shard, target, id,
               n),
           LATERAL (SELECT * FROM outbox o WHERE o.shard = u.shard AND o.target = u.target
                       AND o.id = u.id LIMIT 1) o) o
WHERE bytes <= $4::bigint OR place = 1
ORDER BY n)sql"};

constexpr pg::Statement kHasOutbox{
    "outbox_has",
    "SELECT EXISTS (SELECT FROM outbox WHERE shard = $1 AND target = ANY ($2::smallint[]))"};

bool IsWhole(const event::v1::OutboxBatch& batch) {
    return std::all_of(batch.entries().begin(), batch.entries().end(), [](const auto& entry) {
        return entry.has_ordering_key();
    });
}

// A row of a build that wrote events of the feed alone, and neither their keys nor their epoch:
// the events tell both.
void CompleteOldRow(event::v1::OutboxBatch* batch) {
    for (event::v1::OutboxEntry& entry : *batch->mutable_entries()) {
        event::v1::FeedEvent event;
        entry.set_ordering_key("");
        if (!event.ParseFromString(entry.payload())) continue;
        entry.set_ordering_key(event.conversation_id());
        batch->set_feed_epoch(event.feed_epoch());
    }
}

}  // namespace

Result<std::vector<OutboxId>> ListOutbox(
    pg::Pool& pool,
    domain::ShardId shard,
    domain::OutboxTarget target,
    std::int64_t after_id,
    std::int32_t count_max
) {
    UNIBOX_ASSIGN_OR_RETURN(auto tx, pg::SystemTx::Begin(pool, pg::Access::kReadOnly));
    const auto params = pg::Params::Of(
        shard.number(), static_cast<std::int16_t>(target), after_id, std::int64_t{count_max}
    );
    UNIBOX_ASSIGN_OR_RETURN(const pg::Rows rows, tx.ExecuteAndCommit(kListOutbox, params));
    std::vector<OutboxId> found;
    for (const pg::Row row : rows) found.push_back(detail::OutboxIdOf(row));
    return found;
}

Result<std::vector<OutboxRow>> ReadOutbox(
    pg::Pool& pool, std::span<const OutboxId> ids, std::int64_t bytes_max
) {
    if (ids.empty()) return std::vector<OutboxRow>();
    UNIBOX_ASSIGN_OR_RETURN(auto tx, pg::SystemTx::Begin(pool, pg::Access::kReadOnly));
    UNIBOX_ASSIGN_OR_RETURN(
        const pg::Rows rows,
        tx.ExecuteAndCommit(kReadOutbox, detail::OutboxIdArrays(ids).Add(bytes_max))
    );
    std::vector<OutboxRow> found;
    for (const pg::Row row : rows) {
        OutboxRow& entry = found.emplace_back();
        entry.id = detail::OutboxIdOf(row);
        const std::string_view bytes = row.GetBytes(3);
        if (!entry.batch.ParseFromArray(bytes.data(), static_cast<int>(bytes.size()))) {
            return Status(Code::kDataLoss, "outbox.batch is not an OutboxBatch");
        }
        if (!IsWhole(entry.batch)) CompleteOldRow(&entry.batch);
    }
    return found;
}

Result<bool> ShardHasOutbox(
    pg::Pool& pool, domain::ShardId shard, std::span<const domain::OutboxTarget> targets
) {
    UNIBOX_ASSIGN_OR_RETURN(auto tx, pg::SystemTx::Begin(pool, pg::Access::kReadOnly));
    pg::Params params = pg::Params::Of(shard.number());
    params.AddArray(detail::NumbersOf(targets));
    UNIBOX_ASSIGN_OR_RETURN(const pg::Rows rows, tx.ExecuteAndCommit(kHasOutbox, params));
    return rows[0].Bool(0);
}

Status DeleteOutbox(pg::Pool& pool, std::span<const OutboxId> rows) {
    if (rows.empty()) return {};
    UNIBOX_ASSIGN_OR_RETURN(auto tx, pg::SystemTx::Begin(pool, pg::Access::kReadWrite));
    return tx.ExecuteAndCommit(detail::kDeleteOutbox, detail::OutboxIdArrays(rows)).status();
}

}  // namespace unibox::store
