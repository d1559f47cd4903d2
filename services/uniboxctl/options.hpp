// Checks of command line options that CLI11 words for programmers. Thread safety: pure functions.
#pragma once

#include <cstdint>
#include <limits>

namespace CLI {
class Validator;
}

namespace unibox::ctl {

// A whole number from `min` to `max`, told as such.
CLI::Validator WholeNumber(
    std::int64_t min, std::int64_t max = std::numeric_limits<std::int64_t>::max()
);

}  // namespace unibox::ctl
