// uniboxctl: the operator's command.
#include "obs/log.hpp"
#include "uniboxctl/command_line.hpp"
#include "uniboxctl/program.hpp"

#include <exception>
#include <iostream>

int main(int argc, char** argv) {
    unibox::obs::ConfigureLog("uniboxctl", unibox::obs::Level::kWarn);
    const std::vector<std::string> arguments(argv + 1, argv + argc);
    try {
        return unibox::ctl::RunProgram(arguments, std::cout, std::cerr);
    } catch (const std::exception& failure) {
        using namespace unibox;  // NOLINT(google-build-using-namespace)
        ctl::PrintError(Internal(failure.what()), ctl::WantsJson(arguments), std::cerr);
        return unibox::ctl::kExitFailed;
    }
}
