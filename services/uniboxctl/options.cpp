#include "uniboxctl/options.hpp"

#include "base/strings.hpp"

#include <CLI/CLI.hpp>
#include <fmt/format.h>

namespace unibox::ctl {

CLI::Validator WholeNumber(std::int64_t min, std::int64_t max) {
    const bool is_open = max == std::numeric_limits<std::int64_t>::max();
    const std::string range =
        is_open ? fmt::format("from {} on", min) : fmt::format("from {} to {}", min, max);
    return CLI::Validator(
        [min, max, range](const std::string& text) {
            const auto value = ParseInt64(text);
            if (value && *value >= min && *value <= max) return std::string();
            return fmt::format("\"{}\" must be a whole number {}", text, range);
        },
        "whole number " + range
    );
}

}  // namespace unibox::ctl
