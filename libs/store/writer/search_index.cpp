#include "store/writer/search_index.hpp"

#include "pg/transaction.hpp"
#include "search/lexemes.hpp"
#include "store/writer/detail/search_sql.hpp"

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

namespace unibox::store {
namespace {

constexpr std::int32_t kContactsPart = 1;
constexpr std::int32_t kMessagesPart = 2;

// Rows of kReadChangedMessages and kWalkMessages.
struct MessageColumn {
    enum Number : int { kTenant, kConversation, kSeq, kCreated, kChannel, kText };
};
// Rows of kReadChangedContacts and kWalkContacts.
struct ContactColumn {
    enum Number : int { kTenant, kContact, kChannel, kName, kKey, kAliases };
};

struct MessageKeys {
    std::vector<std::int64_t> tenants;
    std::vector<Uuid> conversations;
    std::vector<std::int64_t> seqs;
    std::vector<std::int64_t> times;  // microseconds

    void Add(const pg::Row& row) {
        tenants.push_back(row.Int64(MessageColumn::kTenant));
        conversations.push_back(row.GetUuid(MessageColumn::kConversation));
        seqs.push_back(row.Int64(MessageColumn::kSeq));
        times.push_back(row.UnixMicros(MessageColumn::kCreated));
    }
    pg::Params ToParams() const {
        pg::Params params;
        params.AddArray(tenants).AddArray(conversations).AddArray(seqs).AddArray(times);
        return params;
    }
};

Status WriteMessages(pg::SystemTx& tx, const pg::Rows& rows) {
    MessageKeys kept;
    MessageKeys dropped;
    std::vector<Uuid> channels;
    std::vector<std::string> words;
    for (const pg::Row row : rows) {
        const TenantId tenant = row.Tenant(MessageColumn::kTenant);
        std::string vector = search::TsVectorOf(tenant, row.Text(MessageColumn::kText));
        if (vector.empty()) {
            dropped.Add(row);
            continue;
        }
        kept.Add(row);
        channels.push_back(row.GetUuid(MessageColumn::kChannel));
        words.push_back(std::move(vector));
    }
    if (!kept.tenants.empty()) {
        pg::Params times;
        times.AddArray(kept.times);
        UNIBOX_RETURN_IF_ERROR(tx.Execute(detail::kMakeSearchLeaves, times).status());
        pg::Params params = kept.ToParams();
        params.AddArray(channels).AddArray(words);
        UNIBOX_RETURN_IF_ERROR(tx.Execute(detail::kWriteMessageWords, params).status());
    }
    if (dropped.tenants.empty()) return {};
    return tx.Execute(detail::kDropMessageWords, dropped.ToParams()).status();
}

std::vector<search::Run> WordsOfContact(const pg::Row& row) {
    std::vector<search::Run> words = search::Runs(row.Text(ContactColumn::kName));
    std::vector<std::string> ids = row.TextArray(ContactColumn::kAliases);
    ids.insert(ids.begin(), std::string(row.Text(ContactColumn::kKey)));
    for (const std::string& id : ids) {
        for (search::Run& run : search::Runs(id)) words.push_back(std::move(run));
    }
    return words;
}

Status WriteContacts(pg::SystemTx& tx, const pg::Rows& rows) {
    std::vector<std::int64_t> tenants;
    std::vector<Uuid> contacts;
    std::vector<Uuid> channels;
    std::vector<std::string> folded;
    std::vector<std::string> grams;
    std::vector<std::int64_t> gone_tenants;
    std::vector<Uuid> gone;
    for (const pg::Row row : rows) {
        if (row.IsNull(ContactColumn::kChannel)) {
            gone_tenants.push_back(row.Int64(ContactColumn::kTenant));
            gone.push_back(row.GetUuid(ContactColumn::kContact));
            continue;
        }
        const std::vector<search::Run> words = WordsOfContact(row);
        tenants.push_back(row.Int64(ContactColumn::kTenant));
        contacts.push_back(row.GetUuid(ContactColumn::kContact));
        channels.push_back(row.GetUuid(ContactColumn::kChannel));
        folded.push_back(search::FoldedOf(words));
        grams.push_back(search::GramVectorOf(row.Tenant(ContactColumn::kTenant), words));
    }
    pg::Params params;
    params.AddArray(tenants).AddArray(contacts).AddArray(channels).AddArray(folded);
    params.AddArray(grams);
    if (!tenants.empty()) {
        UNIBOX_RETURN_IF_ERROR(tx.Execute(detail::kWriteContactGrams, params).status());
    }
    if (gone.empty()) return {};
    pg::Params gone_params;
    gone_params.AddArray(gone_tenants).AddArray(gone);
    return tx.Execute(detail::kDropContactGrams, gone_params).status();
}

Result<bool> Hold(pg::SystemTx& tx, const SearchLimits& limits) {
    const auto silent = std::to_string(limits.silent_max.count());
    UNIBOX_ASSIGN_OR_RETURN(
        const pg::Rows rows, tx.Execute(detail::kHoldSearchLock, pg::Params::Of(silent))
    );
    return rows[0].Bool(1);
}

// The lock is the session's; what its loss follows from is the transaction's until it commits.
Result<SearchStep> Committed(pg::SystemTx& tx, const SearchStep& step) {
    UNIBOX_RETURN_IF_ERROR(tx.Commit());
    return step;
}

struct Place {
    std::int64_t tenant = 0;
    Uuid object;
    std::int64_t seq = 0;
};

// Goes on behind the last of the rows, or with the next part if they were its last.
Result<bool> MoveWalk(pg::SystemTx& tx, bool part_is_done, const Place& last) {
    if (part_is_done) {
        UNIBOX_ASSIGN_OR_RETURN(const auto rows, tx.Execute(detail::kNextWalkPart, {}));
        return rows[0].Bool(0);
    }
    const auto params = pg::Params::Of(last.tenant, last.object, last.seq);
    UNIBOX_RETURN_IF_ERROR(tx.Execute(detail::kSetWalkPlace, params).status());
    return true;
}

Place LastPlace(const pg::Rows& rows, std::int32_t part) {
    if (rows.empty()) return {};
    const pg::Row last = rows[rows.size() - 1];
    const std::int64_t seq = part == kMessagesPart ? last.Int64(MessageColumn::kSeq) : 0;
    return {last.Int64(0), last.GetUuid(1), seq};
}

}  // namespace

Result<SearchStep> IndexChanged(pg::Session& session, const SearchLimits& limits) {
    SearchStep step;
    UNIBOX_ASSIGN_OR_RETURN(auto tx, pg::SystemTx::Begin(session, pg::Access::kReadWrite));
    UNIBOX_ASSIGN_OR_RETURN(step.held, Hold(tx, limits));
    if (!step.held) return step;
    UNIBOX_ASSIGN_OR_RETURN(
        const auto picked, tx.Execute(detail::kPickPending, pg::Params::Of(limits.key_count_max))
    );
    std::vector<std::int64_t> ids;
    for (const pg::Row row : picked) ids.push_back(row.Int64(0));
    if (ids.empty()) return Committed(tx, step);
    pg::Params chosen;
    chosen.AddArray(ids);
    UNIBOX_ASSIGN_OR_RETURN(const auto messages, tx.Execute(detail::kReadChangedMessages, chosen));
    UNIBOX_ASSIGN_OR_RETURN(const auto contacts, tx.Execute(detail::kReadChangedContacts, chosen));
    UNIBOX_RETURN_IF_ERROR(WriteMessages(tx, messages));
    UNIBOX_RETURN_IF_ERROR(WriteContacts(tx, contacts));
    UNIBOX_RETURN_IF_ERROR(tx.ExecuteAndCommit(detail::kDropPending, chosen).status());
    step.indexed = messages.size() + contacts.size();
    step.more = true;
    return step;
}

Result<SearchStep> IndexWalked(pg::Session& session, const SearchLimits& limits) {
    SearchStep step;
    UNIBOX_ASSIGN_OR_RETURN(auto tx, pg::SystemTx::Begin(session, pg::Access::kReadWrite));
    UNIBOX_ASSIGN_OR_RETURN(step.held, Hold(tx, limits));
    if (!step.held) return step;
    UNIBOX_ASSIGN_OR_RETURN(const auto walk, tx.Execute(detail::kReadWalk, {}));
    const std::int32_t part = walk[0].Int32(0);
    if (part != kContactsPart && part != kMessagesPart) return Committed(tx, step);
    const Place from{walk[0].Int64(2), walk[0].GetUuid(3), walk[0].Int64(4)};
    pg::Rows rows;
    if (part == kContactsPart) {
        const auto params = pg::Params::Of(from.tenant, from.object, limits.key_count_max);
        UNIBOX_ASSIGN_OR_RETURN(rows, tx.Execute(detail::kWalkContacts, params));
        UNIBOX_RETURN_IF_ERROR(WriteContacts(tx, rows));
    } else {
        const auto params = pg::Params::Of(
            walk[0].Timestamp(1), from.tenant, from.object, from.seq, limits.key_count_max
        );
        UNIBOX_ASSIGN_OR_RETURN(rows, tx.Execute(detail::kWalkMessages, params));
        UNIBOX_RETURN_IF_ERROR(WriteMessages(tx, rows));
    }
    step.indexed = rows.size();
    const bool part_is_done = step.indexed < limits.key_count_max;
    UNIBOX_ASSIGN_OR_RETURN(step.more, MoveWalk(tx, part_is_done, LastPlace(rows, part)));
    UNIBOX_RETURN_IF_ERROR(tx.Commit());
    return step;
}

Result<SearchLag> ReadSearchLag(pg::Pool& pool) {
    UNIBOX_ASSIGN_OR_RETURN(auto tx, pg::SystemTx::Begin(pool, pg::Access::kReadOnly));
    UNIBOX_ASSIGN_OR_RETURN(const auto rows, tx.ExecuteAndCommit(detail::kReadLag, {}));
    return SearchLag{rows[0].Int64(0), Millis(rows[0].Int64(1)), rows[0].Bool(2)};
}

Result<bool> ForgetOldSearchChanges(pg::Pool& pool, Millis age) {
    UNIBOX_ASSIGN_OR_RETURN(auto tx, pg::SystemTx::Begin(pool, pg::Access::kReadWrite));
    UNIBOX_ASSIGN_OR_RETURN(
        const auto rows, tx.ExecuteAndCommit(detail::kForgetPending, pg::Params::Of(age.count()))
    );
    return rows.affected() > 0;
}

}  // namespace unibox::store
