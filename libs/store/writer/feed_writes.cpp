#include "store/writer/feed_writes.hpp"

#include "pg/transaction.hpp"
#include "store/streams/detail/feed_sql.hpp"

namespace unibox::store {
namespace {

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
    UNIBOX_ASSIGN_OR_RETURN(const auto rows, tx.ExecuteAndCommit(detail::kGetFeed, {}));
    return detail::ToFeed(rows);
}

}  // namespace

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

}  // namespace unibox::store
