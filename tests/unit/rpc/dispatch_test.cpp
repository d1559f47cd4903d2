#include "rpc/dispatch.hpp"

#include "support/eventually.hpp"
#include "support/status_matchers.hpp"

#include <catch2/catch.hpp>

#include <future>
#include <optional>

using namespace unibox;  // NOLINT(google-build-using-namespace)
using namespace std::chrono_literals;

namespace {

rpc::Call Soon() {
    rpc::Call call;
    call.deadline = std::chrono::steady_clock::now() + 1h;
    return call;
}

struct Bench {
    explicit Bench(std::size_t queue_count_max = 10)
        : pool({.name = "t", .thread_count = 1, .queue_count_max = queue_count_max}),
          dispatcher({}, pool, metrics) {}

    Status RunAndWait(rpc::Call call, std::function<Status(const rpc::Call&)> use_case) {
        std::promise<Status> done;
        dispatcher.Run("Method", std::move(call), std::move(use_case), [&](const Status& status) {
            done.set_value(status);
        });
        return done.get_future().get();
    }

    obs::Metrics metrics;
    async::WorkerPool pool;
    rpc::Dispatcher dispatcher;
};

}  // namespace

TEST_CASE("Dispatcher: gives the use case's status and measures it", "[unit][rpc]") {
    Bench bench;
    CHECK(
        bench.RunAndWait(Soon(), [](const rpc::Call&) { return NotFound("x"); }).code() ==
        Code::kNotFound
    );
    REQUIRE_OK(bench.RunAndWait(Soon(), [](const rpc::Call&) { return Status(); }));
    const std::string text = bench.metrics.Render();
    CHECK(
        text.find("unibox_rpc_seconds_count{code=\"NOT_FOUND\",method=\"Method\"} 1") !=
        std::string::npos
    );
    CHECK(
        text.find("unibox_rpc_seconds_count{code=\"OK\",method=\"Method\"} 1") != std::string::npos
    );
}

TEST_CASE("Dispatcher: does not begin what is late or what nobody waits for", "[unit][rpc]") {
    Bench bench;
    bool ran = false;
    const auto use_case = [&](const rpc::Call&) {
        ran = true;
        return Status();
    };
    rpc::Call late;
    late.deadline = std::chrono::steady_clock::now() - 1ms;
    CHECK(bench.RunAndWait(late, use_case).code() == Code::kDeadlineExceeded);
    rpc::Call gone = Soon();
    gone.is_cancelled = [] { return true; };
    CHECK(bench.RunAndWait(gone, use_case).code() == Code::kCancelled);
    CHECK_FALSE(ran);
}

TEST_CASE("Dispatcher: a full queue refuses at once and finishes exactly once", "[unit][rpc]") {
    Bench bench(0);
    std::promise<void> gate;
    auto opened = gate.get_future().share();
    std::atomic<int> finished{0};
    bench.dispatcher.Run(
        "Method",
        Soon(),
        [opened](const rpc::Call&) {
            opened.wait();
            return Status();
        },
        [&](const Status&) { ++finished; }
    );
    REQUIRE(test::Eventually(5s, [&] { return bench.pool.running() == 1; }));
    std::optional<Status> refused;
    bench.dispatcher.Run(
        "Method",
        Soon(),
        [](const rpc::Call&) { return Status(); },
        [&](const Status& status) { refused = status; }
    );
    REQUIRE(refused.has_value());
    CHECK_THAT(*refused, test::HasCode(Code::kResourceExhausted));
    CHECK(refused->reason() == "OVERLOADED");
    CHECK(
        bench.metrics.Render().find("unibox_rpc_refused_total{method=\"Method\"} 1") !=
        std::string::npos
    );
    CHECK(finished == 0);
    gate.set_value();
    CHECK(test::Eventually(5s, [&] { return finished == 1; }));
}
