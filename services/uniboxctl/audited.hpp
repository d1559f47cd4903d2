// Changes of what PostgreSQL does not hold, with their rows in the audit. What it does hold is told
// by the transactions themselves (store/audit.hpp).
// Thread safety: one thread.
#pragma once

#include "base/status.hpp"
#include "store/admin/audit.hpp"

#include <functional>

namespace unibox::ctl {

class Context;

// Writes `entry` as "begun", runs the change, and writes it again as what became of it: so no
// change is without a row, whatever ends the command. `change` may fill in what it knows only then.
// Its error comes first; else that of the second row, although the change was made.
Status Audited(
    Context& context,
    store::AuditEntry entry,
    const std::function<Status(store::AuditEntry& told)>& change
);

}  // namespace unibox::ctl
