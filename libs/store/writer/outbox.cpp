#include "store/writer/outbox.hpp"

#include "pg/transaction.hpp"
#include "store/writer/detail/batch_write_sql.hpp"

namespace unibox::store {
namespace {

constexpr pg::Statement kListOutbox{"outbox_list", R"sql(
SELECT id FROM outbox WHERE shard = $1 AND target = 1 AND id > $2 ORDER BY id LIMIT $3)sql"};

constexpr pg::Statement kReadOutbox{"outbox_read", R"sql(
SELECT shard, id, batch
FROM (SELECT o.*, u.n, sum(octet_length(o.batch)) OVER (ORDER BY u.n) AS bytes,
             row_number() OVER (ORDER BY u.n) AS place
      FROM unnest($1::int[], $2::bigint[]) WITH ORDINALITY AS u(shard, id, n),
           LATERAL (SELECT * FROM outbox o WHERE o.shard = u.shard AND o.target = 1
                       AND o.id = u.id LIMIT 1) o) o
WHERE bytes <= $3::bigint OR place = 1
ORDER BY n)sql"};

pg::Params IdArrays(std::span<const OutboxId> rows) {
    std::vector<std::int32_t> shards;
    std::vector<std::int64_t> ids;
    for (const OutboxId& row : rows) {
        shards.push_back(row.shard.number());
        ids.push_back(row.id);
    }
    pg::Params params;
    params.AddArray(shards).AddArray(ids);
    return params;
}

}  // namespace

Result<std::vector<OutboxId>> ListOutbox(
    pg::Pool& pool, domain::ShardId shard, std::int64_t after_id, std::int32_t count_max
) {
    UNIBOX_ASSIGN_OR_RETURN(auto tx, pg::SystemTx::Begin(pool, pg::Access::kReadOnly));
    UNIBOX_ASSIGN_OR_RETURN(
        const pg::Rows rows,
        tx.ExecuteAndCommit(
            kListOutbox, pg::Params::Of(shard.number(), after_id, std::int64_t{count_max})
        )
    );
    std::vector<OutboxId> found;
    for (const pg::Row row : rows) found.push_back({shard, row.Int64(0)});
    return found;
}

Result<std::vector<OutboxRow>> ReadOutbox(
    pg::Pool& pool, std::span<const OutboxId> ids, std::int64_t bytes_max
) {
    if (ids.empty()) return std::vector<OutboxRow>();
    UNIBOX_ASSIGN_OR_RETURN(auto tx, pg::SystemTx::Begin(pool, pg::Access::kReadOnly));
    UNIBOX_ASSIGN_OR_RETURN(
        const pg::Rows rows, tx.ExecuteAndCommit(kReadOutbox, IdArrays(ids).Add(bytes_max))
    );
    std::vector<OutboxRow> found;
    for (const pg::Row row : rows) {
        OutboxRow& entry = found.emplace_back();
        entry.id = {domain::ShardId(row.Int32(0)), row.Int64(1)};
        const std::string_view bytes = row.GetBytes(2);
        if (!entry.batch.ParseFromArray(bytes.data(), static_cast<int>(bytes.size()))) {
            return Status(Code::kDataLoss, "outbox.batch is not an OutboxBatch");
        }
    }
    return found;
}

Status DeleteOutbox(pg::Pool& pool, std::span<const OutboxId> rows) {
    if (rows.empty()) return {};
    UNIBOX_ASSIGN_OR_RETURN(auto tx, pg::SystemTx::Begin(pool, pg::Access::kReadWrite));
    return tx.ExecuteAndCommit(detail::kDeleteOutbox, IdArrays(rows)).status();
}

}  // namespace unibox::store
