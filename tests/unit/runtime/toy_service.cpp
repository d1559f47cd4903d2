// A service of three workers that behave as their settings say: what the tests of runtime run.
#include "obs/log.hpp"
#include "runtime/main.hpp"

#include <cstdlib>
#include <stdexcept>
#include <thread>

namespace {

struct Config {
    std::string mode = "ok";
    unibox::Secret key;

    void Describe(unibox::config::FieldTable& table) {
        table.Section("toy", "What to do.")
            .Add(
                "mode",
                &mode,
                "How the workers behave.",
                unibox::config::OneOf(
                    {"ok",
                     "check_fails",
                     "missing",
                     "broken",
                     "stop_hangs",
                     "fails_later",
                     "throws",
                     "dies",
                     "early"}
                )
            )
            .AddSecretFile("key_file", &key, "A secret.");
    }
};

unibox::Status Run(unibox::runtime::Service& service, const Config& config) {
    using unibox::obs::Level;
    using unibox::obs::Log;
    const std::string mode = config.mode;
    if (mode == "early") return unibox::Unavailable("nothing could be built");
    service.AddStartupCheck("toy", [mode] {
        return mode == "check_fails" ? unibox::FailedPrecondition("schema is old")
                                     : unibox::Status();
    });
    for (const std::string name : {"first", "second", "third"}) {
        const auto start = [name, mode, &service]() -> unibox::Status {
            Log(Level::kInfo, "start " + name);
            if (name != "third") return {};
            if (mode == "missing") return unibox::Unavailable("no server");
            if (mode == "broken") return unibox::Internal("bug");
            if (mode == "fails_later") {
                std::thread([&service] { service.Fail(unibox::Internal("lost")); }).detach();
            }
            if (mode == "throws") {
                std::thread([] { throw std::runtime_error("thrown by a thread"); }).detach();
            }
            service.AddAddress("http", "127.0.0.1:1");
            return {};
        };
        const auto stop = [name, mode] {
            Log(Level::kInfo, "stop " + name);
            while (mode == "stop_hangs" && name == "second") std::this_thread::yield();
        };
        service.AddWorker(name, start, stop);
    }
    service.AddLivenessCheck("first", [] { return unibox::Status(); });
    service.AddLivenessCheck("second", [mode] {
        return mode == "dies" ? unibox::Unavailable("it is dead") : unibox::Status();
    });
    service.OnStopping([] { Log(Level::kInfo, "stopping hook"); });
    return service.RunUntilSignal();
}

}  // namespace

int main(int argc, char** argv) {
    return unibox::runtime::Main<Config>("toy", argc, argv, Run);
}
