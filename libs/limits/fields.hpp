// What callers are told of their limits, in the form of the IETF's draft "RateLimit header fields
// for HTTP" (draft-ietf-httpapi-ratelimit-headers-11): lists of structured fields (RFC 9651).
//
// Of a bucket that fills evenly: q is the burst, w the seconds in which an empty one is full again
// (so it is q in w seconds in the long run, and less than twice that in the first), r what would be
// allowed at once now, t the seconds until it is full; of one that refused, r is 0 and t the time
// until it allows the call.
// Thread safety: pure functions.
#pragma once

#include "base/status.hpp"
#include "limits/limiter.hpp"

#include <string>
#include <string_view>

namespace unibox::limits {

// Names of the fields; as metadata of gRPC in lower case.
inline constexpr const char* kRateLimit = "RateLimit";
inline constexpr const char* kRateLimitPolicy = "RateLimit-Policy";
// Why a call was refused, as clients see it.
inline constexpr const char* kOverRate = "OVER_RATE";

// "\"key\";q=200;w=2, \"tenant\";q=1000;w=2"; empty of no limits.
std::string PolicyField(const Verdict& verdict);
// "\"key\";r=199;t=1, \"tenant\";r=12;t=2". Of a refusal only those that refused: a client must
// not be told to wait longer than by Retry-After.
std::string StateField(const Verdict& verdict);

// RESOURCE_EXHAUSTED (OVER_RATE) of a verdict that refuses, with the time to wait (1 ms or more)
// and, as metadata, "policies": those that refused, "key,tenant".
Status RefusalOf(const Verdict& verdict);

}  // namespace unibox::limits
