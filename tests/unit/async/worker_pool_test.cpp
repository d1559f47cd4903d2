#include "async/worker_pool.hpp"

#include "support/eventually.hpp"

#include <catch2/catch.hpp>

#include <atomic>
#include <future>

using unibox::async::WorkerPool;
using unibox::test::Eventually;
using namespace std::chrono_literals;

TEST_CASE("WorkerPool: runs every posted work", "[unit][async]") {
    std::atomic<int> done{0};
    {
        WorkerPool pool({.name = "t", .thread_count = 3, .queue_count_max = 1000});
        for (int i = 0; i < 500; ++i) REQUIRE(pool.TryPost([&] { ++done; }));
    }
    CHECK(done == 500);  // The destructor finishes what was taken.
}

TEST_CASE("WorkerPool: refuses when all threads work and the queue is full", "[unit][async]") {
    WorkerPool pool({.name = "t", .thread_count = 1, .queue_count_max = 1});
    std::promise<void> gate;
    auto opened = gate.get_future().share();
    REQUIRE(pool.TryPost([opened] { opened.wait(); }));
    REQUIRE(Eventually(5s, [&] { return pool.running() == 1; }));
    CHECK(pool.TryPost([] {}));
    CHECK(pool.queued() == 1);
    CHECK_FALSE(pool.TryPost([] {}));
    gate.set_value();
    CHECK(Eventually(5s, [&] { return pool.queued() == 0 && pool.running() == 0; }));
    CHECK(pool.TryPost([] {}));
}

TEST_CASE("WorkerPool: a queue of length 0 still lets every thread work", "[unit][async]") {
    WorkerPool pool({.name = "t", .thread_count = 2, .queue_count_max = 0});
    std::promise<void> gate;
    auto opened = gate.get_future().share();
    CHECK(pool.TryPost([opened] { opened.wait(); }));
    CHECK(pool.TryPost([opened] { opened.wait(); }));
    CHECK(Eventually(5s, [&] { return pool.running() == 2; }));
    CHECK_FALSE(pool.TryPost([] {}));
    gate.set_value();
}

TEST_CASE("WorkerPool: takes nothing after Stop, and Stop may be called twice", "[unit][async]") {
    WorkerPool pool({.name = "t", .thread_count = 1, .queue_count_max = 10});
    pool.Stop();
    pool.Stop();
    CHECK_FALSE(pool.TryPost([] {}));
}
