// Publishing to JetStream: our Publisher beside nats.c's js_PublishMsgAsync, in turn against one
// private nats-server, with the same headers, payload and window. Prints a table.
//   nats_publish_bench [messages] [payload bytes] [rounds] [flush interval in us]
#include "base/assert.hpp"
#include "bench/common/cpu_seconds.hpp"
#include "nats/connection.hpp"
#include "nats/publisher.hpp"
#include "nats/streams.hpp"
#include "obs/metrics.hpp"
#include "support/nats_server.hpp"

#include <nats/nats.h>

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <mutex>
#include <string>
#include <vector>

using namespace unibox;
using Clock_ = std::chrono::steady_clock;

namespace {

constexpr std::size_t kWindow = 4096;

struct Sample {
    double seconds = 0;
    double cpu_seconds = 0;
    double p50_us = 0;
    double p99_us = 0;
};

// Counts completions; lets the producer wait for room in the window.
class Progress {
public:
    explicit Progress(std::size_t count) : latencies_us_(count) {}
    void Finish(std::size_t index, Clock_::time_point started) {
        const auto took = std::chrono::duration<double, std::micro>(Clock_::now() - started);
        latencies_us_[index] = took.count();
        const std::size_t done = ++done_;
        if (done < wanted_) return;
        const std::lock_guard lock(mutex_);
        changed_.notify_one();
    }
    // Goes on when an eighth of the window is free, so that the producer is not woken for every
    // message.
    void WaitForRoom(std::size_t sent, std::size_t window) {
        if (sent - std::min<std::size_t>(done_, sent) < window) return;
        WaitUntil(sent - window + std::max<std::size_t>(window / 8, 1));
    }
    void WaitForAll() { WaitUntil(latencies_us_.size()); }
    double Percentile(double share) {
        std::sort(latencies_us_.begin(), latencies_us_.end());
        return latencies_us_[static_cast<std::size_t>(
            share * static_cast<double>(latencies_us_.size() - 1)
        )];
    }

private:
    void WaitUntil(std::size_t done) {
        if (done_ >= done) return;
        std::unique_lock lock(mutex_);
        wanted_ = done;
        changed_.wait(lock, [&] { return done_ >= done; });
        wanted_ = SIZE_MAX;
    }
    std::vector<double> latencies_us_;
    std::atomic<std::size_t> done_{0};
    std::atomic<std::size_t> wanted_{SIZE_MAX};
    std::mutex mutex_;
    std::condition_variable changed_;
};

template <typename Run>
Sample Measure(std::size_t count, Run run) {
    Progress progress(count);
    const double cpu = bench::OwnCpuSeconds();
    const auto start = Clock_::now();
    run(progress);
    progress.WaitForAll();
    Sample sample;
    sample.seconds = std::chrono::duration<double>(Clock_::now() - start).count();
    sample.cpu_seconds = bench::OwnCpuSeconds() - cpu;
    sample.p50_us = progress.Percentile(0.5);
    sample.p99_us = progress.Percentile(0.99);
    return sample;
}

Sample RunOurs(
    nats::Publisher& publisher,
    std::size_t count,
    const std::string& payload,
    const std::string& run,
    std::size_t window
) {
    return Measure(count, [&](Progress& progress) {
        for (std::size_t i = 0; i < count; ++i) {
            progress.WaitForRoom(i, window);
            const auto now = Clock_::now();
            publisher.Publish(
                {.subject = "bench.1",
                 .msg_id = run + std::to_string(i),
                 .expected_stream = "BENCH",
                 .payload = payload,
                 .traceparent = {}},
                now + std::chrono::seconds(30),
                [&progress, i, now](const Result<nats::PubAck>& result) {
                    if (!result.ok()) std::fputs(result.status().ToString().c_str(), stderr);
                    UNIBOX_ASSERT(result.ok());
                    progress.Finish(i, now);
                }
            );
        }
    });
}

struct RawState {
    Progress* progress = nullptr;
    std::vector<Clock_::time_point> started;
    std::size_t prefix = 0;
};

void OnRawAck(jsCtx*, natsMsg* message, jsPubAck*, jsPubAckErr* error, void* closure) {
    UNIBOX_ASSERT(error == nullptr);
    auto* state = static_cast<RawState*>(closure);
    const char* id = nullptr;
    natsMsgHeader_Get(message, "Nats-Msg-Id", &id);
    const std::size_t index = std::strtoull(id + state->prefix, nullptr, 10);
    state->progress->Finish(index, state->started[index]);
    natsMsg_Destroy(message);
}

Sample RunRaw(
    const std::string& url,
    std::size_t count,
    const std::string& payload,
    const std::string& run,
    std::size_t window
) {
    natsConnection* connection = nullptr;
    jsCtx* context = nullptr;
    RawState state;
    state.prefix = run.size();
    state.started.resize(count);
    jsOptions options;
    jsOptions_Init(&options);
    options.PublishAsync.AckHandler = OnRawAck;
    options.PublishAsync.AckHandlerClosure = &state;
    UNIBOX_ASSERT(natsConnection_ConnectTo(&connection, url.c_str()) == NATS_OK);
    UNIBOX_ASSERT(natsConnection_JetStream(&context, connection, &options) == NATS_OK);
    const Sample sample = Measure(count, [&](Progress& progress) {
        state.progress = &progress;
        for (std::size_t i = 0; i < count; ++i) {
            progress.WaitForRoom(i, window);
            natsMsg* message = nullptr;
            natsMsg_Create(
                &message, "bench.1", nullptr, payload.data(), static_cast<int>(payload.size())
            );
            jsPubOptions publish;
            jsPubOptions_Init(&publish);
            const std::string id = run + std::to_string(i);
            publish.MsgId = id.c_str();
            publish.ExpectStream = "BENCH";
            state.started[i] = Clock_::now();
            UNIBOX_ASSERT(js_PublishMsgAsync(context, &message, &publish) == NATS_OK);
        }
    });
    jsCtx_Destroy(context);
    natsConnection_Destroy(connection);
    return sample;
}

void Print(const char* name, std::size_t window, std::size_t count, const Sample& sample) {
    std::printf(
        "%-10s window %5zu  %9.0f msg/s  %6.2f us CPU/msg  p50 %8.0f us  p99 %8.0f us\n",
        name,
        window,
        static_cast<double>(count) / sample.seconds,
        sample.cpu_seconds * 1e6 / static_cast<double>(count),
        sample.p50_us,
        sample.p99_us
    );
}

std::size_t Argument(int argc, char** argv, int index, std::size_t otherwise) {
    return index < argc ? std::strtoull(argv[index], nullptr, 10) : otherwise;
}

}  // namespace

