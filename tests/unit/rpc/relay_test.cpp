// The listener and its relays, with the test in the place of gRPC.
#include "async/asio.hpp"
#include "base/mutex.hpp"
#include "obs/log.hpp"
#include "rpc/detail/acceptor.hpp"
#include "rpc/detail/peer_name.hpp"
#include "rpc/detail/relay_thread.hpp"
#include "support/eventually.hpp"
#include "support/http2_client.hpp"
#include "support/status_matchers.hpp"

#include <poll.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <sys/socket.h>
#include <sys/un.h>

#include <deque>
#include <future>
#include <string>
#include <vector>

using namespace unibox;  // NOLINT(google-build-using-namespace)
using namespace std::chrono_literals;
using rpc::detail::Acceptor;
using test::Eventually;
using test::Http2Client;
using test::Http2Frame;

namespace {

const std::string kPreface = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
const std::string kPath = "/unibox.v1.InboxService/GetContact";
const std::string kPing = Http2Frame(test::kHttp2Ping, 0, 0, "12345678");

bool WaitFor(int descriptor, short events) {
    pollfd watched{descriptor, events, 0};
    return ::poll(&watched, 1, 30'000) == 1;
}

// gRPC's end of a connection.
class Server {
public:
    explicit Server(int descriptor) : descriptor_(descriptor) {}
    ~Server() { Close(); }
    Server(Server&& other) noexcept : descriptor_(std::exchange(other.descriptor_, -1)) {}

    // So many bytes, or fewer if the other end is closed.
    std::string Read(std::size_t size) const {
        std::string bytes(size, '\0');
        std::size_t count = 0;
        while (count < size && WaitFor(descriptor_, POLLIN)) {
            const ssize_t some = ::recv(descriptor_, bytes.data() + count, size - count, 0);
            if (some == 0) break;
            if (some > 0) count += static_cast<std::size_t>(some);
        }
        bytes.resize(count);
        return bytes;
    }
    // False once the other end is closed.
    bool Write(std::string_view bytes) const {
        while (!bytes.empty() && WaitFor(descriptor_, POLLOUT)) {
            const ssize_t some = ::send(descriptor_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
            if (some < 0 && errno != EAGAIN) return false;
            if (some > 0) bytes.remove_prefix(static_cast<std::size_t>(some));
        }
        return bytes.empty();
    }
    void Close() {
        if (descriptor_ >= 0) ::close(std::exchange(descriptor_, -1));
    }
    // As gRPC tells it.
    std::string peer() const {
        ::sockaddr_un address{};
        socklen_t size = sizeof address;
        if (::getpeername(descriptor_, reinterpret_cast<::sockaddr*>(&address), &size) != 0) {
            return {};
        }
        const auto bytes = size - offsetof(::sockaddr_un, sun_path);
        return bytes == 0 ? "unix:"
                          : "unix-abstract:" + std::string(address.sun_path + 1, bytes - 1);
    }

private:
    int descriptor_;
};

struct Bench {
    explicit Bench(const rpc::Settings& settings = {}) {
        auto listening = Acceptor::Listen(settings, metrics);
        REQUIRE_OK(listening);
        acceptor = std::move(listening).value();
        acceptor->Start([this](int descriptor) {
            const MutexLock lock(mutex);
            handed_over.emplace_back(descriptor);
        });
    }

    // gRPC's end of the connection that came first of those that were not asked for yet.
    Server Next() {
        REQUIRE(Eventually(30s, [&] {
            const MutexLock lock(mutex);
            return !handed_over.empty();
        }));
        const MutexLock lock(mutex);
        Server next = std::move(handed_over.front());
        handed_over.pop_front();
        return next;
    }
    bool AllTaken() const { return acceptor->WaitUntilTaken(std::chrono::steady_clock::now()); }
    bool Shows(const std::string& line) const {
        return Eventually(30s, [&] {
            return metrics.Render().find(line + "\n") != std::string::npos;
        });
    }

    obs::Metrics metrics;
    Mutex mutex;
    std::deque<Server> handed_over UNIBOX_GUARDED_BY(mutex);
    std::unique_ptr<Acceptor> acceptor;  // Last: its threads use the rest.
};

// Gives whether all was written.
std::future<bool> WriteAndClose(Server server, const std::string& bytes) {
    return std::async(std::launch::async, [&bytes, own = std::move(server)]() mutable {
        const bool all = own.Write(bytes);
        own.Close();
        return all;
    });
}

// A relay thread without a listener: its connections come from where the test says.
struct OneThread {
    OneThread() {
        auto credentials = net::Credentials::Create({}, {});
        REQUIRE_OK(credentials);
        shared.credentials = std::move(credentials).value();
        shared.hand_over = [this](int descriptor) {
            ++handed_over;
            ::close(descriptor);
        };
        thread.Start();
    }

    // The client of a connection that is told to come from this address.
    std::unique_ptr<test::RawSocket> Connect(const std::string& peer_address) {
        using async::tcp;
        async::asio::io_context loop;
        tcp::acceptor listening(loop, {async::asio::ip::make_address("127.0.0.1"), 0});
        const auto port = std::to_string(listening.local_endpoint().port());
        auto client = std::make_unique<test::RawSocket>("127.0.0.1:" + port);
        net::NoPlace why{};
        net::Client* place = shared.connections.Take(1, &why);
        thread.Adopt(listening.accept(thread.loop()), peer_address, place);
        return client;
    }

    obs::Metrics metrics;
    rpc::detail::Shared shared{{}, metrics};
    std::atomic<int> handed_over{0};
    rpc::detail::RelayThread thread{shared};
};

}  // namespace

TEST_CASE("Relay: carries both directions, and the end of each", "[unit][rpc]") {
    Bench bench;
    auto client = std::make_unique<test::RawSocket>(bench.acceptor->address(), "127.0.7.1");
    REQUIRE(client->Send(kPreface + kPing));
    Server server = bench.Next();
    CHECK(rpc::detail::AddressOfPeer(server.peer()) == "127.0.7.1");
    CHECK(server.Read(kPreface.size() + kPing.size()) == kPreface + kPing);
    CHECK(server.Write(kPing));
    CHECK(client->ReadUntil("12345678") == kPing);
    SECTION("the client's") {
        client.reset();
        CHECK(server.Read(1).empty());
        CHECK(bench.acceptor->connection_count() == 1);  // Until gRPC has closed its own.
    }
    SECTION("gRPC's") {
        server.Close();
        std::string rest;
        CHECK(client->ReadToEnd(&rest));
        CHECK(rest.empty());
        client.reset();
    }
    server.Close();
    CHECK(Eventually(30s, [&] { return bench.acceptor->connection_count() == 0; }));
}

TEST_CASE("Relay: a client that cannot be named is refused, counted and told", "[unit][rpc]") {
    std::vector<std::string> lines;
    Mutex mutex;
    const obs::LogCaptureForTest capture([&](std::string_view line) {
        const MutexLock lock(mutex);
        lines.emplace_back(line);
    });
    OneThread one;
    const std::string no_address(200, '1');
    for (int i = 0; i < 3; ++i) {
        const auto client = one.Connect(no_address);
        client->Send(kPreface);
        std::string received;
        CHECK(client->ReadToEnd(&received));
        CHECK(received.empty());
    }
    const auto good = one.Connect("192.0.2.1");
    good->Send(kPreface);
    CHECK(Eventually(30s, [&] { return one.handed_over == 1; }));
    one.thread.Stop();
    CHECK(one.shared.connections.Count() == 0);
    const std::string shown = one.metrics.Render();
    CHECK(
        shown.find("unibox_rpc_connections_refused_total{reason=\"peer_name\"} 3\n") !=
        std::string::npos
    );
    const MutexLock lock(mutex);
    REQUIRE_FALSE(lines.empty());
    CHECK(lines[0].find("cannot be told to gRPC") != std::string::npos);
}

TEST_CASE("Relay: what we do not read is not the client's delay", "[unit][rpc]") {
    rpc::Settings settings;
    settings.request_ms_max = 1'000;
    Bench bench(settings);
    // gRPC takes nothing: in the middle of a frame the client is not read any more.
    test::RawSocket held(bench.acceptor->address());
    std::string pings = kPreface;
    for (int i = 0; i < 300'000; ++i) pings += kPing;
    auto sent = std::async(std::launch::async, [&] { return held.Send(pings); });
    const Server server = bench.Next();
    // One that is slow itself, and later, is ended.
    test::RawSocket late(bench.acceptor->address());
    REQUIRE(late.Send(kPreface + kPing.substr(0, 5)));
    const Server other = bench.Next();
    std::string received;
    CHECK(late.ReadToEnd(&received));
    CHECK(bench.Shows("unibox_rpc_connections_ended_total{reason=\"frame_time\"} 1"));
    const bool all = server.Read(pings.size()) == pings;
    CHECK(all);
    CHECK(sent.get());
}

TEST_CASE("Relay: the last answers arrive, whatever the client still says", "[unit][rpc]") {
    Bench bench;
    test::RawSocket client(bench.acceptor->address());
    REQUIRE(client.Send(kPreface));
    // More than the client's socket takes at once.
    const std::string answer = Http2Frame(test::kHttp2Data, 0, 1, std::string(600'000, 'a'));
    auto written = WriteAndClose(bench.Next(), answer);
    REQUIRE(written.get());
    REQUIRE(Eventually(30s, [&] { return !bench.AllTaken(); }));
    // To a closed socket this would be answered with a reset.
    CHECK(client.Send(kPing));
    std::string received;
    CHECK(client.ReadToEnd(&received));
    const bool all = received == answer;
    CHECK(all);
    // Its end needs no word of the client: what it has taken is seen.
    CHECK(Eventually(30s, [&] { return bench.acceptor->connection_count() == 0; }));
}

TEST_CASE("Relay: it is known whether clients have taken their answers", "[unit][rpc]") {
    Bench bench;
    auto client = std::make_unique<test::RawSocket>(bench.acceptor->address());
    REQUIRE(client->Send(kPreface));
    const std::string answer = Http2Frame(test::kHttp2Data, 0, 1, std::string(8'000'000, 'a'));
    CHECK(bench.AllTaken());
    auto written = WriteAndClose(bench.Next(), answer);
    REQUIRE(Eventually(30s, [&] { return !bench.AllTaken(); }));
    SECTION("they take them") {
        std::string received;
        CHECK(client->ReadToEnd(&received));
        const bool all = received == answer;
        CHECK(all);
        CHECK(written.get());
    }
    SECTION("they go") {
        client.reset();
        written.get();
    }
    CHECK(bench.acceptor->WaitUntilTaken(std::chrono::steady_clock::now() + 30s));
}

TEST_CASE("Relay: a connection of our own waits for nobody's leave", "[unit][rpc]") {
    rpc::Settings settings;
    settings.in_flight_bytes_max = 1 << 20;
    settings.in_flight_bytes_per_client_percent = 100;
    settings.connection_count_max = 1;
    Bench bench(settings);
    Http2Client greedy(bench.acceptor->address());
    const Server server = bench.Next();
    for (int i = 0; i < 100; ++i) greedy.Open(kPath);
    REQUIRE(greedy.ReadUntil([&] { return !greedy.ended().empty(); }));

    async::asio::io_context loop;
    async::tcp::socket own(loop, {async::asio::ip::make_address("127.0.0.1"), 0});
    bench.acceptor->ExpectOwn(own.local_endpoint().port());
    const std::string& address = bench.acceptor->address();
    const auto port = std::stoi(address.substr(address.rfind(':') + 1));
    own.connect({async::asio::ip::make_address("127.0.0.1"), static_cast<std::uint16_t>(port)});
    constexpr std::uint8_t kWhole = test::kHttp2EndHeaders | test::kHttp2EndStream;
    const std::string call =
        kPreface + Http2Frame(test::kHttp2Headers, kWhole, 1, test::GrpcHeaderBlock(kPath)) + kPing;
    REQUIRE(::send(own.native_handle(), call.data(), call.size(), MSG_NOSIGNAL) > 0);
    CHECK(bench.Next().Read(call.size()) == call);  // No reset is among it.
    CHECK(bench.acceptor->connection_count() == 1);
}
