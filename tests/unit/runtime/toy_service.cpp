// A service of three parts that behave as their settings say: what the tests of runtime run.
#include "obs/log.hpp"
#include "runtime/main.hpp"

#include <stdexcept>
#include <thread>

namespace {

using unibox::Millis;
using unibox::Status;
using unibox::obs::Level;
using unibox::obs::Log;
using unibox::runtime::Part;

struct Config {
    std::string mode = "ok";
    unibox::Secret key;

    void Describe(unibox::config::FieldTable& table) {
        table.Section("toy", "What to do.")
            .Add(
                "mode",
                &mode,
                "How the parts behave.",
                unibox::config::OneOf(
                    {"ok",
                     "check_fails",
                     "missing",
                     "broken",
                     "stop_hangs",
                     "serves_nobody",
                     "throws",
                     "dies",
                     "early"}
                )
            )
            .AddSecretFile("key_file", &key, "A secret.");
    }
    std::vector<unibox::runtime::FileUse> FileUses() const { return {}; }
};

Status StartHttp(const std::string& mode) {
    if (mode == "missing") return unibox::Unavailable("no server");
    if (mode == "broken") return unibox::Internal("bug");
    if (mode == "throws") {
        std::thread([] { throw std::runtime_error("thrown by a thread"); }).detach();
    }
    return {};
}

Part PartOf(const std::string& name, const std::string& mode) {
    Part part{
        .name = name,
        .start = [name, mode]() -> Status {
            Log(Level::kInfo, "start " + name);
            if (name == "schema" && mode == "check_fails") {
                return unibox::FailedPrecondition("schema is old");
            }
            return name == "http" ? StartHttp(mode) : Status();
        },
        .stop =
            [name, mode](Millis grace) {
                Log(Level::kInfo, "stop " + name, {{"grace_ms", grace.count()}});
                while (mode == "stop_hangs" && name == "second") std::this_thread::yield();
            }};
    if (name == "http") {
        part.address = [] { return std::string("127.0.0.1:1"); };
        if (mode != "serves_nobody") {
            part.announce_stop = [] { Log(Level::kInfo, "announce http"); };
        }
    }
    if (mode == "dies" && name == "second") {
        part.alive = [] { return unibox::Unavailable("it is dead"); };
    }
    return part;
}

unibox::runtime::ServiceOrStatus
Create(const Config& config, const unibox::Clock&, unibox::obs::Metrics&) {
    if (config.mode == "early") return unibox::Unavailable("nothing could be built");
    std::vector<Part> parts;
    for (const char* name : {"schema", "second", "http"}) {
        parts.push_back(PartOf(name, config.mode));
    }
    return std::make_unique<unibox::runtime::Service>(nullptr, std::move(parts));
}

}  // namespace

int main(int argc, char** argv) {
    return unibox::runtime::Main<Config>("toy", argc, argv, Create);
}
