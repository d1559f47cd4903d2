// Which statement a list is, and its parameters. Private to libs/store.
// Thread safety: pure functions.
#pragma once

#include "pg/params.hpp"
#include "pg/values.hpp"
#include "store/inbox/lists.hpp"

#include <vector>

namespace unibox::store::detail {

// The one whose index leads to the fewest rows that are not wanted.
const pg::Statement& ListStatementOf(const Viewer& viewer, const ConversationQuery& query);
pg::Params ListParamsOf(TenantId tenant, const Viewer& viewer, const ConversationQuery& query);

// Every statement that ListStatementOf can give.
std::vector<const pg::Statement*> AllLists();

}  // namespace unibox::store::detail
