// A benchmark that cannot go on ends, with the reason. Thread safety: any thread.
#pragma once

#include "base/status.hpp"

#include <cstdio>
#include <cstdlib>
#include <string>
#include <utility>

namespace unibox::bench {

[[noreturn]] inline void Fail(const std::string& why) {
    std::fprintf(stderr, "%s\n", why.c_str());
    std::exit(1);
}

inline void Must(const Status& status) {
    if (!status.ok()) Fail(status.ToString());
}
template <typename T>
T Must(Result<T> result) {
    if (!result.ok()) Fail(result.status().ToString());
    return std::move(result).value();
}

}  // namespace unibox::bench
