#include "store/feed.hpp"

#include "pg/transaction.hpp"

namespace unibox::store {
namespace {

constexpr pg::Statement kGet{
    "feed_get", "SELECT feed_epoch, stream_created, marked_seq, marked_msg_id FROM feed"};
constexpr pg::Statement kAdopt{
    "feed_adopt", "UPDATE feed SET stream_created = $1 WHERE stream_created IS NULL"};
constexpr pg::Statement kMark{
    "feed_mark",
    "UPDATE feed SET marked_seq = $2, marked_msg_id = $3 "
    "WHERE feed_epoch = $1 AND marked_seq < $2"};
constexpr pg::Statement kBegin{
    "feed_begin",
    "UPDATE feed SET feed_epoch = gen_random_uuid(), stream_created = $2, marked_seq = $3, "
    "marked_msg_id = $4 WHERE feed_epoch = $1"};
constexpr pg::Statement kRenew{
    "feed_renew",
    "WITH renewed AS (UPDATE feed f SET feed_epoch = gen_random_uuid() "
    "FROM (SELECT feed_epoch FROM feed) old RETURNING old.feed_epoch AS was, f.feed_epoch AS now) "
    "SELECT ub_audit(NULL, 'feed', 'UB_EV', jsonb_build_object('feed_epoch', was), "
    "jsonb_build_object('feed_epoch', now), 'done') FROM renewed"};

Result<Feed> ToFeed(const pg::Rows& rows) {
    if (rows.empty()) return FailedPrecondition("the table feed has lost its row");
    Feed feed;
    feed.epoch = rows[0].GetUuid(0);
    if (const auto created = rows[0].OptionalTimestamp(1)) {
        feed.stream_created_ms = created->unix_ms;
    }
    feed.end = {rows[0].Int64(2), std::string(rows[0].Text(3))};
    return feed;
}

// `changed`: how many rows the statement changed.
Result<Feed> Change(
    pg::Pool& pool,
    const pg::Statement& statement,
    const pg::Params& params,
    std::int64_t* changed = nullptr
) {
    UNIBOX_ASSIGN_OR_RETURN(auto tx, pg::SystemTx::Begin(pool, pg::Access::kReadWrite));
    UNIBOX_ASSIGN_OR_RETURN(const auto done, tx.Execute(statement, params));
    if (changed != nullptr) *changed = done.affected();
    UNIBOX_ASSIGN_OR_RETURN(const auto rows, tx.ExecuteAndCommit(kGet, {}));
    return ToFeed(rows);
}

}  // namespace

Result<Feed> GetFeed(pg::Pool& pool) {
    UNIBOX_ASSIGN_OR_RETURN(auto tx, pg::SystemTx::Begin(pool, pg::Access::kReadOnly));
    UNIBOX_ASSIGN_OR_RETURN(const auto rows, tx.ExecuteAndCommit(kGet, {}));
    return ToFeed(rows);
}

Result<Feed> AdoptFeedStream(pg::Pool& pool, std::int64_t stream_created_ms) {
    return Change(pool, kAdopt, pg::Params::Of(pg::TimestampMs{stream_created_ms}));
}

Result<Feed> MarkFeed(pg::Pool& pool, const Uuid& epoch, const FeedEnd& end) {
    return Change(pool, kMark, pg::Params::Of(epoch, end.seq, end.msg_id));
}

Result<BegunEpoch> BeginFeedEpoch(
    pg::Pool& pool, const Uuid& old_epoch, std::int64_t stream_created_ms, const FeedEnd& end
) {
    std::int64_t changed = 0;
    const auto params =
        pg::Params::Of(old_epoch, pg::TimestampMs{stream_created_ms}, end.seq, end.msg_id);
    UNIBOX_ASSIGN_OR_RETURN(const Feed feed, Change(pool, kBegin, params, &changed));
    return BegunEpoch{feed, changed == 1};
}

Result<Feed> RenewFeedEpoch(pg::Pool& pool) {
    return Change(pool, kRenew, {});
}

}  // namespace unibox::store
