#include "store/outbox.hpp"

#include "pg/transaction.hpp"
#include "store/detail/batch_write_sql.hpp"

namespace unibox::store {
namespace {

constexpr pg::Statement kReadOutbox{"outbox_read", R"sql(
SELECT id, batch, (extract(epoch FROM now() - created_at) * 1000)::bigint
FROM outbox WHERE shard = $1 AND target = 1 AND id > $2 ORDER BY id LIMIT $3)sql"};

}  // namespace

Result<std::vector<OutboxRow>> ReadOutbox(
    pg::Pool& pool, std::int32_t shard, std::int64_t after_id, std::int32_t count_max
) {
    UNIBOX_ASSIGN_OR_RETURN(auto tx, pg::SystemTx::Begin(pool, pg::Access::kReadOnly));
    UNIBOX_ASSIGN_OR_RETURN(
        const pg::Rows rows,
        tx.ExecuteAndCommit(kReadOutbox, pg::Params::Of(shard, after_id, std::int64_t{count_max}))
    );
    std::vector<OutboxRow> found;
    for (const pg::Row row : rows) {
        OutboxRow& entry = found.emplace_back();
        entry.id = {shard, row.Int64(0)};
        entry.age_ms = row.Int64(2);
        const std::string_view bytes = row.GetBytes(1);
        if (!entry.batch.ParseFromArray(bytes.data(), static_cast<int>(bytes.size()))) {
            return Status(Code::kDataLoss, "outbox.batch is not an OutboxBatch");
        }
    }
    return found;
}

Status DeleteOutbox(pg::Pool& pool, std::span<const OutboxId> rows) {
    if (rows.empty()) return {};
    std::vector<std::int32_t> shards;
    std::vector<std::int64_t> ids;
    for (const OutboxId& row : rows) {
        shards.push_back(row.shard);
        ids.push_back(row.id);
    }
    pg::Params params;
    params.AddArray(shards).AddArray(ids);
    UNIBOX_ASSIGN_OR_RETURN(auto tx, pg::SystemTx::Begin(pool, pg::Access::kReadWrite));
    return tx.ExecuteAndCommit(detail::kDeleteOutbox, params).status();
}

}  // namespace unibox::store
