// Rate limits that all processes share: GCRA, the generic cell rate algorithm (ITU-T I.371, annex
// A; as a limiter of requests: https://brandur.org/rate-limiting), in one script, by Redis' own
// clock.
//
// A bucket is one key that holds one time, the "theoretical arrival time" (TAT): when it would be
// empty again. With T = 1 / rate and now from TIME, a request of cost c is conformant if
//   max(TAT, now) + c·T - burst·T <= now,  and then  TAT = max(TAT, now) + c·T.
// So a bucket that was left alone takes `burst` at once, then `rate_per_s`, evenly; in any time t
// it never allows more than burst + rate·t. What is refused costs nothing.
//
// Several buckets are asked together, with one round trip: all of them are charged, or none is. In
// a cluster their keys must share a hash tag: what is counted for tenant 42, by key, network or
// class of routes, is named "rl:{t:42}:…", and a network by itself "rl:{n:192.0.2.0/24}".
// CROSS_SLOT
// otherwise, whatever the mode.
//
// A bucket that is full again has no key: each write sets PEXPIRE to that time. A clock that went
// back (another master), or a smaller rate or burst than before, makes a bucket empty at most,
// never closed for longer than it takes to fill. What is lost by Redis (restart, failover) starts
// full.
#pragma once

#include "base/clock.hpp"
#include "base/status.hpp"
#include "redis/client.hpp"
#include "redis/script.hpp"

#include <chrono>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

namespace unibox::redis {

using Micros = std::chrono::microseconds;

struct Bucket {
    std::string key;
    double rate_per_s = 1;   // Over 0, at most 1,000,000; 0.5 is one in two seconds.
    std::int64_t burst = 1;  // 1 or more; burst / rate_per_s at most 30 days.
    std::int64_t cost = 1;   // 0 to burst; 0 looks without taking.
};

inline constexpr std::size_t kBucketsMax = 16;  // In one call.

struct BucketState {
    bool allowed = false;        // By this bucket alone.
    std::int64_t remaining = 0;  // Of cost 1, that would be allowed now, after what was taken.
    Micros retry_after{0};       // Until the same would be allowed by it; 0 when allowed.
    Micros reset_after{0};       // Until it is full again, if nothing more is taken.
};

struct Decision {
    bool allowed = false;              // By all: then, and only then, all were charged.
    Micros retry_after{0};             // The longest of them; 0 when allowed.
    std::vector<BucketState> buckets;  // In the order of the call.
};

// What Take sends: keys of the buckets; of each 1e6 / rate_per_s, burst and cost.
const Script& TakeScript();

// Thread safety: as Client, which must outlive it.
class Gcra {
public:
    using Done = std::function<void(Result<Decision>)>;

    explicit Gcra(Client& client) : client_(client) {}

    // As Client::Send, whose errors may come too. INVALID_ARGUMENT with the field for a bucket that
    // breaks a rule above, for none and for more than kBucketsMax. A lost answer (MayHaveRun) may
    // have been charged.
    Status Take(const std::vector<Bucket>& buckets, Millis timeout, Done done);
    // The same, waiting for the answer.
    Result<Decision> Take(const std::vector<Bucket>& buckets, Millis timeout);

private:
    Client& client_;
};

}  // namespace unibox::redis
