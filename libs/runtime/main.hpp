// main() of every service: options, configuration, log, exit codes.
//
//   --help  --version  --config FILE  --check-config  --print-config [--format toml|markdown]
//   --<section>.<field>=<value>
// The soft limit of file descriptors is raised to the hard one; settings that need more are bad.
// --check-config finds whatever is wrong with the settings alone, the files they name included, and
// never touches the network: what it passes, a start does not refuse as bad configuration.
// Exit codes: 0 ok, 1 failed, 2 bad configuration or usage, 3 a dependency was missing at the
// start, or was none that can be used. Thread safety: call once, from main().
#pragma once

#include "base/status.hpp"
#include "config/field_table.hpp"
#include "runtime/file_limit.hpp"
#include "runtime/process.hpp"
#include "runtime/service.hpp"

#include <functional>
#include <memory>
#include <string_view>
#include <vector>

namespace unibox::runtime {

using ServiceOrStatus = Result<std::unique_ptr<Service>>;

// The part of Main that does not depend on the type of the configuration. `table` holds the
// service's fields, `file_uses` tells, once they are loaded, what they cost.
int RunMain(
    std::string_view service_name,
    int argc,
    char** argv,
    config::FieldTable& table,
    const std::function<std::vector<FileUse>()>& file_uses,
    const std::function<ServiceOrStatus(const Clock&, obs::Metrics&)>& create
);

// `create` puts the service's objects together; clock and metrics outlive them. Config is
// default-constructible and has `void Describe(config::FieldTable&)` and
// `std::vector<FileUse> FileUses() const`.
template <class Config>
int Main(
    std::string_view service_name,
    int argc,
    char** argv,
    const std::function<ServiceOrStatus(const Config&, const Clock&, obs::Metrics&)>& create
) {
    Config config;
    config::FieldTable table;
    config.Describe(table);
    return RunMain(
        service_name,
        argc,
        argv,
        table,
        [&] { return config.FileUses(); },
        [&](const Clock& clock, obs::Metrics& metrics) { return create(config, clock, metrics); }
    );
}

}  // namespace unibox::runtime
