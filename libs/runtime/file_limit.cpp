#include "runtime/file_limit.hpp"

#include <sys/resource.h>

#include <algorithm>
#include <limits>

namespace unibox::runtime {

std::int64_t RaiseFileLimit() {
    rlimit limit{};
    if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return 0;
    const rlim_t before = limit.rlim_cur;
    limit.rlim_cur = limit.rlim_max;
    if (::setrlimit(RLIMIT_NOFILE, &limit) != 0) limit.rlim_cur = before;
    constexpr auto kMax = static_cast<rlim_t>(std::numeric_limits<std::int64_t>::max());
    return static_cast<std::int64_t>(std::min(limit.rlim_cur, kMax));
}

Status CheckFileLimit(const std::vector<FileUse>& uses, std::int64_t limit) {
    std::int64_t needed = kFileReserve;
    std::string sum;
    for (const FileUse& use : uses) {
        needed += use.count;
        sum += std::to_string(use.count) + " for " + use.field + ", ";
    }
    if (needed <= limit) return {};
    return InvalidArgument(
               "the settings need " + std::to_string(needed) + " file descriptors (" + sum +
               std::to_string(kFileReserve) + " for the rest), the process may have " +
               std::to_string(limit) +
               ": raise its limit (LimitNOFILE=, ulimit -Hn) or lower the settings"
    )
        .WithReason("CONFIG_INVALID")
        .WithField(uses.empty() ? std::string() : uses.front().field);
}

}  // namespace unibox::runtime
