#include "http/client.hpp"
#include "support/eventually.hpp"
#include "support/process.hpp"
#include "support/status_matchers.hpp"
#include "support/temp_dir.hpp"

#include <signal.h>

#include <catch2/catch.hpp>

#include <fstream>
#include <sstream>
#include <string>
#include <vector>

using namespace unibox;  // NOLINT(google-build-using-namespace)
using namespace std::chrono_literals;

namespace {

test::ProcessOptions With(std::vector<std::string> arguments) {
    test::ProcessOptions options;
    options.arguments = std::move(arguments);
    return options;
}

test::Process Toy(std::vector<std::string> arguments) {
    return test::Process(UNIBOX_BINARY_DIR "/bin/toy_service", With(std::move(arguments)));
}

// Exit code and output of a run that ends by itself.
std::pair<int, std::string> Finish(std::vector<std::string> arguments) {
    test::Process process(UNIBOX_BINARY_DIR "/bin/toy_service", With(std::move(arguments)));
    const auto code = process.WaitForExit(20s);
    REQUIRE(code.has_value());
    return {*code, process.output()};
}

bool Holds(const std::string& text, const std::string& part) {
    return text.find(part) != std::string::npos;
}

// The value of a text field of a log line.
std::string FieldOf(const std::string& line, const std::string& name) {
    const auto at = line.find("\"" + name + "\":\"");
    REQUIRE(at != std::string::npos);
    const auto begin = at + name.size() + 4;
    return line.substr(begin, line.find('"', begin) - begin);
}

http::Response Get(const std::string& address, const std::string& path) {
    auto response = http::Send("GET", "http://" + address + path, {}, "", Millis(10'000));
    REQUIRE_OK(response);
    return std::move(response).value();
}

// The parts are in the text in this order.
void CheckOrder(const std::string& text, const std::vector<std::string>& parts) {
    std::size_t at = 0;
    for (const std::string& part : parts) {
        INFO(part);
        at = text.find(part, at);
        REQUIRE(at != std::string::npos);
    }
}

}  // namespace

TEST_CASE("Main: help, version and settings without starting anything", "[unit][runtime]") {
    const auto [help_code, help] = Finish({"--help"});
    CHECK(help_code == 0);
    for (const char* part : {"usage: toy", "--toy.mode=", "--admin.listen=", "Exit codes: 0 ok"}) {
        CHECK(Holds(help, part));
    }
    const auto [version_code, version] = Finish({"--version"});
    CHECK(version_code == 0);
    CHECK(version.starts_with("toy "));
    const auto [check_code, check] = Finish({"--check-config", "--toy.mode=ok"});
    CHECK(check_code == 0);
    CHECK(check.empty());
    const auto [print_code, print] = Finish({"--print-config", "--toy.mode", "missing"});
    CHECK(print_code == 0);
    CHECK(Holds(print, "[toy]\n"));
    CHECK(Holds(print, "mode = \"missing\"\n"));
    const auto [markdown_code, markdown] = Finish({"--print-config", "--format=markdown"});
    CHECK(markdown_code == 0);
    CHECK(Holds(markdown, "### toy `[toy]`"));
    CHECK(Holds(markdown, "`UNIBOX_TOY_MODE`"));
}

TEST_CASE("Main: bad configuration or usage is exit code 2 and says what", "[unit][runtime]") {
    const std::vector<std::pair<std::vector<std::string>, std::string>> cases = {
        {{"--nope"}, "--nope"},
        {{"surplus"}, "surplus"},
        {{"--config"}, "needs a value"},
        {{"--config", "/does/not/exist"}, "/does/not/exist"},
        {{"--toy.mode=x"}, "toy.mode"},
        {{"--toy.nope=x"}, "toy.nope"},
        {{"--check-config", "--toy.mode=x"}, "toy.mode"},
        {{"--format=xml"}, "--format"},
        {{"--runtime.drain_ms=-1"}, "runtime.drain_ms"},
        {{"--runtime.drain_ms=30000"}, "runtime.shutdown_ms_max"},
        {{"--check-config", "--runtime.shutdown_ms_max=5000"}, "runtime.drain_ms"},
        {{"--check-config", "--toy.key_file=/does/not/exist"}, "toy.key_file"},
    };
    for (const auto& [arguments, text] : cases) {
        const auto [code, output] = Finish(arguments);
        INFO(output);
        CHECK(code == 2);
        CHECK(Holds(output, text));
    }
}

TEST_CASE("Main: a secret never shows, wherever settings are printed", "[unit][runtime]") {
    const test::TempDir dir;
    std::ofstream(dir / "key") << "s3cret\n";
    const std::string flag = "--toy.key_file=" + (dir / "key").string();
    const auto [code, printed] = Finish({"--print-config", flag});
    CHECK(code == 0);
    CHECK(Holds(printed, (dir / "key").string()));
    CHECK_FALSE(Holds(printed, "s3cret"));
    auto toy = Toy({flag, "--runtime.drain_ms=0"});
    const auto ready = toy.WaitForLine("\"ready\"", 20s);
    REQUIRE(ready.has_value());
    CHECK_FALSE(Holds(Get(FieldOf(*ready, "admin"), "/config").body, "s3cret"));
    CHECK(toy.Terminate() == 0);
    CHECK_FALSE(Holds(toy.output(), "s3cret"));
}

TEST_CASE("Process: ready line, probes, ordered stop in reverse", "[unit][runtime]") {
    auto toy = Toy({"--runtime.drain_ms=60000", "--runtime.shutdown_ms_max=120000"});
    const auto ready = toy.WaitForLine("\"ready\"", 20s);
    REQUIRE(ready.has_value());
    CHECK(FieldOf(*ready, "service") == "toy");
    CHECK(FieldOf(*ready, "http") == "127.0.0.1:1");
    const std::string admin = FieldOf(*ready, "admin");
    CHECK(Get(admin, "/livez").status == 200);
    CHECK(Get(admin, "/readyz").status == 200);
    CHECK(Get(admin, "/metrics").status == 200);
    CHECK(Holds(Get(admin, "/config").body, "mode = \"ok\""));
    CHECK(Get(admin, "/nope").status == 404);

    toy.Signal(SIGTERM);
    // During the drain it still lives, but is not ready; nothing has been stopped.
    CHECK(test::Eventually(20s, [&] { return Get(admin, "/readyz").status == 503; }));
    CHECK(Get(admin, "/livez").status == 200);
    REQUIRE(toy.WaitForLine("\"stopping\"", 20s).has_value());
    CHECK_FALSE(Holds(toy.output(), "stop http"));
    toy.Signal(SIGINT);  // A second signal cuts the drain short.
    CHECK(toy.WaitForExit(20s) == 0);
    CheckOrder(
        toy.output(),
        {"start schema",
         "start second",
         "start http",
         "\"ready\"",
         "announce http",
         "stop http",
         "stop second",
         "stop schema",
         "\"stopped\""}
    );
}

TEST_CASE("Process: what was begun has what the drain leaves of the time", "[unit][runtime]") {
    auto toy = Toy({"--runtime.drain_ms=0", "--runtime.shutdown_ms_max=100000"});
    REQUIRE(toy.WaitForLine("\"ready\"", 20s).has_value());
    CHECK(toy.Terminate() == 0);
    const std::string output = toy.output();
    const std::string before = "\"grace_ms\":";
    const auto at = output.find(before);
    REQUIRE(at != std::string::npos);
    const int grace_ms = std::stoi(output.substr(at + before.size()));
    CHECK(grace_ms > 0);
    CHECK(grace_ms <= 90'000);
}

TEST_CASE("Process: nobody notices that a service without listener stops", "[unit][runtime]") {
    auto toy = Toy(
        {"--toy.mode=serves_nobody",
         "--runtime.drain_ms=600000",
         "--runtime.shutdown_ms_max=3600000"}
    );
    REQUIRE(toy.WaitForLine("\"ready\"", 20s).has_value());
    toy.Signal(SIGTERM);
    CHECK(toy.WaitForExit(60s) == 0);
}

TEST_CASE("Process: the watchdog ends a stop that hangs", "[unit][runtime]") {
    auto toy =
        Toy({"--toy.mode=stop_hangs", "--runtime.drain_ms=0", "--runtime.shutdown_ms_max=200"});
    REQUIRE(toy.WaitForLine("\"ready\"", 20s).has_value());
    toy.Signal(SIGTERM);
    CHECK(toy.WaitForExit(20s) == 1);
    CHECK(Holds(toy.output(), "shutdown_ms_max"));
    CHECK_FALSE(Holds(toy.output(), "stop schema"));
}

TEST_CASE("Process: what fails at the start decides the exit code", "[unit][runtime]") {
    const auto [check, check_output] = Finish({"--toy.mode=check_fails"});
    CHECK(check == 3);
    CHECK(Holds(check_output, "schema is old"));
    CHECK_FALSE(Holds(check_output, "start second"));

    const auto [missing, missing_output] = Finish({"--toy.mode=missing"});
    CHECK(missing == 3);
    CheckOrder(missing_output, {"start http", "stop second", "stop schema", "no server"});
    CHECK_FALSE(Holds(missing_output, "stop http"));  // It never ran.

    CHECK(Finish({"--toy.mode=broken"}).first == 1);
    CHECK(Finish({"--toy.mode=early"}).first == 3);

    auto first = Toy({"--runtime.drain_ms=0"});
    const auto ready = first.WaitForLine("\"ready\"", 20s);
    REQUIRE(ready.has_value());
    const std::string admin = FieldOf(*ready, "admin");
    const auto [taken, taken_output] = Finish({"--admin.listen=" + admin});
    CHECK(taken == 3);
    CHECK(Holds(taken_output, admin));
}

TEST_CASE("Process: an exception nobody caught is logged and ends the process", "[unit][runtime]") {
    const auto [code, output] = Finish({"--toy.mode=throws"});
    CHECK(code == 128 + SIGABRT);
    CHECK(Holds(output, "thrown by a thread"));
}

TEST_CASE("Process: what only a restart mends is told by /livez", "[unit][runtime]") {
    auto toy =
        Toy({"--toy.mode=dies", "--runtime.drain_ms=60000", "--runtime.shutdown_ms_max=90000"});
    const auto ready = toy.WaitForLine("\"ready\"", 20s);
    REQUIRE(ready.has_value());
    const std::string admin = FieldOf(*ready, "admin");
    const auto livez = Get(admin, "/livez");
    CHECK(livez.status == 503);
    CHECK(Holds(livez.body, "second: it is dead"));
    CHECK(Get(admin, "/readyz").status == 200);
    toy.Signal(SIGTERM);
    // Once it stops, nobody needs to restart it.
    CHECK(test::Eventually(20s, [&] { return Get(admin, "/livez").status == 200; }));
    toy.Signal(SIGTERM);
    CHECK(toy.WaitForExit(20s) == 0);
}

TEST_CASE("Process: takes all file descriptors that it may have", "[unit][runtime]") {
    test::Process toy(
        "/bin/sh",
        With(
            {"-c",
             "ulimit -Sn 64 && exec \"$0\" --runtime.drain_ms=0",
             UNIBOX_BINARY_DIR "/bin/toy_service"}
        )
    );
    REQUIRE(toy.WaitForLine("\"ready\"", 20s).has_value());
    std::ifstream limits("/proc/" + std::to_string(toy.pid()) + "/limits");
    std::string line;
    while (std::getline(limits, line) && !line.starts_with("Max open files")) {
    }
    std::istringstream words(line.substr(std::string("Max open files").size()));
    std::string soft;
    std::string hard;
    words >> soft >> hard;
    CHECK(soft == hard);
    CHECK(soft != "64");
    CHECK(toy.Terminate() == 0);
}
