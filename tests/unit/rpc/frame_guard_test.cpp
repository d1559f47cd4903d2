#include "rpc/detail/frame_guard.hpp"

#include "support/http2_client.hpp"

#include <catch2/catch.hpp>

#include <optional>
#include <string>

using namespace unibox;  // NOLINT(google-build-using-namespace)
using namespace std::chrono_literals;
using rpc::detail::Ended;
using rpc::detail::FrameGuard;
using test::Http2Frame;

namespace {

constexpr std::uint8_t kEndHeaders = test::kHttp2EndHeaders;
constexpr std::uint8_t kEndStream = test::kHttp2EndStream;
constexpr std::uint8_t kWhole = kEndHeaders | kEndStream;

std::string Reset(std::uint32_t stream, char error) {
    return Http2Frame(test::kHttp2RstStream, 0, stream, std::string("\0\0\0", 3) + error);
}

struct Bench {
    explicit Bench(std::int64_t bytes_max = 1 << 20) : budget(bytes_max, bytes_max) {
        limits.header_block_bytes_max = 1'000;
        limits.stream_count_max = 10;
        guard = std::make_unique<FrameGuard>(limits, budget, client);
    }

    // What passes to the server of these bytes.
    std::string Client(std::string_view bytes) {
        std::string out;
        ended = guard->FromClient(bytes, now, &out);
        return out;
    }
    std::string Server(std::string_view bytes) {
        std::string out;
        guard->FromServer(bytes, &out);
        return out;
    }
    std::string Headers(std::uint32_t stream, std::uint8_t flags, std::size_t size = 20) {
        return Http2Frame(test::kHttp2Headers, flags, stream, std::string(size, 'h'));
    }
    std::string Data(std::uint32_t stream, std::size_t size, std::uint8_t flags = 0) {
        return Http2Frame(test::kHttp2Data, flags, stream, std::string(size, 'd'));
    }

    rpc::detail::GuardLimits limits;
    rpc::detail::RequestBudget budget;
    net::Client client;
    SteadyTime now{1h};
    std::optional<Ended> ended;
    std::unique_ptr<FrameGuard> guard;
};

}  // namespace

TEST_CASE("FrameGuard: passes both directions unchanged, however they are cut", "[unit][rpc]") {
    Bench bench;
    const std::string bytes = bench.Headers(1, kEndHeaders) + bench.Data(1, 300) +
                              bench.Data(1, 0, kEndStream) + bench.Headers(3, kWhole) +
                              Http2Frame(test::kHttp2Ping, 0, 0, "12345678");
    for (std::size_t piece = 1; piece < bytes.size(); ++piece) {
        Bench one;
        std::string passed;
        std::string back;
        for (std::size_t at = 0; at < bytes.size(); at += piece) {
            passed += one.Client(std::string_view(bytes).substr(at, piece));
            back += one.Server(std::string_view(bytes).substr(at, piece));
            REQUIRE_FALSE(one.ended);
        }
        REQUIRE(passed == bytes);
        REQUIRE(back == bytes);
    }
}

