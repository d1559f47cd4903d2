#include "webhook-ingest/rate_limiter.hpp"

#include "support/fake_clock.hpp"

#include <catch2/catch.hpp>

namespace unibox::ingest {
namespace {

TEST_CASE("Rate limiter: burst, then the rate, each tenant for itself", "[unit]") {
    test::FakeClock clock;
    RateLimiter limiter(100, clock);
    const TenantId tenant{1};
    for (int i = 0; i < 5; ++i) REQUIRE(limiter.Take(tenant, 10, 5) == 0);
    CHECK(limiter.Take(tenant, 10, 5) == 100);
    CHECK(limiter.Take(TenantId{2}, 10, 5) == 0);
    clock.Advance(Millis(60));
    CHECK(limiter.Take(tenant, 10, 5) == 40);
    clock.Advance(Millis(40));
    CHECK(limiter.Take(tenant, 10, 5) == 0);
    CHECK(limiter.Take(tenant, 10, 5) == 100);
    clock.Advance(Millis(60'000));
    for (int i = 0; i < 5; ++i) REQUIRE(limiter.Take(tenant, 10, 5) == 0);
    CHECK(limiter.Take(tenant, 10, 5) > 0);
}

TEST_CASE("Rate limiter: remembers a bounded number of tenants", "[unit]") {
    test::FakeClock clock;
    RateLimiter limiter(10, clock);
    for (std::int64_t id = 1; id <= 1000; ++id) {
        limiter.Take(TenantId{id}, 1, 1);
        CHECK(limiter.tenant_count() <= 10);
    }
}

}  // namespace
}  // namespace unibox::ingest
