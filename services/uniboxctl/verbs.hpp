// The verbs of uniboxctl: each Add… puts one subcommand, with its options and help, on the command
// line. Thread safety: one thread.
#pragma once

#include "base/status.hpp"

#include <functional>

namespace CLI {
class App;
}

namespace unibox::ctl {

class Context;
// What the chosen verb does once the command line was read. A verb's options live as long as it.
using Action = std::function<Status(Context&)>;

void AddMigrate(CLI::App& app, Action& action);
void AddApply(CLI::App& app, Action& action);
void AddExport(CLI::App& app, Action& action);
void AddChannels(CLI::App& app, Action& action);
void AddTenants(CLI::App& app, Action& action);
void AddKeys(CLI::App& app, Action& action);
void AddIssuers(CLI::App& app, Action& action);
void AddStreams(CLI::App& app, Action& action);
void AddPartitions(CLI::App& app, Action& action);
void AddRestored(CLI::App& app, Action& action);
void AddRaw(CLI::App& app, Action& action);
void AddDeadLetters(CLI::App& app, Action& action);
void AddWebhook(CLI::App& app, Action& action);
void AddSelftest(CLI::App& app, Action& action);
void AddKey(CLI::App& app, Action& action);
void AddAudit(CLI::App& app, Action& action);
void AddCounts(CLI::App& app, Action& action);

}  // namespace unibox::ctl
