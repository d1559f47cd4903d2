// Floods of a gateway's gRPC listener by clients without a key: its memory stays bounded, and a
// quiet client of another network is served meanwhile and afterwards. PostgreSQL is not needed.
#include "grpc/health/v1/health.grpc.pb.h"
#include "http/client.hpp"
#include "support/eventually.hpp"
#include "support/http2_client.hpp"
#include "support/process.hpp"
#include "support/status_matchers.hpp"
#include "unibox/v1/inbox_service.grpc.pb.h"

#include <catch2/catch.hpp>
#include <grpcpp/grpcpp.h>

#include <atomic>
#include <fstream>
#include <memory>
#include <sstream>
#include <string>
#include <thread>
#include <vector>

namespace unibox::test {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
namespace health = grpc::health::v1;

constexpr const char* kFlooder = "127.0.5.1";  // Another network than the quiet client's.
constexpr const char* kMethod = "/unibox.v1.InboxService/GetContact";
constexpr std::int64_t kMiB = 1 << 20;
// What one network may hold is reckoned as 128 MiB (half of grpc.in_flight_bytes_max). Measured,
// the floods below take 140 to 160, that of resets up to 300 with what the allocator keeps.
constexpr std::int64_t kHeldMax = 384 * kMiB;

class Gateway {
public:
    explicit Gateway(std::vector<std::string> settings) : process_("/bin/sh", Options(settings)) {
        const auto ready = process_.WaitForLine("\"ready\"", seconds(60));
        REQUIRE(ready.has_value());
        grpc = AddressOf(*ready, "grpc");
        http = AddressOf(*ready, "http");
        admin = AddressOf(*ready, "admin");
        // The most that it takes is reckoned from here.
        std::ofstream("/proc/" + std::to_string(process_.pid()) + "/clear_refs") << "5";
        at_rest_ = PeakBytes();
    }
    ~Gateway() {
        CHECK(process_.Terminate() == 0);
        std::istringstream lines(process_.output());
        for (std::string line; std::getline(lines, line);) {
            INFO(line);
            CHECK((line.starts_with('{') && line.ends_with('}')));
        }
    }
    Gateway(const Gateway&) = delete;
    Gateway& operator=(const Gateway&) = delete;

