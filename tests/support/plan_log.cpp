#include "support/plan_log.hpp"

#include "support/eventually.hpp"

#include <catch2/catch.hpp>

namespace unibox::test {

std::vector<std::string> PlanLog::ServerSettings() {
    return {
        "session_preload_libraries = 'auto_explain'",
        "auto_explain.log_min_duration = 0",
        "auto_explain.log_analyze = on",
        "auto_explain.log_timing = off",
    };
}

std::vector<std::string> PlanLog::Of(const std::function<void()>& run) {
    constexpr std::size_t kBytesMax = 4 << 20;
    const std::string begin = Mark();
    run();
    const std::string end = Mark();
    std::string log;
    REQUIRE(Eventually(std::chrono::seconds(10), [&] {
        log = server_.Log(kBytesMax);
        return log.find(end) != std::string::npos;
    }));
    REQUIRE(log.find(begin) != std::string::npos);
    return Split(log.substr(log.find(begin), log.find(end) - log.find(begin)));
}

int PlanLog::Executed(const std::string& plan, const std::string& part) {
    int count = 0;
    for (auto at = plan.find(part); at != std::string::npos; at = plan.find(part, at + 1)) {
        const std::string line = plan.substr(at, plan.find('\n', at) - at);
        if (line.find("(never executed)") == std::string::npos) ++count;
    }
    return count;
}

std::string PlanLog::Mark() {
    const std::string mark = "plan mark " + std::to_string(++marks_) + ";";
    server_.Run("postgres", "DO $$ BEGIN RAISE LOG '" + mark + "'; END $$");
    return "LOG:  " + mark;
}

// Each entry of the role that holds a plan and no plumbing (set_config).
std::vector<std::string> PlanLog::Split(const std::string& log) const {
    std::vector<std::string> plans;
    for (auto at = log.find("Query Text: "); at != std::string::npos;) {
        const auto next = log.find("Query Text: ", at + 1);
        const auto line = log.rfind('\n', at);
        const auto header = log.rfind('\n', line - 1) + 1;
        const std::string entry = log.substr(at, next - at);
        const bool ours = log.substr(header, line - header).find(user_) != std::string::npos;
        if (ours && entry.find("set_config") > entry.find('\n')) plans.push_back(entry);
        at = next;
    }
    return plans;
}

}  // namespace unibox::test
