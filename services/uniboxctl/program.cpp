#include "uniboxctl/program.hpp"

#include "base/status.hpp"
#include "base/utf8.hpp"
#include "uniboxctl/actor.hpp"
#include "uniboxctl/command_line.hpp"
#include "uniboxctl/context.hpp"
#include "uniboxctl/verbs.hpp"

#include <CLI/CLI.hpp>

#include <algorithm>
#include <ostream>

namespace unibox::ctl {
namespace {

constexpr const char* kDescription =
    "Operates an installation of Unibox: schema, tenants, streams, partitions, what went wrong.\n"
    "\n"
    "Settings come from --config FILE (TOML), then from variables UNIBOX_<SECTION>_<FIELD>, then "
    "from\n"
    "--set section.field=value: postgres.url, postgres.url_file, nats.url, secrets.key_file,\n"
    "ingest.public_base_url and others (docs/config.md).";
constexpr const char* kFooter =
    "Exit codes: 0 done, 1 failed, 2 wrong input or settings, 3 a dependency does not answer.\n"
    "`uniboxctl VERB --help` shows a verb's options and examples.";

int ExitCodeOf(const Status& status) {
    switch (status.code()) {
        case Code::kOk:
            return kExitOk;
        case Code::kInvalidArgument:
            return kExitBadInput;
        case Code::kUnavailable:
        case Code::kDeadlineExceeded:
            return kExitUnavailable;
        default:
            return kExitFailed;
    }
}

constexpr std::size_t kActorBytesMax = 200;

struct Options {
    std::string config_file;
    std::vector<std::string> overrides;
    std::string output = "table";
    std::string by;
};

// Text without control characters, as the audit shows it.
bool IsName(const std::string& text) {
    const auto is_control = [](char c) { return (c >= 0 && c < ' ') || c == 0x7F; };
    return !text.empty() && text.size() <= kActorBytesMax && CleanText(text) == text &&
           std::none_of(text.begin(), text.end(), is_control);
}

void AddGlobalOptions(CLI::App& app, Options& options) {
    app.add_option("--config", options.config_file, "Settings file (TOML)");
    app.add_option("--set", options.overrides, "A setting: section.field=value (repeatable)")
        ->expected(1)
        ->take_all();
    app.add_option("--output", options.output, "table for people, json for programs")
        ->check(CLI::IsMember({"table", "json"}))
        ->capture_default_str();
    app.add_option("--by", options.by, "Who answers for it, in the audit (else user@host)")
        ->check(CLI::Validator(
            [](const std::string& name) {
                return std::string(IsName(name) ? "" : "must be a name of at most 200 bytes");
            },
            "NAME"
        ));
    app.set_version_flag("--version", UNIBOX_VERSION);
    app.footer(kFooter);
    app.require_subcommand(1);
    app.fallthrough();
}

// "partitions skip"
std::string VerbOf(const CLI::App& app) {
    std::string path;
    for (const CLI::App* verb = &app; !verb->get_subcommands().empty();) {
        verb = verb->get_subcommands().front();
        path += (path.empty() ? "" : " ") + verb->get_name();
    }
    return path;
}

Status RunAction(
    const Options& options,
    const std::string& verb,
    const Action& action,
    std::ostream& out,
    std::ostream& log
) {
    std::optional<std::filesystem::path> file;
    if (!options.config_file.empty()) file = options.config_file;
    UNIBOX_ASSIGN_OR_RETURN(Settings settings, LoadSettings(file, options.overrides));
    settings.postgres.actor = ActorOf(options.by, verb);
    const auto format = options.output == "json" ? OutputFormat::kJson : OutputFormat::kTable;
    Context context(std::move(settings), options.by, format, out, log);
    return action(context);
}

}  // namespace

int RunProgram(const std::vector<std::string>& arguments, std::ostream& out, std::ostream& log) {
    CLI::App app(kDescription, "uniboxctl");
    Options options;
    Action action;
    AddGlobalOptions(app, options);
    AddMigrate(app, action);
    AddApply(app, action);
    AddExport(app, action);
    AddChannels(app, action);
    AddTenants(app, action);
    AddKeys(app, action);
    AddIssuers(app, action);
    AddStreams(app, action);
    AddPartitions(app, action);
    AddRestored(app, action);
    AddRaw(app, action);
    AddDeadLetters(app, action);
    AddWebhook(app, action);
    AddSelftest(app, action);
    AddKey(app, action);
    AddAudit(app, action);
    AddCounts(app, action);
    try {
        app.parse(std::vector<std::string>(arguments.rbegin(), arguments.rend()));
    } catch (const CLI::ParseError& failure) {
        if (failure.get_exit_code() == 0) return app.exit(failure, out, log);  // Help, version.
        PrintError(MistakeOf(app, failure), WantsJson(arguments), log);
        return kExitBadInput;
    }
    const Status status = RunAction(options, VerbOf(app), action, out, log);
    if (!status.ok()) PrintError(status, options.output == "json", log);
    return ExitCodeOf(status);
}

}  // namespace unibox::ctl
