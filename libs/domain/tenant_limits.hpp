// What a tenant's plan says of its rates, where it is not what the service's settings say.
// Thread safety: values, pure functions.
#pragma once

#include "base/status.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace unibox::domain {

struct Rate {
    std::int64_t per_s = 0;
    std::int64_t burst = 1;  // So many at once.

    bool operator==(const Rate&) const = default;
};

// Whose calls, or which, have a rate of their own. The classes of calls are of the whole tenant.
enum class LimitPolicy { kKey, kAgent, kTenant, kRead, kWrite, kSearch, kAdmin };
inline constexpr std::size_t kLimitPolicyCount = 7;
inline constexpr std::array<std::string_view, kLimitPolicyCount> kLimitPolicyNames = {
    "key", "agent", "tenant", "read", "write", "search", "admin"};

inline std::string_view NameOf(LimitPolicy policy) {
    return kLimitPolicyNames[static_cast<std::size_t>(policy)];
}

inline constexpr std::int64_t kRatePerSMax = 100'000;
inline constexpr std::int64_t kRateBurstMax = 1'000'000;

class TenantLimits {
public:
    // "tenant=500/1000 search=10/20": policy=per_s/burst, each policy once, separated by single
    // blanks; "" = what the settings say. per_s is 1 to kRatePerSMax, burst 1 to kRateBurstMax.
    // INVALID_ARGUMENT says what is wrong.
    static Result<TenantLimits> Parse(std::string_view text);
    // The same form, in the order of the policies.
    std::string ToText() const;

    const std::optional<Rate>& Of(LimitPolicy policy) const {
        return rates_[static_cast<std::size_t>(policy)];
    }
    bool operator==(const TenantLimits&) const = default;

private:
    std::array<std::optional<Rate>, kLimitPolicyCount> rates_;
};

}  // namespace unibox::domain
