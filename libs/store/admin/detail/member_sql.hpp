// Who belongs to a group of one kind: teams, channels. Private to libs/store.
// Thread safety: constants.
#pragma once

#include "pg/transaction.hpp"

namespace unibox::store::detail {

struct MemberStatements {
    // $1 tenant, $2 group, $3 agent.
    pg::Statement add;
    pg::Statement remove;
    // $1 tenant, $2 group, $3 agents above this one, $4 at most so many.
    pg::Statement list;
    // $1 tenant: group, agent.
    pg::Statement all;
};
#define UNIBOX_MEMBERS(table, group_id)                                           \
    {                                                                             \
        {"admin_add_" table,                                                      \
         "INSERT INTO " table "s (tenant_id, " group_id                           \
         ", agent_id) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING"},               \
            {"admin_remove_" table,                                               \
             "DELETE FROM " table "s WHERE tenant_id = $1 AND " group_id          \
             " = $2 AND agent_id = $3"},                                          \
            {"admin_list_" table,                                                 \
             "SELECT agent_id FROM " table "s WHERE tenant_id = $1 AND " group_id \
             " = $2 AND agent_id > $3 ORDER BY agent_id LIMIT $4"},               \
        {                                                                         \
            "admin_all_" table, "SELECT " group_id ", agent_id FROM " table       \
                                "s WHERE tenant_id = $1 "                         \
                                "ORDER BY 1, 2"                                   \
        }                                                                         \
    }
inline constexpr MemberStatements kTeamMembers = UNIBOX_MEMBERS("team_member", "team_id");
inline constexpr MemberStatements kChannelMembers = UNIBOX_MEMBERS("channel_member", "channel_id");
#undef UNIBOX_MEMBERS

}  // namespace unibox::store::detail
