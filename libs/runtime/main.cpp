#include "runtime/main.hpp"

#include "config/describe.hpp"
#include "config/load.hpp"
#include "obs/log.hpp"
#include "runtime/signals.hpp"

#include <cstdio>
#include <cstdlib>
#include <exception>
#include <filesystem>
#include <optional>
#include <vector>

namespace unibox::runtime {
namespace {

enum class Action { kRun, kHelp, kVersion, kCheckConfig, kPrintConfig };

struct Options {
    Action action = Action::kRun;
    std::optional<std::filesystem::path> config_file;
    std::string format = "toml";
    std::vector<std::string> settings;  // "section.field=value"
};

void PrintText(std::FILE* to, const std::string& text) {
    std::fwrite(text.data(), 1, text.size(), to);
}

// The value of "--name value" or "--name=value"; advances `index` for the first form.
Result<std::string> ValueOf(const std::vector<std::string>& arguments, std::size_t& index) {
    const std::string& argument = arguments[index];
    if (const auto equals = argument.find('='); equals != std::string::npos) {
        return argument.substr(equals + 1);
    }
    if (index + 1 >= arguments.size()) return InvalidArgument(argument + " needs a value");
    return arguments[++index];
}

Status ParseOne(const std::vector<std::string>& arguments, std::size_t& index, Options& options) {
    const std::string& argument = arguments[index];
    const std::string name = argument.substr(0, argument.find('='));
    if (argument == "--help" || argument == "-h") {
        options.action = Action::kHelp;
    } else if (argument == "--version") {
        options.action = Action::kVersion;
    } else if (argument == "--check-config") {
        options.action = Action::kCheckConfig;
    } else if (argument == "--print-config") {
        options.action = Action::kPrintConfig;
    } else if (name == "--config") {
        UNIBOX_ASSIGN_OR_RETURN(options.config_file, ValueOf(arguments, index));
    } else if (name == "--format") {
        UNIBOX_ASSIGN_OR_RETURN(options.format, ValueOf(arguments, index));
        if (options.format != "toml" && options.format != "markdown") {
            return InvalidArgument("--format must be toml or markdown");
        }
    } else if (name.starts_with("--") && name.find('.') != std::string::npos) {
        UNIBOX_ASSIGN_OR_RETURN(const std::string value, ValueOf(arguments, index));
        options.settings.push_back(name.substr(2) + "=" + value);
    } else {
        return InvalidArgument("unknown option " + argument + " (see --help)");
    }
    return {};
}

Result<Options> Parse(int argc, char** argv) {
    const std::vector<std::string> arguments(argv + std::min(argc, 1), argv + argc);
    Options options;
    for (std::size_t i = 0; i < arguments.size(); ++i) {
        UNIBOX_RETURN_IF_ERROR(ParseOne(arguments, i, options));
    }
    return options;
}

std::string HelpText(std::string_view service, const config::FieldTable& table) {
    std::string text =
        "usage: " + std::string(service) +
        " [options] [--<section>.<field>=<value> ...]\n\n"
        "  --config FILE      read settings from this TOML file\n"
        "  --check-config     check the settings and exit (0 good, 2 bad)\n"
        "  --print-config     print the settings in force, secrets masked, and exit\n"
        "  --format FORMAT    of --print-config: toml (default) or markdown (all settings, "
        "documented)\n"
        "  --version          print the version and exit\n"
        "  --help             print this and exit\n\n"
        "A setting is taken from its default, the file, the environment "
        "(UNIBOX_<SECTION>_<FIELD>), a flag;\n"
        "the last one wins. Settings:\n\n";
    for (const config::Field& field : table.fields()) {
        text += "  --" + field.FullName() + "=" + config::ValueText(field, field.default_value) +
                "\n      " + field.description + "\n";
    }
    return text +
           "\nExit codes: 0 ok, 1 failed, 2 bad configuration, 3 a dependency was missing at the "
           "start.\n";
}

// Logs what no one caught, wherever it was thrown, and lets the process end with a core dump.
[[noreturn]] void OnTerminate() {
    std::string what = "std::terminate without an exception";
    if (const auto current = std::current_exception()) {
        try {
            std::rethrow_exception(current);
        } catch (const std::exception& error) {
            what = error.what();
        } catch (...) {
            what = "an exception that is no std::exception";
        }
    }
    obs::Log(obs::Level::kError, "uncaught exception", {{"error", what}});
    std::abort();
}

int Complain(const Status& status, int exit_code) {
    obs::Log(
        obs::Level::kError,
        exit_code == kExitBadConfig ? "bad configuration" : "failed",
        {{"error", status}, {"exit_code", exit_code}}
    );
    return exit_code;
}

int RunService(
    std::string_view service_name,
    const Settings& settings,
    const config::FieldTable& table,
    const std::function<ServiceOrStatus(const Clock&, obs::Metrics&)>& create
) {
    Process process{std::string(service_name), settings};
    process.SetConfigText(config::Print(table));
    const auto service = create(process.clock(), process.metrics());
    if (!service.ok()) return Complain(service.status(), ExitCodeOf(service.status()));
    const Status status = process.Run(**service);
    return status.ok() ? kExitOk : Complain(status, process.exit_code());
}

}  // namespace

int RunMain(
    std::string_view service_name,
    int argc,
    char** argv,
    config::FieldTable& table,
    const std::function<std::vector<FileUse>()>& file_uses,
    const std::function<ServiceOrStatus(const Clock&, obs::Metrics&)>& create
) {
    BlockStopSignals();
    std::set_terminate(OnTerminate);
    obs::ConfigureLog(std::string(service_name), obs::Level::kInfo);
    Settings settings;
    settings.Describe(table);

    const auto options = Parse(argc, argv);
    if (!options.ok()) return Complain(options.status(), kExitBadConfig);
    if (options->action == Action::kHelp) {
        PrintText(stdout, HelpText(service_name, table));
        return kExitOk;
    }
    if (options->action == Action::kVersion) {
        PrintText(stdout, std::string(service_name) + " " UNIBOX_VERSION "\n");
        return kExitOk;
    }
    if (options->action == Action::kPrintConfig && options->format == "markdown") {
        PrintText(
            stdout, config::Document(table, service_name)
        );  // Of the defaults, wherever it runs.
        return kExitOk;
    }
    const Status loaded =
        config::Load(table, options->config_file, config::ProcessEnvironment(), options->settings);
    Status checked = loaded.ok() ? settings.Check() : loaded;
    const std::int64_t file_limit = RaiseFileLimit();
    if (checked.ok()) checked = CheckFileLimit(file_uses(), file_limit);
    if (!checked.ok()) return Complain(checked, kExitBadConfig);
    if (options->action == Action::kPrintConfig) PrintText(stdout, config::Print(table));
    if (options->action != Action::kRun) return kExitOk;
    obs::ConfigureLog(std::string(service_name), *obs::ParseLevel(settings.log_level));
    return RunService(service_name, settings, table, create);
}

}  // namespace unibox::runtime