TEST_CASE("FrameGuard: a header block is bounded, however it is cut", "[unit][rpc]") {
    const auto continuation = [](std::size_t size, std::uint8_t flags) {
        return Http2Frame(test::kHttp2Continuation, flags, 1, std::string(size, 'c'));
    };
    Bench whole;
    whole.Client(whole.Headers(1, kWhole, 1'200));
    CHECK(whole.ended == Ended::kHeaderBlock);

    Bench parts;
    parts.Client(parts.Headers(1, 0, 400) + continuation(400, 0));
    CHECK_FALSE(parts.ended);
    parts.Client(continuation(400, 0));
    CHECK(parts.ended == Ended::kHeaderBlock);

    Bench empty;  // Of frames without content.
    empty.Client(empty.Headers(1, 0));
    for (int i = 0; i < 1'000 && !empty.ended; ++i) empty.Client(continuation(0, 0));
    CHECK(empty.ended == Ended::kHeaderBlock);

    Bench good;
    good.Client(good.Headers(1, 0, 400) + continuation(400, kEndHeaders) + good.Headers(3, kWhole));
    CHECK_FALSE(good.ended);
}

TEST_CASE("FrameGuard: nothing comes between the parts of a header block", "[unit][rpc]") {
    for (const auto& frame :
         {Http2Frame(test::kHttp2Ping, 0, 0, "12345678"),
          Http2Frame(test::kHttp2Continuation, 0, 3, "x"),
          Http2Frame(test::kHttp2Data, 0, 1, "x")}) {
        Bench bench;
        bench.Client(bench.Headers(1, 0));
        bench.Client(frame);
        CHECK(bench.ended == Ended::kFrameOrder);
    }
    Bench alone;
    alone.Client(Http2Frame(test::kHttp2Continuation, 0, 1, "x"));
    CHECK(alone.ended == Ended::kFrameOrder);
}

TEST_CASE("FrameGuard: a call that only a server could open ends its connection", "[unit][rpc]") {
    for (const std::uint32_t stream : {0U, 2U}) {
        Bench bench;
        bench.Client(bench.Headers(stream, kWhole));
        CHECK(bench.ended == Ended::kFrameOrder);
        CHECK(bench.budget.bytes() == 0);
        CHECK(bench.guard->stream_count() == 0);
    }
}

TEST_CASE("FrameGuard: a request that does not arrive ends alone", "[unit][rpc]") {
    Bench bench;
    bench.Client(bench.Headers(1, kEndHeaders) + bench.Headers(3, kWhole));
    bench.now += 9s;
    bench.Client(bench.Headers(5, kEndHeaders));
    bench.Client(bench.Data(1, 10));  // A byte now and then does not help.
    CHECK_FALSE(bench.guard->CheckTimes(bench.now));
    std::string to_server;
    bench.guard->AppendDueToServer(&to_server);
    CHECK(to_server.empty());

    // In the middle of a frame nothing can be told to gRPC.
    bench.now += 2s;
    const std::string data = bench.Data(5, 10);
    CHECK(bench.Client(data.substr(0, 12)) == data.substr(0, 12));
    CHECK_FALSE(bench.guard->CheckTimes(bench.now));
    CHECK(bench.guard->TakeEndedCount(Ended::kRequestTime) == 1);
    bench.guard->AppendDueToServer(&to_server);
    CHECK(to_server.empty());
    CHECK(bench.Client(data.substr(12)) == data.substr(12) + Reset(1, 8));
    CHECK(bench.guard->stream_count() == 2);
}

TEST_CASE("FrameGuard: a frame that does not end ends its connection", "[unit][rpc]") {
    for (const std::size_t size : {5U, 12U}) {  // In the head, in the payload.
        Bench bench;
        bench.Client(bench.Headers(1, kEndHeaders));
        bench.Client(bench.Data(1, 100).substr(0, size));
        bench.now += 9s;
        CHECK_FALSE(bench.guard->CheckTimes(bench.now));
        bench.now += 2s;
        CHECK(bench.guard->CheckTimes(bench.now) == Ended::kFrameTime);
    }
    Bench block;
    block.Client(block.Headers(1, 0));
    block.now += 11s;
    CHECK(block.guard->CheckTimes(block.now) == Ended::kFrameTime);
}

TEST_CASE("FrameGuard: what requests hold is reckoned and given back", "[unit][rpc]") {
    Bench bench(100'000);
    bench.Client(bench.Headers(1, kEndHeaders, 100) + bench.Data(1, 16'000));
    const std::int64_t held = FrameGuard::kCallBytes + 100 * FrameGuard::kBytesPerHeaderByte +
                              16'000 * FrameGuard::kBytesPerMessageByte +
                              FrameGuard::kBytesPerFrame;
    CHECK(bench.budget.bytes() == held);
    CHECK(bench.client.held_bytes == held);
    SECTION("when the server has answered") {
        bench.Server(bench.Headers(1, kWhole));
    }
    SECTION("when the server resets it") {
        bench.Server(Reset(1, 8));
    }
    SECTION("when the client has reset it, and gRPC has had time to see it") {
        bench.guard->CheckTimes(bench.now);
        bench.Client(Reset(1, 8));
        for (int i = 0; i < 2; ++i) {
            CHECK(bench.budget.bytes() == held);
            bench.now += FrameGuard::kAnswerMax;
            bench.guard->CheckTimes(bench.now);
        }
    }
    SECTION("when the connection ends") {
        bench.guard.reset();
    }
    SECTION("when the connection ends after a reset") {
        bench.Client(Reset(1, 8));
        bench.guard.reset();
    }
    CHECK(bench.budget.bytes() == 0);
    CHECK(bench.client.held_bytes == 0);
}

TEST_CASE("FrameGuard: a request that would hold too much ends alone", "[unit][rpc]") {
    Bench bench(50'000);
    bench.Client(bench.Headers(1, kEndHeaders) + bench.Headers(3, kEndHeaders));
    CHECK_FALSE(bench.ended);
    // Told before the frame that was too much.
    const std::string data = bench.Data(1, 14'000);
    CHECK(bench.Client(data) == Reset(1, 8) + data);
    CHECK(bench.guard->TakeEndedCount(Ended::kHeldBytes) == 1);
    CHECK(bench.guard->stream_count() == 1);
    // A call that is too much itself: gRPC must see its headers before their reset.
    CHECK_FALSE(bench.Client(bench.Headers(5, kEndHeaders)).ends_with(Reset(5, 8)));
    const std::string more = bench.Headers(7, 0, 900);
    const std::string rest = Http2Frame(test::kHttp2Continuation, kEndHeaders, 7, "x");
    CHECK(bench.Client(more) == more);
    CHECK(bench.Client(rest) == rest + Reset(7, 8));
}

TEST_CASE("FrameGuard: a call that was ended is told to the client once", "[unit][rpc]") {
    Bench bench(1'000);
    for (const std::uint32_t stream : {1, 3, 5}) bench.Client(bench.Headers(stream, kEndHeaders));
    // gRPC answers two of them.
    bench.Server(bench.Headers(1, kWhole));
    bench.Server(Reset(5, 0));
    bench.guard->CheckTimes(bench.now);
    CHECK(bench.Server({}).empty());
    bench.now += FrameGuard::kAnswerMax;
    bench.guard->CheckTimes(bench.now);
    // Not in the middle of a frame.
    const std::string data = bench.Data(9, 10);
    CHECK(bench.Server(data.substr(0, 12)) == data.substr(0, 12));
    CHECK(bench.Server(data.substr(12)) == data.substr(12) + Reset(3, 8));
    bench.now += FrameGuard::kAnswerMax;
    bench.guard->CheckTimes(bench.now);
    CHECK(bench.Server({}).empty());
}

TEST_CASE("FrameGuard: streams opened only to be reset end their connection", "[unit][rpc]") {
    Bench bench(100 << 20);
    std::uint32_t stream = 1;
    const auto cancel = [&](int count) {
        for (int i = 0; i < count && !bench.ended; ++i, stream += 2) {
            bench.Client(bench.Headers(stream, kWhole) + Reset(stream, 8));
        }
    };
    cancel(900);
    CHECK_FALSE(bench.ended);
    bench.now += 1s;
    cancel(500);
    CHECK_FALSE(bench.ended);
    cancel(1'000);
    CHECK(bench.ended == Ended::kCancellations);
}

TEST_CASE("FrameGuard: far more calls than granted end their connection", "[unit][rpc]") {
    Bench bench;
    for (std::uint32_t stream = 1; stream < 41; stream += 2) {
        bench.Client(bench.Headers(stream, kEndHeaders));
        REQUIRE_FALSE(bench.ended);
    }
    bench.Client(bench.Headers(41, kEndHeaders));
    CHECK(bench.ended == Ended::kStreamCount);
}
