// main() of every service: options, configuration, log, exit codes.
//
//   --help  --version  --config FILE  --check-config  --print-config [--format toml|markdown]
//   --<section>.<field>=<value>
// The soft limit of file descriptors is raised to the hard one; settings that need more are bad.
// --check-config finds whatever is wrong with the settings alone, the files they name included, and
// never touches the network: what it passes, a start does not refuse as bad configuration.
// Exit codes: 0 ok, 1 failed, 2 bad configuration or usage, 3 a dependency was missing at the
// start. Thread safety: call once, from main().
#pragma once

#include "base/status.hpp"
#include "config/field_table.hpp"
#include "runtime/file_limit.hpp"
#include "runtime/service.hpp"

#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace unibox::runtime {

// The part of Main that does not depend on the type of the configuration. `table` holds the
// service's fields, `file_uses` tells, once they are loaded, what they cost.
int RunMain(
    std::string_view service_name,
    int argc,
    char** argv,
    config::FieldTable& table,
    const std::function<std::vector<FileUse>()>& file_uses,
    const std::function<Status(Service&)>& run
);

// `run` builds the service's objects on its stack, registers them as workers and returns
// service.RunUntilSignal(). Config is default-constructible and has `void
// Describe(config::FieldTable&)`; and `std::vector<FileUse> FileUses() const` if it has listeners.
template <class Config>
int Main(
    std::string_view service_name,
    int argc,
    char** argv,
    const std::function<Status(Service&, const Config&)>& run
) {
    Config config;
    config::FieldTable table;
    config.Describe(table);
    const auto file_uses = [&]() -> std::vector<FileUse> {
        if constexpr (requires { config.FileUses(); }) return config.FileUses();
        return {};
    };
    return RunMain(service_name, argc, argv, table, file_uses, [&](Service& service) {
        return run(service, config);
    });
}

}  // namespace unibox::runtime
