#include "domain/tenant_limits.hpp"

#include <algorithm>
#include <charconv>

namespace unibox::domain {
namespace {

Status Wrong(std::string_view word) {
    return InvalidArgument(
        "\"" + std::string(word) + "\" must be POLICY=PER_S/BURST, for example tenant=500/1000, " +
        "with a policy of key, agent, tenant, read, write, search, admin, each once, PER_S of 1 " +
        "to " + std::to_string(kRatePerSMax) + " and BURST of 1 to " + std::to_string(kRateBurstMax)
    );
}

std::optional<std::int64_t> NumberOf(std::string_view text, std::int64_t max) {
    std::int64_t number = 0;
    const char* end = text.data() + text.size();
    const auto [rest, error] = std::from_chars(text.data(), end, number);
    const bool is_number = error == std::errc() && rest == end && number >= 1 && number <= max;
    return is_number ? std::optional(number) : std::nullopt;
}

}  // namespace

Result<TenantLimits> TenantLimits::Parse(std::string_view text) {
    TenantLimits limits;
    while (!text.empty()) {
        const std::size_t end = text.find(' ');
        const std::string_view word = text.substr(0, end);
        text = end == std::string_view::npos ? std::string_view() : text.substr(end + 1);
        const std::size_t equals = word.find('=');
        const std::size_t slash = word.find('/');
        if (equals == std::string_view::npos || slash == std::string_view::npos || slash < equals ||
            (text.empty() && end != std::string_view::npos)) {
            return Wrong(word);
        }
        const auto name =
            std::find(kLimitPolicyNames.begin(), kLimitPolicyNames.end(), word.substr(0, equals));
        const auto per_s = NumberOf(word.substr(equals + 1, slash - equals - 1), kRatePerSMax);
        const auto burst = NumberOf(word.substr(slash + 1), kRateBurstMax);
        if (name == kLimitPolicyNames.end() || !per_s || !burst) return Wrong(word);
        auto& rate = limits.rates_[static_cast<std::size_t>(name - kLimitPolicyNames.begin())];
        if (rate) return Wrong(word);
        rate = Rate{*per_s, *burst};
    }
    return limits;
}

std::string TenantLimits::ToText() const {
    std::string text;
    for (std::size_t i = 0; i < rates_.size(); ++i) {
        if (!rates_[i]) continue;
        if (!text.empty()) text += ' ';
        text += std::string(kLimitPolicyNames[i]) + '=' + std::to_string(rates_[i]->per_s) + '/' +
                std::to_string(rates_[i]->burst);
    }
    return text;
}

}  // namespace unibox::domain
