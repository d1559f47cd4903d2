#include "async/fair_queue.hpp"

#include <catch2/catch.hpp>

#include <algorithm>
#include <map>
#include <optional>
#include <random>
#include <set>
#include <string>
#include <vector>

using namespace unibox;  // NOLINT(google-build-using-namespace)
using async::FairLimits;
using async::Flow;

namespace {

using Queue = async::FairQueue<std::string>;

constexpr Flow kQuiet = 1'000;

// Offers `count` calls of the flow, all of which must find room.
void Fill(Queue& queue, Flow flow, int count) {
    for (int i = 0; i < count; ++i) {
        REQUIRE_FALSE(queue.Offer(flow, std::to_string(flow) + "/" + std::to_string(i)));
    }
}

// One thread that works on and on: takes a call, which costs what `cost` says of its flow.
std::vector<Flow> Serve(Queue& queue, int count, const std::map<Flow, std::int64_t>& cost = {}) {
    std::vector<Flow> order;
    for (int i = 0; i < count; ++i) {
        const auto taken = queue.Take();
        if (!taken) break;
        order.push_back(taken->ticket.flow);
        const auto own = cost.find(taken->ticket.flow);
        queue.Done(taken->ticket, own == cost.end() ? 1'000 : own->second);
    }
    return order;
}

int CountOf(const std::vector<Flow>& order, Flow flow) {
    return static_cast<int>(std::count(order.begin(), order.end(), flow));
}

}  // namespace

TEST_CASE("Fair queue: one flow keeps its order", "[unit][gateway]") {
    Queue queue({.thread_count = 1, .waiting_max = 10, .flow_waiting_max = 10});
    Fill(queue, 7, 4);
    for (int i = 0; i < 4; ++i) {
        const auto taken = queue.Take();
        REQUIRE(taken);
        CHECK(taken->item == "7/" + std::to_string(i));
        CHECK_FALSE(queue.Take());  // The only thread is busy.
        queue.Done(taken->ticket, 10);
    }
    CHECK_FALSE(queue.Take());
}

TEST_CASE("Fair queue: equal costs are round robin, whoever came first", "[unit][gateway]") {
    Queue queue({.thread_count = 1, .waiting_max = 1'000, .flow_waiting_max = 500});
    Fill(queue, 1, 300);
    Fill(queue, 2, 10);
    Fill(queue, 3, 10);
    const auto order = Serve(queue, 30);
    for (std::size_t i = 0; i + 3 <= order.size(); i += 3) {
        const std::vector<Flow> round(
            order.begin() + static_cast<long>(i), order.begin() + static_cast<long>(i) + 3
        );
        CHECK(CountOf(round, 1) == 1);
        CHECK(CountOf(round, 2) == 1);
    }
}

TEST_CASE("Fair queue: costly calls come less often, by their cost", "[unit][gateway]") {
    Queue queue({.thread_count = 1, .waiting_max = 10'000, .flow_waiting_max = 5'000});
    Fill(queue, 1, 2'000);
    Fill(queue, 2, 2'000);
    const auto order = Serve(queue, 1'100, {{1, 10'000}, {2, 1'000}});
    CHECK(CountOf(order, 1) >= 95);
    CHECK(CountOf(order, 1) <= 105);
}

TEST_CASE("Fair queue: a quiet flow is next, however many wait", "[unit][gateway]") {
    for (const int noisy : {1, 2, 5, 50}) {
        INFO(noisy << " noisy flows");
        Queue queue(
            {.thread_count = 12,
             .backlog_thread_count = 6,
             .waiting_max = 20'000,
             .flow_waiting_max = 10'000}
        );
        std::vector<Queue::Ticket> running;
        for (int flow = 1; flow <= noisy; ++flow) {
            Fill(queue, static_cast<Flow>(flow), 300);
            while (auto taken = queue.Take()) running.push_back(taken->ticket);
        }
        // The first calls of new flows took what threads there were; then the share holds.
        for (int round = 0; round < 150; ++round) {
            queue.Done(running.front(), 2'000);
            running.erase(running.begin());
            while (auto taken = queue.Take()) running.push_back(taken->ticket);
        }
        CHECK(queue.running_count() == 6);
        for (int call = 0; call < 20; ++call) {
            REQUIRE_FALSE(queue.Offer(kQuiet, "quiet"));
            const auto taken = queue.Take();
            REQUIRE(taken);
            CHECK(taken->ticket.flow == kQuiet);
            CHECK_FALSE(queue.Take());  // Nobody else gains by it.
            queue.Done(taken->ticket, 2'000);
            // And the noisy ones go on between.
            queue.Done(running.front(), 2'000);
            running.erase(running.begin());
            const auto other = queue.Take();
            REQUIRE(other);
            running.push_back(other->ticket);
        }
    }
}

TEST_CASE(
    "Fair queue: with one thread a quiet flow waits for at most one turn", "[unit][gateway]"
) {
    Queue queue({.thread_count = 1, .waiting_max = 5'000, .flow_waiting_max = 2'500});
    for (Flow flow = 1; flow <= 50; ++flow) Fill(queue, flow, 20);
    Serve(queue, 200);
    const auto at_work = queue.Take();
    REQUIRE(at_work);
    REQUIRE_FALSE(queue.Offer(kQuiet, "quiet"));
    queue.Done(at_work->ticket, 1'000);
    const auto order = Serve(queue, 2);
    CHECK(CountOf(order, kQuiet) == 1);
}

TEST_CASE("Fair queue: the backlog's share is divided by who contends for it", "[unit][gateway]") {
    Queue queue(
        {.thread_count = 12, .backlog_thread_count = 6, .waiting_max = 500, .flow_waiting_max = 250}
    );
    Fill(queue, 1, 50);
    std::map<Flow, int> running;
    const auto take_all = [&] {
        while (const auto taken = queue.Take()) ++running[taken->ticket.flow];
    };
    take_all();
    CHECK(running[1] == 6);  // Alone: the whole share, no more.
    // The first one's calls hang; others still get their part.
    Fill(queue, 2, 50);
    take_all();
    CHECK(running[2] == 3);
    Fill(queue, 3, 50);
    take_all();
    CHECK(running[3] == 2);
    CHECK(running[1] == 6);
}

TEST_CASE("Fair queue: single calls do not starve the backlog", "[unit][gateway]") {
    constexpr Flow kSingles = 8;
    Queue queue({4, 50, 1'000, 500});
    Fill(queue, 100, 450);
    std::vector<Queue::Ticket> running;
    std::map<Flow, int> served;
    std::set<Flow> idle;
    for (Flow flow = 0; flow < kSingles; ++flow) idle.insert(flow);
    // Each of the singles comes again as soon as it was served: more than the threads can do.
    for (int round = 0; round < 1'800; ++round) {
        for (const Flow flow : idle) REQUIRE_FALSE(queue.Offer(flow, "single"));
        idle.clear();
        while (const auto taken = queue.Take()) running.push_back(taken->ticket);
        const Flow flow = running.front().flow;
        ++served[flow];
        queue.Done(running.front(), 1'000);
        running.erase(running.begin());
        if (flow < kSingles) idle.insert(flow);
    }
    for (const auto& [flow, count] : served) {
        INFO("flow " << flow);
        CHECK(count >= 150);  // A ninth of it is 200.
    }
    CHECK(served[100] >= 150);
}

TEST_CASE("Fair queue: a full queue refuses the longest flow's latest call", "[unit][gateway]") {
    Queue queue(
        {.thread_count = 1, .backlog_thread_count = 1, .waiting_max = 10, .flow_waiting_max = 8}
    );
    Fill(queue, 9, 1);
    const auto at_work = queue.Take();
    REQUIRE(at_work);
    Fill(queue, 1, 7);
    Fill(queue, 2, 3);
    // Whoever is not the longest finds room.
    CHECK(queue.Offer(2, "2/new") == "1/6");
    CHECK(queue.Offer(kQuiet, "quiet") == "1/5");
    // The longest is refused itself.
    CHECK(queue.Offer(1, "1/new") == "1/new");
    CHECK(queue.Offer(2, "2/newer") == "1/4");
    CHECK(queue.Offer(1, "1/newer") == "2/newer");
    CHECK(queue.Offer(1, "1/last") == "1/last");
    CHECK(queue.waiting_count() == 10);
    // One flow fills no more than its part, also when there is room.
    Queue roomy({.thread_count = 1, .waiting_max = 100, .flow_waiting_max = 3});
    Fill(roomy, 1, 3);
    CHECK(roomy.Offer(1, "x") == "x");
}

TEST_CASE("Fair queue: who has nothing waiting is never refused", "[unit][gateway]") {
    std::mt19937 random(7);
    Queue queue(
        {.thread_count = 3, .backlog_thread_count = 1, .waiting_max = 20, .flow_waiting_max = 20}
    );
    std::map<Flow, int> waiting;
    std::vector<Queue::Ticket> running;
    const auto flow_of = [](const std::string& item) {
        return static_cast<Flow>(std::stoul(item));
    };
    for (int step = 0; step < 20'000; ++step) {
        if (random() % 3 != 0) {
            const Flow flow = random() % 30;
            const bool had_none = waiting[flow] == 0;
            const auto refused = queue.Offer(flow, std::to_string(flow));
            ++waiting[flow];
            if (refused) {
                const Flow other = flow_of(*refused);
                CHECK_FALSE((had_none && other == flow));
                --waiting[other];
            }
        } else if (!running.empty()) {
            const std::size_t one = random() % running.size();
            queue.Done(running[one], static_cast<std::int64_t>(random() % 5'000));
            running.erase(running.begin() + static_cast<long>(one));
        }
        while (const auto taken = queue.Take()) {
            running.push_back(taken->ticket);
            --waiting[taken->ticket.flow];
        }
        std::size_t sum = 0;
        for (const auto& [flow, count] : waiting) sum += static_cast<std::size_t>(count);
        REQUIRE(queue.waiting_count() == sum);
        REQUIRE(queue.running_count() == running.size());
        REQUIRE(running.size() <= 3);
    }
    while (!running.empty() || queue.waiting_count() > 0) {
        REQUIRE_FALSE(running.empty());
        queue.Done(running.back(), 1);
        running.pop_back();
        while (const auto taken = queue.Take()) running.push_back(taken->ticket);
    }
    CHECK(queue.flow_count() == 0);  // Nothing is remembered of who has gone.
}

TEST_CASE("Fair queue: ever new flows are not remembered without end", "[unit][gateway]") {
    Queue queue({.thread_count = 2, .waiting_max = 10, .flow_waiting_max = 10});
    Fill(queue, kQuiet, 1);
    const auto long_one = queue.Take();  // As long as it is at work, nothing is level.
    REQUIRE(long_one);
    constexpr Flow kCount = 3 * Queue::kRememberedMax;
    for (Flow flow = 1; flow <= kCount; ++flow) {
        Fill(queue, kQuiet + flow, 1);
        const auto taken = queue.Take();
        REQUIRE(taken);
        queue.Done(taken->ticket, flow == 1 ? 500'000 : 1'000);
    }
    CHECK(queue.flow_count() <= Queue::kRememberedMax + 1);
    // Who had most is still known: another comes first.
    Fill(queue, kQuiet + 1, 1);
    Fill(queue, kQuiet + kCount + 1, 1);
    CHECK(queue.Take()->ticket.flow == kQuiet + kCount + 1);
}

TEST_CASE("Fair queue: idleness saves nothing up, and debts are kept", "[unit][gateway]") {
    Queue queue({.thread_count = 1, .waiting_max = 1'000, .flow_waiting_max = 500});
    Fill(queue, 1, 100);
    Serve(queue, 50);
    // One that comes late is no further ahead than one turn.
    Fill(queue, 2, 100);
    const auto order = Serve(queue, 40);
    CHECK(CountOf(order, 2) >= 19);
    CHECK(CountOf(order, 2) <= 21);
    // One that comes back after a costly call waits until the others have had as much.
    REQUIRE_FALSE(queue.Offer(3, "3/costly"));
    auto taken = queue.Take();
    while (taken && taken->ticket.flow != 3) {
        queue.Done(taken->ticket, 1'000);
        taken = queue.Take();
    }
    REQUIRE(taken);
    queue.Done(taken->ticket, 50'000);
    REQUIRE_FALSE(queue.Offer(3, "3/again"));
    const auto later = Serve(queue, 60);
    CHECK(CountOf(std::vector<Flow>(later.begin(), later.begin() + 40), 3) == 0);
}
