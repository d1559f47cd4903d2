#include "rpc/detail/probe.hpp"

#include "async/asio.hpp"
#include "support/eventually.hpp"
#include "support/status_matchers.hpp"

#include <poll.h>

#include <catch2/catch.hpp>

using namespace unibox;  // NOLINT(google-build-using-namespace)
using namespace std::chrono_literals;
using rpc::detail::Probe;

namespace {

// Takes connections into its backlog and never answers.
class Silent final : public rpc::detail::Acceptor {
public:
    void Start(rpc::detail::HandOver) override {}
    std::string address() const override {
        return "127.0.0.1:" + std::to_string(listening_.local_endpoint().port());
    }
    std::int64_t connection_count() const override { return 0; }
    void ExpectOwn(std::uint16_t port) override { expected_ = port; }
    void StopAccepting() override {}
    bool WaitUntilTaken(SteadyTime) override { return true; }
    bool WaitUntilNone(Millis) override { return true; }
    void Stop() override {}

    bool HasConnection() {
        pollfd watched{listening_.native_handle(), POLLIN, 0};
        return ::poll(&watched, 1, 0) == 1;
    }
    std::uint16_t expected() const { return expected_; }

private:
    async::asio::io_context loop_;
    async::tcp::acceptor listening_{loop_, {async::asio::ip::make_address("127.0.0.1"), 0}};
    std::atomic<std::uint16_t> expected_{0};
};

}  // namespace

TEST_CASE("Probe: no answer is a failure, enough of them are the listener's", "[unit][rpc]") {
    Silent silent;
    obs::Metrics metrics;
    const Probe probe(
        silent, {.interval = 1ms, .answer_max = 10ms, .failure_count_max = 2}, metrics
    );
    CHECK(test::Eventually(30s, [&] { return probe.Alive().code() == Code::kUnavailable; }));
    CHECK(probe.Alive().message().find(silent.address()) != std::string::npos);
}

TEST_CASE("Probe: its end does not wait for an answer", "[unit][rpc]") {
    Silent silent;
    obs::Metrics metrics;
    {
        const Probe probe(
            silent, {.interval = 1h, .answer_max = 1h, .failure_count_max = 1}, metrics
        );
        REQUIRE(test::Eventually(30s, [&] { return silent.HasConnection(); }));
        CHECK(silent.expected() != 0);
        REQUIRE_OK(probe.Alive());
    }
    // What was cut short was no failure.
    CHECK(metrics.Render().find("unibox_rpc_probe_failed_total 0\n") != std::string::npos);
}
