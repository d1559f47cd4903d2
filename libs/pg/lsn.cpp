#include "pg/lsn.hpp"

#include <fmt/format.h>

#include <charconv>
#include <optional>

namespace unibox::pg {
namespace {

std::optional<std::uint32_t> ParseHalf(std::string_view text) {
    std::uint32_t half = 0;
    const char* const end = text.data() + text.size();
    const auto parsed = std::from_chars(text.data(), end, half, 16);
    const bool is_whole = parsed.ec == std::errc() && parsed.ptr == end && text.size() <= 8;
    return is_whole ? std::optional(half) : std::nullopt;
}

}  // namespace

std::string Lsn::ToString() const {
    return fmt::format("{:X}/{:X}", value >> 32U, value & 0xFFFFFFFFU);
}

Result<Lsn> ParseLsn(std::string_view text) {
    const std::size_t slash = text.find('/');
    if (slash != std::string_view::npos) {
        const auto high = ParseHalf(text.substr(0, slash));
        const auto low = ParseHalf(text.substr(slash + 1));
        if (high && low) return Lsn{(std::uint64_t{*high} << 32U) | *low};
    }
    return InvalidArgument("not a place in a write-ahead log");
}

}  // namespace unibox::pg
