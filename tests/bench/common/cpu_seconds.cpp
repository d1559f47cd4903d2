#include "bench/common/cpu_seconds.hpp"

#include <unistd.h>

#include <fmt/format.h>
#include <sys/resource.h>

#include <fstream>
#include <sstream>
#include <string>

namespace unibox::bench {
namespace {

// User and system time of the process and of the children that it has waited for.
double TicksOf(pid_t pid) {
    std::ifstream file(fmt::format("/proc/{}/stat", pid));
    std::string line;
    std::getline(file, line);
    const auto name_end = line.rfind(')');  // the name may hold blanks
    if (name_end == std::string::npos) return 0;
    std::istringstream fields(line.substr(name_end + 1));
    std::string skipped;
    constexpr int kFieldsBeforeTimes = 11;
    for (int i = 0; i < kFieldsBeforeTimes; ++i) fields >> skipped;
    double total = 0;
    constexpr int kTimeFields = 4;  // utime, stime, cutime, cstime
    double ticks = 0;
    for (int i = 0; i < kTimeFields && fields >> ticks; ++i) total += ticks;
    return total;
}

}  // namespace

double OwnCpuSeconds() {
    rusage usage{};
    getrusage(RUSAGE_SELF, &usage);
    const auto seconds = [](const timeval& time) {
        return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
    };
    return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

double CpuSecondsOfTree(pid_t pid) {
    double seconds = TicksOf(pid) / static_cast<double>(sysconf(_SC_CLK_TCK));
    std::ifstream children(fmt::format("/proc/{0}/task/{0}/children", pid));
    for (pid_t child = 0; children >> child;) seconds += CpuSecondsOfTree(child);
    return seconds;
}

}  // namespace unibox::bench
