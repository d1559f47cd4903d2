#include "store/writer/batch_tx.hpp"

#include "base/strings.hpp"
#include "pg/sqlstate.hpp"

namespace unibox::store {

Result<BatchTx> BatchTx::Begin(pg::Session& session, Millis lease) {
    UNIBOX_ASSIGN_OR_RETURN(pg::WriterTx tx, pg::WriterTx::Begin(session));
    return BatchTx(std::move(tx), lease);
}

std::vector<domain::ShardId> LostShards(const Status& status) {
    std::vector<domain::ShardId> shards;
    if (status.reason() != kFencedState) return shards;
    const std::string detail = pg::ErrorDetail(status);
    for (const std::string_view part : Split(detail, ',')) {
        if (const auto shard = ParseInt64(TrimSpace(part))) {
            shards.emplace_back(static_cast<std::int32_t>(*shard));
        }
    }
    return shards;
}

}  // namespace unibox::store