int main(int argc, char** argv) {
    const std::size_t count = Argument(argc, argv, 1, 100'000);
    const std::string payload(Argument(argc, argv, 2, 1024), 'x');
    const std::size_t rounds = Argument(argc, argv, 3, 3);
    test::NatsServer server;
    obs::Metrics metrics;
    nats::Settings settings;
    settings.url = server.url();
    settings.flush_interval_us = static_cast<std::int64_t>(Argument(argc, argv, 4, 150));
    auto connection = nats::Connection::Connect(settings, metrics);
    UNIBOX_ASSERT(connection.ok());
    nats::StreamSpec spec;
    spec.name = "BENCH";
    spec.subjects = {"bench.>"};
    UNIBOX_ASSERT(nats::Streams(**connection).Ensure(spec).ok());
    auto publisher = nats::Publisher::Create(**connection, {}, metrics);
    UNIBOX_ASSERT(publisher.ok());
    int run = 0;
    const auto fresh = [&run] { return "run-" + std::to_string(++run) + "-"; };
    RunOurs(**publisher, 5000, payload, fresh(), 1024);
    for (const std::size_t window : {std::size_t{1}, std::size_t{64}, std::size_t{1024}, kWindow}) {
        const std::size_t messages = window == 1 ? count / 20 : count;
        for (std::size_t round = 0; round < rounds; ++round) {
            Print(
                "raw async",
                window,
                messages,
                RunRaw(server.url(), messages, payload, fresh(), window)
            );
            Print(
                "Publisher",
                window,
                messages,
                RunOurs(**publisher, messages, payload, fresh(), window)
            );
        }
    }
    return 0;
}
