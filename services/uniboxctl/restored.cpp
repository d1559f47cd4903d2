// uniboxctl restored: what must be done once after PostgreSQL was restored from a backup, before
// writers start.
#include "store/admin/restored.hpp"

#include "uniboxctl/context.hpp"
#include "uniboxctl/verbs.hpp"

#include <CLI/CLI.hpp>

namespace unibox::ctl {
namespace {

// Past any epoch that was given out between the backup and the restore.
constexpr std::int64_t kEpochStep = 1'000'000;

Status Restored(Context& context) {
    UNIBOX_ASSIGN_OR_RETURN(pg::Pool * pool, context.Database());
    UNIBOX_RETURN_IF_ERROR(store::RaiseAllEpochs(*pool, kEpochStep));
    UNIBOX_ASSIGN_OR_RETURN(const Uuid feed_epoch, store::RenewFeedEpoch(*pool));
    context.Print(
        Answer().Add("epochs_raised_by", kEpochStep).Add("feed_epoch", feed_epoch.ToString())
    );
    return {};
}

}  // namespace

void AddRestored(CLI::App& app, Action& action) {
    auto* verb = app.add_subcommand(
        "restored", "After a restore of PostgreSQL: a new feed epoch, no old writer can commit"
    );
    verb->footer(
        "Inbound messages after the restore point come back from the log by themselves. What a log "
        "lost\n"
        "that came back older itself: uniboxctl partitions breaks "
        "(docs/runbooks/stream-recreated.md).\n"
        "Example: uniboxctl restored && uniboxctl partitions list"
    );
    verb->callback([&action] { action = Restored; });
}

}  // namespace unibox::ctl
