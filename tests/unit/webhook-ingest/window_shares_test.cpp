#include "webhook-ingest/window_shares.hpp"

#include <catch2/catch.hpp>

namespace unibox::ingest {
namespace {

constexpr std::size_t kMsgs = 4'000;
constexpr std::size_t kBytes = 16 << 20;

WindowShares::Loads One(std::int64_t tenant, std::size_t msgs = 1, std::size_t bytes = 1'000) {
    return {{TenantId{tenant}, {msgs, bytes}}};
}

// How many webhooks of one message each tenant from 1 to `count` gets in, all in turns.
std::vector<std::size_t> Fill(WindowShares& shares, int count, std::size_t bytes) {
    std::vector<std::size_t> taken(static_cast<std::size_t>(count));
    for (bool any = true; any;) {
        any = false;
        for (int tenant = 1; tenant <= count; ++tenant) {
            if (!shares.TryTake(One(tenant, 1, bytes))) continue;
            ++taken[static_cast<std::size_t>(tenant - 1)];
            any = true;
        }
    }
    return taken;
}

TEST_CASE("Window shares: however many are noisy, as much as each of them has is free", "[unit]") {
    for (const int noisy : {1, 2, 5, 50}) {
        for (const std::size_t bytes : {std::size_t{100}, std::size_t{100'000}}) {
            CAPTURE(noisy, bytes);
            WindowShares shares(kMsgs, kBytes);
            std::size_t all = 0;
            const auto taken = Fill(shares, noisy, bytes);
            const std::size_t room = std::min(kMsgs, kBytes / bytes);
            const std::size_t share = room / (static_cast<std::size_t>(noisy) + 1);
            for (const std::size_t one : taken) {
                CHECK(one + 2 >= share);
                CHECK(one <= std::max<std::size_t>(share + 2, 1));
                all += one;
            }
            CHECK(all < room);
            // Who comes next has its turn, and more than one.
            CHECK(shares.TryTake(One(99, 1, bytes)));
            if (share > 3) CHECK(shares.TryTake(One(99, 1, bytes)));
        }
    }
}

TEST_CASE("Window shares: a webhook of several is refused for none of them", "[unit]") {
    WindowShares shares(100, kBytes);
    REQUIRE(shares.TryTake(One(1, 50)));
    REQUIRE(shares.TryTake(One(2, 20)));
    CHECK_FALSE(shares.TryTake(One(1)));
    WindowShares::Loads both = One(1);
    both[TenantId{3}] = {1, 1'000};
    CHECK(shares.TryTake(both));
    WindowShares::Loads noisy = One(1, 40);
    noisy[TenantId{2}] = {40, 1'000};
    CHECK_FALSE(shares.TryTake(noisy));
    shares.Release(both);
    shares.Release(One(1, 50));
    CHECK(shares.TryTake(One(1, 80)));
}

TEST_CASE("Window shares: a tenant with nothing on its way has its one webhook", "[unit]") {
    WindowShares shares(100, 1'000);
    CHECK(shares.TryTake(One(1, 1'000, 1'000'000)));
    CHECK_FALSE(shares.TryTake(One(1)));
    CHECK(shares.TryTake(One(2)));
    CHECK(shares.tenant_count() == 2);
    shares.Release(One(1, 1'000, 1'000'000));
    shares.Release(One(2));
    CHECK(shares.tenant_count() == 0);
    CHECK(shares.TryTake(One(1)));
}

TEST_CASE("Window shares: a webhook counts by tenant, and as a slice at most", "[unit]") {
    std::vector<event::v1::InboundEvent> events(2'500);
    for (std::size_t i = 0; i < events.size(); ++i) events[i].set_tenant_id(i < 2'400 ? 7 : 8);
    const auto loads = WindowShares::LoadsOf(events);
    REQUIRE(loads.size() == 2);
    CHECK(loads.at(TenantId{7}).msgs == 1'000);
    CHECK(loads.at(TenantId{8}).msgs == 100);
    CHECK(loads.at(TenantId{8}).bytes == 100 * events[0].ByteSizeLong());
}

}  // namespace
}  // namespace unibox::ingest
