#include "channels/times.hpp"

#include "base/strings.hpp"
#include "base/time_text.hpp"

#include <algorithm>
#include <cmath>

namespace unibox::channels {
namespace {

constexpr std::int64_t kSecondsBelow = 100'000'000'000;
constexpr std::int64_t kMillisBelow = kSecondsBelow * 1000;
constexpr std::int64_t kMicrosBelow = kMillisBelow * 1000;

// Digits behind the point of a number; those beyond the millisecond are passed over.
std::int64_t WithFraction(std::int64_t whole_ms, std::string_view digits) {
    if (whole_ms == 0 || digits.find_first_not_of("0123456789") != digits.npos) return 0;
    std::int64_t milli = 0;
    for (std::size_t i = 0; i < 3; ++i) {
        milli = milli * 10 + (i < digits.size() ? digits[i] - '0' : 0);
    }
    return whole_ms + milli;
}

}  // namespace

std::int64_t UnixTimeMs(std::int64_t number) {
    if (number <= 0) return 0;
    if (number < kSecondsBelow) return number * 1000;
    if (number < kMillisBelow) return number;
    if (number < kMicrosBelow) return number / 1000;
    return number / 1'000'000;
}

std::int64_t UnixTimeMs(double number) {
    if (!(number > 0) || number >= 9e18) return 0;
    if (number < static_cast<double>(kSecondsBelow)) return std::llround(number * 1000);
    return UnixTimeMs(static_cast<std::int64_t>(number));
}

std::int64_t TextTimeMs(std::string_view text) {
    text = TrimSpace(text);
    if (const auto number = ParseInt64(text)) return UnixTimeMs(*number);
    if (const auto point = text.find('.'); point != text.npos) {
        const auto whole = ParseInt64(text.substr(0, point));
        if (whole) return WithFraction(UnixTimeMs(*whole), text.substr(point + 1));
    }
    auto unix_ms = ParseRfc3339(text, Rfc3339::kLenient);
    if (!unix_ms) unix_ms = ParseRfc1123(text);
    return std::max<std::int64_t>(unix_ms.value_or(0), 0);
}

}  // namespace unibox::channels
