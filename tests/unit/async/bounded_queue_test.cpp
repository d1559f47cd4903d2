#include "async/bounded_queue.hpp"

#include "support/eventually.hpp"

#include <catch2/catch.hpp>

#include <atomic>
#include <memory>
#include <thread>

using unibox::async::BoundedQueue;
using unibox::test::Eventually;
using namespace std::chrono_literals;

TEST_CASE("BoundedQueue: refuses over the limit and keeps the refused value", "[unit][async]") {
    BoundedQueue<std::unique_ptr<int>> queue(1);
    auto first = std::make_unique<int>(1);
    auto second = std::make_unique<int>(2);
    CHECK(queue.TryPush(std::move(first)));
    CHECK_FALSE(queue.TryPush(std::move(second)));
    REQUIRE(second != nullptr);
    CHECK(*queue.Pop(0ms).value() == 1);
    CHECK(queue.TryPush(std::move(second)));
}

TEST_CASE("BoundedQueue: keeps the order, pops many", "[unit][async]") {
    BoundedQueue<int> queue(10);
    for (int i = 0; i < 5; ++i) REQUIRE(queue.TryPush(int{i}));
    CHECK(queue.PopMany(3, 0ms) == std::vector<int>{0, 1, 2});
    CHECK(queue.PopMany(3, 0ms) == std::vector<int>{3, 4});
    CHECK(queue.PopMany(3, 1ms).empty());
    CHECK_FALSE(queue.Pop(1ms).has_value());
}

TEST_CASE(
    "BoundedQueue: Close lets the rest out, refuses new items and wakes waiters", "[unit][async]"
) {
    BoundedQueue<int> queue(1);
    REQUIRE(queue.TryPush(1));
    std::atomic<int> outcome{-1};
    std::thread pusher([&] { outcome = queue.Push(2) ? 1 : 0; });
    queue.Close();
    pusher.join();
    CHECK(outcome == 0);
    CHECK_FALSE(queue.TryPush(3));
    CHECK(queue.Pop(10s) == 1);
    CHECK_FALSE(queue.Pop(10s).has_value());  // At once: nothing can come any more.
}

TEST_CASE("BoundedQueue: Push waits for room", "[unit][async]") {
    BoundedQueue<int> queue(1);
    REQUIRE(queue.TryPush(1));
    std::atomic<bool> pushed{false};
    std::thread pusher([&] { pushed = queue.Push(2); });
    CHECK_FALSE(pushed);
    CHECK(queue.Pop(1s) == 1);
    CHECK(Eventually(5s, [&] { return pushed.load(); }));
    pusher.join();
    CHECK(queue.Pop(1s) == 2);
}

TEST_CASE(
    "BoundedQueue: several producers and consumers lose and repeat nothing", "[unit][async]"
) {
    BoundedQueue<int> queue(16);
    constexpr int kEach = 2000;
    std::atomic<std::int64_t> sum{0};
    std::atomic<int> count{0};
    std::vector<std::thread> consumers;
    for (int c = 0; c < 2; ++c) {
        consumers.emplace_back([&] {
            while (auto item = queue.Pop(10s)) {
                sum += *item;
                ++count;
            }
        });
    }
    std::vector<std::thread> producers;
    std::atomic<int> refused{0};
    for (int p = 0; p < 2; ++p) {
        producers.emplace_back([&] {
            for (int i = 1; i <= kEach; ++i) refused += queue.Push(int{i}) ? 0 : 1;
        });
    }
    for (auto& thread : producers) thread.join();
    queue.Close();
    for (auto& thread : consumers) thread.join();
    CHECK(refused == 0);
    CHECK(count == 2 * kEach);
    CHECK(sum == 2LL * kEach * (kEach + 1) / 2);
}
