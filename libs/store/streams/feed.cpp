#include "store/streams/feed.hpp"

#include "store/streams/detail/feed_sql.hpp"

namespace unibox::store {

Result<Feed> detail::ToFeed(const pg::Rows& rows) {
    if (rows.empty()) return FailedPrecondition("the table feed has lost its row");
    Feed feed;
    feed.epoch = rows[0].GetUuid(0);
    if (const auto created = rows[0].OptionalTimestamp(1)) {
        feed.stream_created_ms = created->unix_ms;
    }
    feed.end = {rows[0].Int64(2), std::string(rows[0].Text(3))};
    return feed;
}

Result<Feed> GetFeed(pg::Pool& pool) {
    UNIBOX_ASSIGN_OR_RETURN(auto tx, pg::SystemTx::Begin(pool, pg::Access::kReadOnly));
    UNIBOX_ASSIGN_OR_RETURN(const auto rows, tx.ExecuteAndCommit(detail::kGetFeed, {}));
    return detail::ToFeed(rows);
}

}  // namespace unibox::store
