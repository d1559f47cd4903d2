#include "async/fair_pool.hpp"

#include "support/eventually.hpp"

#include <catch2/catch.hpp>

#include <atomic>
#include <future>
#include <thread>
#include <vector>

using namespace unibox;  // NOLINT(google-build-using-namespace)
using namespace std::chrono_literals;
using async::FairPool;

namespace {

constexpr async::Flow kBusy = 1;
constexpr async::Flow kOther = 2;

// Jobs that are at work until Open().
struct Gate {
    std::promise<void> promise;
    std::shared_future<void> opened = promise.get_future().share();
    std::atomic<int> running{0};
    std::atomic<int> done{0};
    std::atomic<int> refused{0};

    FairPool::Job Job() {
        return {
            .run =
                [this] {
                    ++running;
                    opened.wait();
                    ++done;
                },
            .refuse = [this] { ++refused; }};
    }
    void Open() { promise.set_value(); }
};

}  // namespace

TEST_CASE("Fair pool: above its share a flow waits, and others do not notice", "[unit][gateway]") {
    FairPool pool("test", {4, 2, 100, 10}, SystemClock());
    Gate gate;
    for (int i = 0; i < 15; ++i) pool.Post(kBusy, gate.Job());
    CHECK(test::Eventually(10s, [&] { return gate.running == 2; }));
    CHECK(pool.waiting_count() == 10);
    CHECK(gate.refused == 3);
    std::promise<void> other;
    pool.Post(kOther, {.run = [&] { other.set_value(); }, .refuse = [] {}});
    CHECK(other.get_future().wait_for(20s) == std::future_status::ready);
    CHECK(gate.running == 2);
    gate.Open();
    CHECK(test::Eventually(10s, [&] { return gate.done == 12; }));
    CHECK(test::Eventually(10s, [&] { return pool.running_count() == 0; }));
    CHECK(pool.waiting_count() == 0);
}

TEST_CASE("Fair pool: under many threads every job is run or refused, once", "[unit][gateway]") {
    std::atomic<int> run{0};
    std::atomic<int> refused{0};
    std::atomic<int> running{0};
    std::atomic<int> most{0};
    {
        FairPool pool("test", {3, 2, 50, 40}, SystemClock());
        std::vector<std::thread> posters;
        for (unsigned t = 0; t < 8; ++t) {
            posters.emplace_back([&, t] {
                for (int i = 0; i < 500; ++i) {
                    pool.Post(
                        t % 5,
                        {.run =
                             [&] {
                                 const int now = ++running;
                                 for (int seen = most;
                                      seen < now && !most.compare_exchange_weak(seen, now);) {
                                 }
                                 std::this_thread::yield();
                                 --running;
                                 ++run;
                             },
                         .refuse = [&] { ++refused; }}
                    );
                }
            });
        }
        for (auto& poster : posters) poster.join();
        pool.Stop();
        CHECK(run + refused == 4'000);
        CHECK(run > 0);
        CHECK(most <= 3);
        pool.Post(1, {.run = [&] { ++run; }, .refuse = [&] { ++refused; }});
        CHECK(run + refused == 4'001);
    }
    CHECK(run + refused == 4'001);
}

TEST_CASE("Fair pool: after a stop nothing is left between run and refused", "[unit][gateway]") {
    FairPool pool("test", {1, 1, 10, 10}, SystemClock());
    pool.Stop();
    std::string refused;
    const auto never = [] { FAIL("it must not run"); };
    // The second comes while the first still has the only thread's place.
    const auto second = [&] {
        pool.Post(kOther, {.run = never, .refuse = [&] { refused += "2"; }});
        refused += "1";
    };
    pool.Post(kBusy, {.run = never, .refuse = second});
    CHECK(refused == "12");
    CHECK(pool.waiting_count() == 0);
    CHECK(pool.running_count() == 0);
}
