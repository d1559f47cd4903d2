// Lists of conversations, as agents read them: filtered, in an order, a page at a time. Role
// ub_gateway, under row-level security.
//
// Each call is one transaction of one statement, in the order of one index, which the filter
// decides (detail/list_sql.hpp): the conversations of an assignee, the unread ones, those of some
// channels, else all by their activity. Whatever else is asked for is looked at row by row, and at
// no more than `scan_count_max` rows (of several channels: no less than a page of each). So a page
// costs the same however many conversations a tenant has, and one for which little is found may
// have few entries, or none, and yet a next one.
//
// Live conversations lie in one leaf; the months of closed ones are read only where the statuses
// have CLOSED. Errors: those of libs/pg; little later than the deadline at the latest.
// Thread safety: any thread; each call takes one connection of the pool for its transaction.
#pragma once

#include "base/clock.hpp"
#include "base/ids.hpp"
#include "base/status.hpp"
#include "pg/pool.hpp"
#include "store/inbox/reads.hpp"
#include "store/inbox/viewer.hpp"
#include "unibox/v1/common.pb.h"
#include "unibox/v1/conversation.pb.h"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace unibox::store {

// What must hold, all of it. An empty set asks for nothing.
struct ConversationFilter {
    std::vector<v1::ConversationStatus> statuses;  // Empty: all but closed.
    std::vector<ChannelId> channels;
    bool unread = false;
    bool waiting = false;  // For an answer.
    std::optional<AgentId> assignee;
    bool unassigned = false;
    std::optional<TeamId> team;
    std::vector<std::string> labels;       // Any of them.
    std::vector<v1::Priority> priorities;  // Any of them; UNSPECIFIED: none.
};

enum class ConversationOrder {
    kLatestActivity,  // Then by id, both descending.
    kLongestWaiting,  // Those that wait alone, and live ones; then by id, both ascending.
};

// Place of a conversation in a list. Microseconds, as PostgreSQL stores them: a rounded place would
// skip or repeat rows.
struct ListPosition {
    std::int64_t time_us = 0;  // Of the order; since the Unix epoch; of the years 0 to 9999.
    ConversationId conversation;
    auto operator<=>(const ListPosition&) const = default;
};

struct ConversationQuery {
    ConversationFilter filter;
    ConversationOrder order = ConversationOrder::kLatestActivity;
    std::int32_t count_max = 50;            // 1 to 1,000.
    std::int32_t scan_count_max = 5'000;    // More than count_max.
    std::size_t bytes_max = kPageBytesMax;  // As protobuf; one is always given.
    std::optional<ListPosition> after;      // ConversationPage::next of the page before.
};

struct ConversationPage {
    std::vector<v1::Conversation> conversations;
    std::optional<ListPosition> next;  // Absent on the last page.
};

Result<ConversationPage> ListConversations(
    pg::Pool& pool,
    TenantId tenant,
    const Viewer& viewer,
    const ConversationQuery& query,
    SteadyTime deadline
);

}  // namespace unibox::store
