// uniboxctl counts: whether what is counted of a tenant's inbox is right, and its repair.
#include "store/admin/counts.hpp"

#include "store/admin/objects.hpp"
#include "unibox/v1/common.pb.h"
#include "uniboxctl/context.hpp"
#include "uniboxctl/verbs.hpp"

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include <memory>
#include <string>

namespace unibox::ctl {
namespace {

struct Options {
    std::string tenant;
    bool repair = false;
};

std::string IdText(const Uuid& id) {
    return id == Uuid{} ? "" : id.ToString();
}

std::string Pair(std::int64_t counted, std::int64_t found) {
    return fmt::format("{} / {}", counted, found);
}

Table DifferencesOf(const store::Recount& recount) {
    Table table(
        {"channel_id",
         "status",
         "assignee_id",
         "team_id",
         "conversations",
         "unread",
         "unread_messages",
         "waiting"}
    );
    for (const store::TallyDifference& one : recount.differences) {
        table.Add(
            {one.channel.ToString(),
             v1::ConversationStatus_Name(static_cast<v1::ConversationStatus>(one.status)),
             IdText(one.assignee.value),
             IdText(one.team.value),
             Pair(one.conversations_counted, one.conversations_found),
             Pair(one.unread_counted, one.unread_found),
             Pair(one.unread_messages_counted, one.unread_messages_found),
             Pair(one.waiting_counted, one.waiting_found)}
        );
    }
    return table;
}

Status Run(Context& context, const Options& options) {
    UNIBOX_ASSIGN_OR_RETURN(pg::Pool * pool, context.Database());
    UNIBOX_ASSIGN_OR_RETURN(const auto tenant, store::FindTenant(*pool, options.tenant));
    UNIBOX_ASSIGN_OR_RETURN(
        const auto recount, store::RecountInbox(*pool, tenant.tenant, options.repair)
    );
    Table history({"channel_id", "conversations", "inbound", "outbound"});
    for (const store::UncountedHistory& one : recount.history) {
        history.Add({one.channel.ToString(), one.conversations, one.inbound, one.outbound});
    }
    const bool right = recount.differences.empty() && recount.history.empty();
    context.Print(Answer()
                      .Add("differences", DifferencesOf(recount))
                      .Add("uncounted_history", std::move(history))
                      .Add(
                          "result",
                          std::string(
                              right            ? "right"
                              : options.repair ? "repaired"
                                               : "wrong"
                          )
                      ));
    return {};
}

}  // namespace

void AddCounts(CLI::App& app, Action& action) {
    auto* verb = app.add_subcommand("counts", "Whether a tenant's counts are right");
    verb->require_subcommand(1);
    const auto options = std::make_shared<Options>();
    for (const bool repair : {false, true}) {
        auto* one = repair ? verb->add_subcommand("repair", "The same, and makes them right")
                           : verb->add_subcommand("check", "Looks at every conversation");
        one->add_option("--tenant", options->tenant, "Whose")->required();
        one->callback([options, repair, &action] {
            options->repair = repair;
            action = [options](Context& context) { return Run(context, *options); };
        });
    }
    verb->footer(
        "Of what differs it says what was counted and what was found. Everything may go on "
        "meanwhile:\n"
        "both are of one moment. After the update to a version that counts, once the last "
        "message-writer\n"
        "of the version before has ended, repair counts what was there before.\n"
        "Example: uniboxctl counts repair --tenant demo"
    );
}

}  // namespace unibox::ctl
