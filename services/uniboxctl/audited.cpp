#include "uniboxctl/audited.hpp"

#include "base/utf8.hpp"
#include "uniboxctl/context.hpp"

namespace unibox::ctl {
namespace {

constexpr std::size_t kOutcomeBytesMax = 500;

std::string OutcomeOf(const Status& changed) {
    if (changed.ok()) return "done";
    const std::string told = CleanText("failed: " + changed.ToString());
    return std::string(CutUtf8(told, kOutcomeBytesMax));
}

}  // namespace

Status Audited(
    Context& context,
    store::AuditEntry entry,
    const std::function<Status(store::AuditEntry& told)>& change
) {
    UNIBOX_ASSIGN_OR_RETURN(pg::Pool * pool, context.Database());
    entry.outcome = "begun";
    UNIBOX_RETURN_IF_ERROR(store::WriteAudit(*pool, entry));
    Status changed = change(entry);
    entry.outcome = OutcomeOf(changed);
    Status told = store::WriteAudit(*pool, entry);
    if (told.ok() || !changed.ok()) return changed;
    return std::move(told).WithContext("it was done, but the audit says only that it was begun");
}

}  // namespace unibox::ctl
