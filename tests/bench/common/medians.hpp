// What many measurements come to. Thread safety: pure functions.
#pragma once

#include <algorithm>
#include <cstddef>
#include <vector>

namespace unibox::bench {

// 0 of none.
inline double Median(std::vector<double> values) {
    std::sort(values.begin(), values.end());
    return values.empty() ? 0 : values[values.size() / 2];
}

// Below which so many of 100 lie; `sorted` is. 0 of none.
inline double Percentile(const std::vector<double>& sorted, std::size_t percent) {
    return sorted.empty() ? 0 : sorted[(sorted.size() - 1) * percent / 100];
}

}  // namespace unibox::bench
