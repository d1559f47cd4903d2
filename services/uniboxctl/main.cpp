// uniboxctl: the operator's command.
#include "obs/log.hpp"
#include "uniboxctl/program.hpp"

#include <exception>
#include <iostream>

int main(int argc, char** argv) {
    unibox::obs::ConfigureLog("uniboxctl", unibox::obs::Level::kWarn);
    try {
        const std::vector<std::string> arguments(argv + 1, argv + argc);
        return unibox::ctl::RunProgram(arguments, std::cout, std::cerr);
    } catch (const std::exception& failure) {
        std::cerr << "uniboxctl: " << failure.what() << std::endl;
        return unibox::ctl::kExitFailed;
    }
}
