#include "gateway/tenant_turns.hpp"

#include "support/eventually.hpp"

#include <catch2/catch.hpp>

#include <atomic>
#include <future>
#include <thread>
#include <vector>

using namespace unibox;  // NOLINT(google-build-using-namespace)
using namespace std::chrono_literals;
using gateway::TenantTurns;

namespace {

constexpr TenantId kBusy{1};
constexpr TenantId kOther{2};

// Calls of a tenant that are at work until Open().
class Holders {
public:
    Holders(TenantTurns& turns, TenantId tenant, int count) {
        for (int i = 0; i < count; ++i) {
            threads_.emplace_back([this, &turns, tenant] {
                taken_ += turns.Run(tenant, [this] {
                    ++running_;
                    opened_.wait();
                });
            });
        }
        REQUIRE(test::Eventually(10s, [&] { return running_ == count; }));
    }
    ~Holders() { Open(); }
    Holders(const Holders&) = delete;
    Holders& operator=(const Holders&) = delete;

    void Open() {
        if (threads_.empty()) return;
        gate_.set_value();
        for (auto& thread : threads_) thread.join();
        threads_.clear();
    }

private:
    std::promise<void> gate_;
    std::shared_future<void> opened_ = gate_.get_future().share();
    std::atomic<int> running_{0};
    std::atomic<int> taken_{0};
    std::vector<std::thread> threads_;
};

}  // namespace

TEST_CASE(
    "TenantTurns: below its share a tenant works at once, on its own thread", "[unit][gateway]"
) {
    TenantTurns turns({.running_max = 1, .waiting_max = 0, .waiting_total_max = 0});
    for (int i = 0; i < 3; ++i) {
        std::thread::id worked_on;
        REQUIRE(turns.Run(kBusy, [&] { worked_on = std::this_thread::get_id(); }));
        CHECK(worked_on == std::this_thread::get_id());
    }
}

TEST_CASE("TenantTurns: above it calls wait, and others do not notice", "[unit][gateway]") {
    TenantTurns turns({.running_max = 2, .waiting_max = 3, .waiting_total_max = 100});
    Holders holders(turns, kBusy, 2);
    std::atomic<int> waited{0};
    for (int i = 0; i < 3; ++i) {
        REQUIRE(turns.Run(kBusy, [&] { ++waited; }));
    }
    CHECK(turns.waiting_count() == 3);
    CHECK_FALSE(turns.Run(kBusy, [] { FAIL("it was refused"); }));
    bool worked = false;
    REQUIRE(turns.Run(kOther, [&] { worked = true; }));
    CHECK(worked);
    CHECK(waited == 0);

    holders.Open();
    CHECK(waited == 3);
    CHECK(turns.waiting_count() == 0);
    worked = false;
    REQUIRE(turns.Run(kBusy, [&] { worked = true; }));
    CHECK(worked);
}

TEST_CASE("TenantTurns: one turn hands on in the order of arrival", "[unit][gateway]") {
    TenantTurns turns({.running_max = 1, .waiting_max = 10, .waiting_total_max = 10});
    std::vector<int> order;
    // What a call posts while it works waits until it is done.
    REQUIRE(turns.Run(kBusy, [&] {
        for (int i = 1; i <= 5; ++i) REQUIRE(turns.Run(kBusy, [&order, i] { order.push_back(i); }));
        order.push_back(0);
    }));
    CHECK(order == std::vector<int>{0, 1, 2, 3, 4, 5});
}

TEST_CASE("TenantTurns: all that waits together is bounded too", "[unit][gateway]") {
    TenantTurns turns({.running_max = 1, .waiting_max = 2, .waiting_total_max = 3});
    std::atomic<int> done{0};
    const auto work = [&] { ++done; };
    Holders busy(turns, kBusy, 1);
    Holders other(turns, kOther, 1);
    CHECK(turns.Run(kBusy, work));
    CHECK(turns.Run(kBusy, work));
    CHECK_FALSE(turns.Run(kBusy, work));
    CHECK(turns.Run(kOther, work));
    CHECK_FALSE(turns.Run(kOther, work));
    busy.Open();
    CHECK(turns.Run(kOther, work));
    other.Open();
    CHECK(done == 4);
}

TEST_CASE(
    "TenantTurns: under many threads nothing is lost and the share is kept", "[unit][gateway]"
) {
    TenantTurns turns({.running_max = 3, .waiting_max = 1'000, .waiting_total_max = 1'000});
    std::atomic<int> running{0};
    std::atomic<int> most{0};
    std::atomic<int> refused{0};
    std::atomic<int> done{0};
    std::vector<std::thread> threads;
    for (int t = 0; t < 8; ++t) {
        threads.emplace_back([&] {
            for (int i = 0; i < 100; ++i) {
                const bool taken = turns.Run(kBusy, [&] {
                    const int now = ++running;
                    for (int seen = most; seen < now && !most.compare_exchange_weak(seen, now);) {
                    }
                    std::this_thread::yield();
                    --running;
                    ++done;
                });
                if (!taken) ++refused;
            }
        });
    }
    for (auto& thread : threads) thread.join();
    CHECK(refused == 0);
    CHECK(done == 800);
    CHECK(most <= 3);
    CHECK(turns.waiting_count() == 0);
}
