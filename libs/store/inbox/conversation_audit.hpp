// Who did what in a conversation, as agents and programs read it: one statement a page. Role
// ub_gateway. Errors: those of libs/pg; NOT_FOUND (CONVERSATION_NOT_FOUND). Thread safety: any
// thread.
#pragma once

#include "base/clock.hpp"
#include "base/ids.hpp"
#include "base/status.hpp"
#include "pg/pool.hpp"
#include "store/inbox/viewer.hpp"
#include "unibox/v1/audit.pb.h"
#include "unibox/v1/common.pb.h"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace unibox::store {

// A place in the audit of a conversation.
struct AuditPosition {
    std::int64_t at_ms = 0;  // Unix, UTC
    Uuid command;
    auto operator<=>(const AuditPosition&) const = default;
};

// What one command changed. Kept for 12 months.
struct AuditedCommand {
    AuditPosition position;
    v1::Actor actor;     // as it was called then
    std::string action;  // by the name of the command's body: append, set_status, …
    v1::AuditChanges changes;
};

struct AuditQuery {
    ConversationId conversation;
    std::int32_t count_max = 50;         // 1 to 1,000
    std::optional<AuditPosition> after;  // the last one of the page before
};

struct AuditPage {
    std::vector<AuditedCommand> commands;  // the newest first
    std::optional<AuditPosition> next;     // absent on the last page
};

Result<AuditPage> ListConversationAudit(
    pg::Pool& pool,
    TenantId tenant,
    const Viewer& viewer,
    const AuditQuery& query,
    SteadyTime deadline
);

}  // namespace unibox::store