    // The most memory that it had since it was at rest, beyond that.
    std::int64_t GrownBytes() const { return PeakBytes() - at_rest_; }
    int Livez() const {
        const auto answer = http::Send("GET", "http://" + admin + "/livez", {}, "", Millis(10'000));
        return answer.ok() ? answer->status : 0;
    }
    std::string Metrics() const {
        const auto answer =
            http::Send("GET", "http://" + admin + "/metrics", {}, "", Millis(10'000));
        return answer.ok() ? answer->body : "";
    }
    double Metric(const std::string& series) const {
        const std::string text = "\n" + Metrics();
        const auto at = text.find("\n" + series + " ");
        return at == std::string::npos ? -1 : std::stod(text.substr(at + series.size() + 2));
    }

    std::string grpc;
    std::string http;
    std::string admin;

private:
    static ProcessOptions Options(std::vector<std::string> settings) {
        ProcessOptions options;
        options.arguments = {
            "-c", "ulimit -n 1024 && exec \"$0\" \"$@\"", UNIBOX_BINARY_DIR "/bin/gateway"};
        for (const std::string setting :
             {"--http.listen=127.0.0.1:0",
              "--grpc.listen=127.0.0.1:0",
              "--admin.listen=127.0.0.1:0",
              "--postgres.url=postgresql://127.0.0.1:1/none",
              "--runtime.drain_ms=0",
              "--limits.anonymous_per_s=0",  // The quiet client has no key.
              "--http.connection_count_max=300",
              "--http.connection_count_per_client_max=250",
              "--grpc.connection_count_max=100",
              "--grpc.connection_count_per_client_max=80"}) {
            options.arguments.push_back(setting);
        }
        std::move(settings.begin(), settings.end(), std::back_inserter(options.arguments));
        return options;
    }
    static std::string AddressOf(const std::string& line, const std::string& kind) {
        const std::string key = "\"" + kind + "\":\"";
        const auto at = line.find(key) + key.size();
        return line.substr(at, line.find('"', at) - at);
    }
    std::int64_t PeakBytes() const {
        std::ifstream status("/proc/" + std::to_string(process_.pid()) + "/status");
        for (std::string line; std::getline(status, line);) {
            if (line.starts_with("VmHWM:")) return std::stoll(line.substr(6)) * 1024;
        }
        return -1;
    }

    Process process_;
    std::int64_t at_rest_ = 0;
};

// Dials anew and calls, again and again, while it lives.
class QuietClient {
public:
    explicit QuietClient(const std::string& address)
        : address_(address), thread_([this] {
              while (!stopping_) Call();
          }) {}
    ~QuietClient() {
        const int at_the_end = served_;
        CHECK(Eventually(seconds(30), [&] { return served_ > at_the_end + 1; }));
        stopping_ = true;
        thread_.join();
        CHECK(failed_ == 0);
    }
    QuietClient(const QuietClient&) = delete;
    QuietClient& operator=(const QuietClient&) = delete;

    int served() const { return served_; }

private:
    void Call() {
        grpc::ChannelArguments arguments;
        arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
        const auto channel =
            grpc::CreateCustomChannel(address_, grpc::InsecureChannelCredentials(), arguments);
        grpc::ClientContext context;
        context.set_deadline(std::chrono::system_clock::now() + seconds(20));
        health::HealthCheckResponse response;
        const auto status = health::Health::NewStub(channel)->Check(&context, {}, &response);
        grpc::ClientContext other;
        other.set_deadline(std::chrono::system_clock::now() + seconds(20));
        v1::Contact contact;
        const auto refused = v1::InboxService::NewStub(channel)->GetContact(&other, {}, &contact);
        const bool served =
            status.ok() && refused.error_code() == grpc::StatusCode::UNAUTHENTICATED;
        ++(served ? served_ : failed_);
    }

    const std::string address_;
    std::atomic<bool> stopping_{false};
    std::atomic<int> served_{0};
    std::atomic<int> failed_{0};
    std::thread thread_;
};

using Flood = std::vector<std::unique_ptr<Http2Client>>;

Flood Connect(const Gateway& gateway, int count) {
    Flood flood;
    for (int i = 0; i < count; ++i) {
        flood.push_back(std::make_unique<Http2Client>(gateway.grpc, kFlooder));
    }
    return flood;
}

}  // namespace

TEST_CASE("gRPC flood: idle connections", "[fault]") {
    Gateway gateway({});
    const QuietClient quiet(gateway.grpc);
    {
        std::vector<std::unique_ptr<RawSocket>> idle;
        for (int i = 0; i < 1'500; ++i) {
            idle.push_back(std::make_unique<RawSocket>(gateway.http, kFlooder));
            idle.push_back(std::make_unique<RawSocket>(gateway.grpc, kFlooder));
        }
        const Flood spoken = Connect(gateway, 200);
        const int before = quiet.served();
        CHECK(Eventually(seconds(30), [&] { return quiet.served() > before + 10; }));
        CHECK(gateway.Livez() == 200);
        CHECK(gateway.Metric("unibox_rpc_connections") <= 100);
    }
    CHECK(Eventually(seconds(30), [&] { return gateway.Metric("unibox_rpc_connections") <= 1; }));
    CHECK(gateway.Metric("unibox_rpc_accept_failed_total") == 0);
    CHECK(gateway.GrownBytes() < 64 * kMiB);
}

TEST_CASE("gRPC flood: half-sent messages", "[fault]") {
    Gateway gateway({"--grpc.receive_bytes_max=4194304"});
    const QuietClient quiet(gateway.grpc);
    Flood flood = Connect(gateway, 6);
    const std::string begun = GrpcMessage(std::string(4'190'000, 'x')).substr(0, 4'000'000);
    // 250 calls on each of 6 connections, 6 GB in all, as far as windows are granted.
    std::vector<std::vector<std::pair<std::uint32_t, std::size_t>>> calls(flood.size());
    for (std::size_t i = 0; i < flood.size(); ++i) {
        for (int n = 0; n < 250; ++n) calls[i].emplace_back(flood[i]->Open(kMethod), 0);
    }
    const auto end = std::chrono::steady_clock::now() + seconds(8);
    while (std::chrono::steady_clock::now() < end) {
        for (std::size_t i = 0; i < flood.size(); ++i) {
            for (auto& [stream, sent] : calls[i]) {
                if (flood[i]->ended().contains(stream)) continue;
                const auto part = std::string_view(begun).substr(sent, 65'536);
                sent += flood[i]->SendData(stream, part);
            }
            flood[i]->ReadUntil([] { return false; }, milliseconds(1));
        }
    }
    CHECK(gateway.Metric("unibox_rpc_calls_ended_total{reason=\"held_bytes\"}") > 0);
    CHECK(gateway.GrownBytes() < kHeldMax);
}

TEST_CASE("gRPC flood: calls that are headers only", "[fault]") {
    Gateway gateway({"--grpc.request_ms_max=1000"});
    const QuietClient quiet(gateway.grpc);
    Flood flood = Connect(gateway, 60);
    for (auto& client : flood) {
        for (int n = 0; n < 250; ++n) client->Open(kMethod);
    }
    for (auto& client : flood) {
        CHECK(client->ReadUntil([&] { return client->ended().size() == 250; }));
    }
    CHECK(gateway.Metric("unibox_rpc_calls_ended_total{reason=\"request_time\"}") > 0);
    CHECK(gateway.GrownBytes() < kHeldMax);
}

TEST_CASE("gRPC flood: headers without end", "[fault]") {
    Gateway gateway({});
    const QuietClient quiet(gateway.grpc);
    const std::string more = Http2Frame(kHttp2Continuation, 0, 1, std::string(1'000, '\0'));
    for (int round = 0; round < 50; ++round) {
        Flood flood = Connect(gateway, 4);
        for (auto& client : flood) {
            client->Send(Http2Frame(kHttp2Headers, 0, 1, GrpcHeaderBlock(kMethod)));
            for (int i = 0; i < 10'000 && client->Send(more); ++i) {
            }
            CHECK(client->ReadUntil([&] { return client->closed(); }));
        }
    }
    CHECK(gateway.Metric("unibox_rpc_connections_ended_total{reason=\"header_block\"}") == 200);
    CHECK(gateway.GrownBytes() < 64 * kMiB);
}

TEST_CASE("gRPC flood: calls opened only to be reset", "[fault]") {
    Gateway gateway({});
    const QuietClient quiet(gateway.grpc);
    const std::string cancel("\0\0\0\x8", 4);
    for (int round = 0; round < 10; ++round) {
        Flood flood = Connect(gateway, 4);
        for (auto& client : flood) {
            std::uint32_t stream = 0;
            do {
                stream = client->Open(kMethod);
            } while (stream < 40'000 && client->Send(Http2Frame(kHttp2RstStream, 0, stream, cancel))
            );
            CHECK(client->ReadUntil([&] { return client->closed(); }));
        }
    }
    // By their number, or, where the network holds all that it may, by what is still to be ended.
    const std::string ended = "unibox_rpc_connections_ended_total";
    CHECK(
        gateway.Metric(ended + "{reason=\"cancellations\"}") +
            gateway.Metric(ended + "{reason=\"stream_count\"}") ==
        40
    );
    CHECK(gateway.GrownBytes() < kHeldMax);
}

TEST_CASE("gRPC flood: what libraries would write to the log", "[fault]") {
    Gateway gateway({});
    const QuietClient quiet(gateway.grpc);
    Http2Client client(gateway.grpc, kFlooder);
    for (int i = 0; i < 200; ++i) {
        const auto stream = client.Open(kMethod);
        client.SendData(stream, GrpcMessage("\x0a\x01\xff"), true);
        CHECK(client.ReadUntil([&] { return client.ended().contains(stream); }));
    }
    CHECK(
        gateway.Metric("unibox_library_log_lines_total{level=\"warn\",library=\"protobuf\"}") == 200
    );
}

}  // namespace unibox::test
