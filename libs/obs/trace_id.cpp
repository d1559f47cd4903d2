#include "obs/trace_id.hpp"

#include "base/strings.hpp"

#include <fmt/format.h>

#include <random>

namespace unibox::obs {
namespace {

bool IsHex(std::string_view text) {
    return text.find_first_not_of("0123456789abcdef") == std::string_view::npos;
}
bool IsZero(std::string_view text) {
    return text.find_first_not_of('0') == std::string_view::npos;
}

}  // namespace

std::string NewTraceparent() {
    // Trace ids need to be unique, not secret.
    thread_local std::mt19937_64 random(
        (static_cast<std::uint64_t>(std::random_device{}()) << 32U) ^ std::random_device{}()
    );
    return fmt::format("00-{:016x}{:016x}-{:016x}-01", random() | 1U, random(), random() | 1U);
}

std::optional<std::string> ValidTraceparent(std::string_view text) {
    if (text.size() != 55 || text[2] != '-' || text[35] != '-' || text[52] != '-') return {};
    std::string lower = ToLowerAscii(text);
    const std::string_view view = lower;
    const auto trace = view.substr(3, 32);
    const auto span = view.substr(36, 16);
    if (view.substr(0, 2) != "00" || !IsHex(trace) || !IsHex(span) || !IsHex(view.substr(53)))
        return {};
    if (IsZero(trace) || IsZero(span)) return {};
    return lower;
}

std::string TraceIdOf(std::string_view traceparent) {
    const auto valid = ValidTraceparent(traceparent);
    return valid ? valid->substr(3, 32) : std::string();
}

}  // namespace unibox::obs
