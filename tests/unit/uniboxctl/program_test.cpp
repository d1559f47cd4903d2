#include "uniboxctl/program.hpp"

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include <sstream>

namespace {

struct Outcome {
    int code;
    std::string out;
    std::string log;
};

Outcome Run(const std::vector<std::string>& arguments) {
    std::ostringstream out;
    std::ostringstream log;
    const int code = unibox::ctl::RunProgram(arguments, out, log);
    return {code, out.str(), log.str()};
}

}  // namespace

TEST_CASE("uniboxctl: help of every verb, with an example", "[unit][uniboxctl]") {
    const Outcome whole = Run({"--help"});
    CHECK(whole.code == unibox::ctl::kExitOk);
    for (const std::string verb :
         {"migrate",
          "apply",
          "export",
          "channels",
          "tenants",
          "keys",
          "issuers",
          "streams",
          "partitions",
          "restored",
          "raw",
          "dead-letters",
          "webhook",
          "selftest",
          "key",
          "audit",
          "counts"}) {
        CHECK(whole.out.find("\n  " + verb + " ") != std::string::npos);
        const Outcome help = Run({verb, "--help"});
        CHECK(help.code == unibox::ctl::kExitOk);
        CHECK(help.out.find(verb) != std::string::npos);
    }
}

TEST_CASE("uniboxctl: a wrong command line ends with 2", "[unit][uniboxctl]") {
    CHECK(Run({}).code == unibox::ctl::kExitBadInput);
    CHECK(Run({"dance"}).code == unibox::ctl::kExitBadInput);
    CHECK(Run({"apply"}).code == unibox::ctl::kExitBadInput);
    CHECK(Run({"--output", "xml", "streams", "list"}).code == unibox::ctl::kExitBadInput);
    const Outcome unknown = Run({"--set", "postgres.speed=9", "channels"});
    CHECK(unknown.code == unibox::ctl::kExitBadInput);
    CHECK(unknown.log.find("postgres.speed") != std::string::npos);
}

TEST_CASE("uniboxctl: a dependency that is away ends with 3", "[unit][uniboxctl]") {
    const Outcome away = Run({"--set", "postgres.url=postgresql://127.0.0.1:1/none", "channels"});
    CHECK(away.code == unibox::ctl::kExitUnavailable);
    CHECK(away.log.find("PostgreSQL") != std::string::npos);
}

TEST_CASE("uniboxctl: webhook send says that it cannot speak TLS", "[unit][uniboxctl]") {
    const Outcome outcome = Run(
        {"webhook",
         "send",
         "--body",
         "/dev/null",
         "--provider",
         "telegram",
         "--url",
         "https://hooks.example.com/x",
         "--secret",
         "s"}
    );
    CHECK(outcome.code == unibox::ctl::kExitBadInput);
    CHECK(outcome.log.find("only http:// can be posted to") != std::string::npos);
}

TEST_CASE("uniboxctl: makes keys of each kind", "[unit][uniboxctl]") {
    CHECK(Run({"key", "generate"}).out.size() == std::string("key: \n").size() + 64);
    CHECK(Run({"key", "generate", "--kind", "api"}).out.rfind("key: ubk_", 0) == 0);
    CHECK(Run({"key", "generate", "--kind", "standard"}).out.rfind("key: whsec_", 0) == 0);
    CHECK(
        Run({"--output", "json", "key", "generate", "--kind", "api"}).out.find("\"key\": \"ubk_") !=
        std::string::npos
    );
}

TEST_CASE("uniboxctl: an unknown verb is answered with those there are", "[unit][uniboxctl]") {
    const std::string unknown = Run({"nosuch"}).log;
    CHECK(unknown.find("there is no verb nosuch; known: migrate, apply, ") != std::string::npos);
    CHECK(Run({"aply", "-f", "x"}).log.find("was it apply?") != std::string::npos);
    const std::string inner = Run({"partitions", "lst"}).log;
    CHECK(inner.find("no verb lst; was it list?; known: list, resume, ") != std::string::npos);
    CHECK(Run({"streams"}).log.find("a verb is missing, one of list, ") != std::string::npos);
    CHECK(Run({}).log.find("a verb is missing, one of migrate, ") != std::string::npos);
}

TEST_CASE("uniboxctl: numbers out of range are told in words", "[unit][uniboxctl]") {
    for (const std::vector<std::string>& arguments : std::vector<std::vector<std::string>>{
             {"partitions", "skip", "--partition", "0", "--by", "x", "--to", "abc"},
             {"dead-letters", "show", "abc"},
             {"raw", "show", "abc"},
             {"channels", "--limit", "1.5"}}) {
        const Outcome outcome = Run(arguments);
        CHECK(outcome.code == unibox::ctl::kExitBadInput);
        CHECK(outcome.log.find("must be a whole number from ") != std::string::npos);
        CHECK(outcome.log.size() < 160);
    }
}

TEST_CASE("uniboxctl: errors are JSON where answers are", "[unit][uniboxctl]") {
    const auto error_of = [](std::vector<std::string> arguments) {
        for (const char* word : {"--output", "json"}) arguments.push_back(word);
        const Outcome outcome = Run(arguments);
        CHECK(outcome.code != unibox::ctl::kExitOk);
        CHECK(outcome.out.empty());
        return nlohmann::json::parse(outcome.log).at("error");
    };
    CHECK(error_of({"nosuch"}).at("code") == "INVALID_ARGUMENT");
    CHECK(error_of({"dead-letters", "show", "abc"}).at("code") == "INVALID_ARGUMENT");
    const auto setting = error_of({"--set", "postgres.speed=9", "channels"});
    CHECK(setting.at("message").get<std::string>().find("postgres.speed") != std::string::npos);
    const auto away = error_of({"--set", "postgres.url=postgresql://127.0.0.1:1/none", "channels"});
    CHECK(away.at("code") == "UNAVAILABLE");
}
