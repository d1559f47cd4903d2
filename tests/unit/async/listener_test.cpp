#include "async/listener.hpp"

#include "support/eventually.hpp"
#include "support/raw_socket.hpp"
#include "support/status_matchers.hpp"

#include <catch2/catch.hpp>
#include <sys/resource.h>
#include <sys/socket.h>

#include <atomic>
#include <thread>
#include <vector>

using namespace unibox;  // NOLINT(google-build-using-namespace)
using namespace std::chrono_literals;

namespace {

// Listens on a free port, on a thread of its own, and drops what it accepts.
class Drop {
public:
    Drop() {
        REQUIRE_OK(listener.Listen("127.0.0.1:0"));
        async::asio::post(loop, [this] { listener.Start(); });
        thread = std::thread([this] { loop.run(); });
    }
    ~Drop() {
        listener.CloseAndWait();
        thread.join();
    }
    Drop(const Drop&) = delete;
    Drop& operator=(const Drop&) = delete;

    std::atomic<int> accepted{0};
    std::atomic<int> of_other_loop{0};
    std::atomic<int> failed{0};
    std::atomic<int> first_failures{0};
    async::asio::io_context loop{1};
    async::asio::io_context other_loop{1};
    async::Listener listener{
        {&loop, &other_loop},
        {.accepted =
             [this](std::size_t index, async::tcp::socket, const async::tcp::endpoint&) {
                 ++accepted;
                 if (index == 1) ++of_other_loop;
             },
         .failed =
             [this](const async::error_code&, bool first) {
                 ++failed;
                 if (first) ++first_failures;
             }}};
    std::thread thread;
};

// No new file descriptors for this process while it lives.
class NoFiles {
public:
    NoFiles() {
        REQUIRE(::getrlimit(RLIMIT_NOFILE, &before_) == 0);
        rlimit none = before_;
        none.rlim_cur = 0;
        REQUIRE(::setrlimit(RLIMIT_NOFILE, &none) == 0);
    }
    ~NoFiles() { ::setrlimit(RLIMIT_NOFILE, &before_); }
    NoFiles(const NoFiles&) = delete;
    NoFiles& operator=(const NoFiles&) = delete;

private:
    rlimit before_{};
};

}  // namespace

TEST_CASE("Listener: a want of file descriptors pauses it and ends nothing", "[unit][async]") {
    Drop drop;
    // Made before, so that only accept() wants a descriptor while there is none.
    const int waiting = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    REQUIRE(waiting >= 0);
    {
        const NoFiles none;
        const auto& to = drop.listener.endpoint();
        REQUIRE(::connect(waiting, to.data(), static_cast<socklen_t>(to.size())) == 0);
        REQUIRE(test::Eventually(10s, [&] { return drop.failed >= 2; }));
        CHECK(drop.accepted == 0);
    }
    CHECK(test::Eventually(10s, [&] { return drop.accepted == 1; }));
    CHECK(drop.first_failures == 1);
    test::RawSocket later(drop.listener.address());
    CHECK(test::Eventually(10s, [&] { return drop.accepted == 2; }));
    CHECK(drop.of_other_loop == 1);  // They go round the loops.
    ::close(waiting);
}

TEST_CASE("Listener: what is no address and what is taken", "[unit][async]") {
    Drop drop;
    async::Listener other({&drop.other_loop}, {});
    CHECK_THAT(other.Listen("nowhere"), test::HasCode(Code::kInvalidArgument));
    CHECK_THAT(other.Listen(drop.listener.address()), test::HasCode(Code::kUnavailable));
}
