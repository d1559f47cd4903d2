// Tells the log, and a counter, of credentials that were refused: why, from which network, and of
// the key no more than its beginning, which finds it in a list of keys and opens nothing.
//
// At most a burst of kLinesBurst and one line a second for each reason; the line after them says
// how many were not told. Thread safety: any thread.
#pragma once

#include "base/clock.hpp"
#include "base/token_buckets.hpp"
#include "obs/metrics.hpp"

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace unibox::auth {

enum class KeyRefusal {
    kAbsent,     // No Authorization header.
    kMalformed,  // Not "Bearer ubk_…", or several.
    kUnknown,
    kRevoked,
    kExpired,
    kTenantDisabled,
    kLacksScope,
    kTooManyLookups,
    // Of tokens.
    kTokenMalformed,
    kTokenExpired,  // Or not valid yet.
    kTokenLifetime,
    kIssuerUnknown,
    kIssuerDisabled,
    kAlgorithm,
    kSigningKeyUnknown,
    kForged,
    kTenantUnknown,
    kLacksRole,
    kAgentUnknown,
    kAgentDisabled,
    kCount,
};

class RefusalLog {
public:
    static constexpr std::int64_t kLinesBurst = 5;

    // Both must outlive the object.
    RefusalLog(const Clock& clock, obs::Metrics& metrics);

    // `key`: the whole key, of which kPrefixBytes are told; "" if there is none, and for tokens, of
    // which nothing is told. `key_id`: the id of the key, or of the token's issuer, if it exists,
    // else "".
    void Refused(
        KeyRefusal why, std::string_view key, std::string_view key_id, std::string_view peer_address
    );

private:
    static constexpr std::size_t kPrefixBytes = 8;  // "ubk_" and 24 of 256 bits.
    static constexpr std::size_t kCount = static_cast<std::size_t>(KeyRefusal::kCount);

    TokenBuckets lines_;
    std::array<std::atomic<std::int64_t>, kCount> untold_{};
    std::array<obs::Counter*, kCount> counters_{};
};

}  // namespace unibox::auth
