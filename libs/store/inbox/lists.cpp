#include "store/inbox/lists.hpp"

#include "base/assert.hpp"
#include "store/inbox/detail/conversation_rows.hpp"
#include "store/inbox/detail/list_query.hpp"
#include "store/inbox/detail/list_sql.hpp"
#include "store/inbox/detail/reader.hpp"

#include <algorithm>
#include <utility>

namespace unibox::store {
namespace {

using detail::ListColumn;

template <typename Enum>
std::int32_t BitsOf(const std::vector<Enum>& values) {
    std::int32_t bits = 0;
    for (const Enum value : values) bits |= 1 << static_cast<int>(value);
    return bits;
}

enum class Leaves : std::size_t { kLive, kClosed, kAll };

Leaves LeavesOf(const ConversationFilter& filter) {
    const auto closed =
        std::count(filter.statuses.begin(), filter.statuses.end(), v1::CONVERSATION_STATUS_CLOSED);
    if (closed == 0) return Leaves::kLive;
    const bool alone = std::cmp_equal(closed, filter.statuses.size());
    return alone ? Leaves::kClosed : Leaves::kAll;
}

// Before every place that a row can have: the page before the first one ended there.
ListPosition StartOf(ConversationOrder order) {
    constexpr std::int64_t kYear0Us = -62'167'219'200'000'000;
    constexpr std::int64_t kYear9999Us = 253'402'300'799'999'999;
    ListPosition start;
    if (order == ConversationOrder::kLongestWaiting) {
        start.time_us = kYear0Us;
    } else {
        start.time_us = kYear9999Us;
        start.conversation.value.bytes.fill(0xFF);
    }
    return start;
}

ListPosition PositionOf(const pg::Row& row) {
    return {
        row.UnixMicros(ListColumn::kOrderTime),
        row.GetId<ConversationId>(detail::ReadConversationColumn::kId)};
}

}  // namespace

namespace detail {

const pg::Statement& ListStatementOf(const Viewer& viewer, const ConversationQuery& query) {
    const ConversationFilter& filter = query.filter;
    if (query.order == ConversationOrder::kLongestWaiting) {
        return filter.assignee ? kListAssignedWaiting : kListWaiting;
    }
    const Leaves leaves = LeavesOf(filter);
    const auto index = static_cast<std::size_t>(leaves);
    if (filter.assignee && leaves == Leaves::kLive) return kListAssigned;
    if (filter.unread) return kListUnread[index];
    const bool by_channel = viewer.member || !filter.channels.empty();
    return by_channel ? kListChannels[index] : kListAll[index];
}

pg::Params ListParamsOf(TenantId tenant, const Viewer& viewer, const ConversationQuery& query) {
    const ConversationFilter& filter = query.filter;
    const ListPosition after = query.after.value_or(StartOf(query.order));
    auto params = pg::Params::Of(
        tenant,
        static_cast<double>(after.time_us),
        after.conversation,
        std::int64_t{query.count_max} + 1,
        std::int64_t{query.scan_count_max},
        BitsOf(filter.statuses),
        viewer.member
    );
    params.AddArray(filter.channels)
        .Add(filter.unread)
        .Add(filter.waiting)
        .Add(filter.assignee)
        .Add(filter.unassigned)
        .Add(filter.team)
        .AddArray(filter.labels)
        .Add(BitsOf(filter.priorities));
    return params;
}

std::vector<const pg::Statement*> AllLists() {
    std::vector<const pg::Statement*> all = {&kListAssigned, &kListWaiting, &kListAssignedWaiting};
    for (const auto* lists : {&kListAll, &kListUnread, &kListChannels}) {
        for (const pg::Statement& list : *lists) all.push_back(&list);
    }
    return all;
}

}  // namespace detail

Result<ConversationPage> ListConversations(
    pg::Pool& pool,
    TenantId tenant,
    const Viewer& viewer,
    const ConversationQuery& query,
    SteadyTime deadline
) {
    UNIBOX_ASSERT(query.count_max >= 1 && query.count_max <= 1000);
    UNIBOX_ASSERT(query.scan_count_max > query.count_max);
    const detail::Reader reader(pool, tenant, deadline);
    UNIBOX_ASSIGN_OR_RETURN(
        const auto rows,
        reader.Read(
            detail::ListStatementOf(viewer, query), detail::ListParamsOf(tenant, viewer, query)
        )
    );
    ConversationPage page;
    detail::PageBytes bytes(query.bytes_max);
    for (const pg::Row row : rows) {
        const auto count = static_cast<int>(page.conversations.size());
        if (row.Bool(ListColumn::kMatches)) {
            v1::Conversation conversation = detail::ToConversation(row);
            if (count == query.count_max || !bytes.Add(conversation)) {
                page.next = PositionOf(rows[count - 1]);
                break;
            }
            page.conversations.push_back(std::move(conversation));
        }
        if (row.Bool(ListColumn::kIsEndOfScan)) {
            page.next = PositionOf(row);
            break;
        }
    }
    return page;
}

}  // namespace unibox::store
