// Signed 1 KB WhatsApp webhooks over HTTP to PubAck and 200, beside nginx `return 200` on the same
// requests, raw nats.c asynchronous publish of the same events, and Fastify with nats.js. All
// contenders take turns in one run; medians are printed. Then the latency of webhook-ingest at half
// of its own peak. The load generator's CPU time is nobody's.
//   ingest_bench [requests of a round] [rounds] [only]
// "only": webhook-ingest alone, to be profiled.
#include "base/strings.hpp"
#include "bench/common/cpu_seconds.hpp"
#include "bench/common/http_load.hpp"
#include "bench/common/medians.hpp"
#include "bench/common/signed_webhook.hpp"
#include "bench/ingest/contenders.hpp"
#include "bench/ingest/raw_publish.hpp"
#include "support/stack.hpp"
#include "support/webhook_client.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <string_view>

namespace unibox::bench {
namespace {

constexpr int kPartitionCount = 8;
constexpr int kConnectionCount = 64;
constexpr std::size_t kPublishWindow = 4'096;  // As wide as webhook-ingest's own.
constexpr std::size_t kBodyBytes = 1'024;
constexpr double kHalfPeakSeconds = 5;

class RequestMaker {
public:
    // Bodies of kBodyBytes, no two of which carry the same message id.
    std::string NextBody() {
        test::WhatsAppText message;
        message.phone_number_id = test::Stack::kFirstPhoneNumberId;
        message.from = std::to_string(351'900'000'000 + serial_ % 5'000);
        message.id = fmt::format("wamid.bench.{:010}", serial_++);
        message.sent_unix_s = SystemClock().UnixMillis() / 1'000;
        const std::size_t bare_bytes = test::WhatsAppWebhook({message}).size();
        message.text = std::string(kBodyBytes - std::min(bare_bytes, kBodyBytes), 'x');
        return test::WhatsAppWebhook({message});
    }

    // Complete signed requests.
    std::vector<std::string> Requests(std::size_t count) {
        std::vector<std::string> requests;
        requests.reserve(count);
        for (std::size_t i = 0; i < count; ++i) requests.push_back(SignedRequest(NextBody()));
        return requests;
    }

    std::vector<nats::Outgoing> Events(std::size_t count) {
        std::vector<nats::Outgoing> events;
        events.reserve(count);
        for (std::size_t i = 0; i < count; ++i) {
            events.push_back(EventOf(NextBody(), kPartitionCount));
        }
        return events;
    }

private:
    std::int64_t serial_ = 0;
};

// One round of one contender, or the median of all its rounds.
struct Measurement {
    double requests_per_second = 0;
    double cpu_us = 0;  // A request: what CPU-seconds a million requests are.
    double nats_cpu_us = 0;
    double latency_p50_ms = 0;
    double latency_p99_ms = 0;
};

Measurement MedianOf(const std::vector<Measurement>& rounds) {
    const auto median = [&](double Measurement::*field) {
        std::vector<double> values;
        for (const auto& round : rounds) values.push_back(round.*field);
        return Median(std::move(values));
    };
    return {
        median(&Measurement::requests_per_second),
        median(&Measurement::cpu_us),
        median(&Measurement::nats_cpu_us),
        median(&Measurement::latency_p50_ms),
        median(&Measurement::latency_p99_ms)};
}

using Round = std::function<Result<LoadResult>()>;

struct Contender {
    std::string name;
    std::function<double()> cpu_seconds;  // So far, of the contender alone.
    // Makes what a round sends, which is not measured; the round itself is.
    std::function<Round(RequestMaker&, std::size_t count)> prepare;
    bool has_latency = true;
    std::vector<Measurement> rounds;
};

Contender HttpContender(std::string name, int port, pid_t pid) {
    Contender contender;
    contender.name = std::move(name);
    contender.cpu_seconds = [pid] { return CpuSecondsOfTree(pid); };
    contender.prepare = [port](RequestMaker& maker, std::size_t count) -> Round {
        LoadSettings settings;
        settings.port = port;
        settings.connection_count = kConnectionCount;
        settings.timeout_ms = 120'000;
        return [settings, requests = maker.Requests(count)] {
            return RunHttpLoad(settings, requests);
        };
    };
    return contender;
}

// Its CPU time is this process's, which does nothing else meanwhile.
Contender RawContender(std::string name, RawPublisher* publisher) {
    Contender contender;
    contender.name = std::move(name);
    contender.cpu_seconds = OwnCpuSeconds;
    contender.has_latency = false;
    contender.prepare = [publisher](RequestMaker& maker, std::size_t count) -> Round {
        return [publisher, events = maker.Events(count)] { return publisher->Run(events); };
    };
    return contender;
}

// Exits when the contender refuses anything, for then the figures say nothing.
void MeasureRound(Contender* contender, pid_t nats_pid, RequestMaker* maker, std::size_t count) {
    const Round round = contender->prepare(*maker, count);
    const double cpu_before = contender->cpu_seconds();
    const double nats_before = CpuSecondsOfTree(nats_pid);
    const auto load = round();
    const auto per_request_us = [&](double cpu_seconds) {
        return cpu_seconds * 1e6 / static_cast<double>(count);
    };
    const double cpu_us = per_request_us(contender->cpu_seconds() - cpu_before);
    const double nats_cpu_us = per_request_us(CpuSecondsOfTree(nats_pid) - nats_before);
    if (!load.ok() || load->ok_count != static_cast<std::int64_t>(count)) {
        fmt::print(
            stderr,
            "{}: {} of {} requests succeeded; {}\n",
            contender->name,
            load.ok() ? load->ok_count : 0,
            count,
            load.status().ToString()
        );
        std::exit(1);
    }
    contender->rounds.push_back(
        {load->RequestsPerSecond(), cpu_us, nats_cpu_us, load->latency_p50_ms, load->latency_p99_ms}
    );
}

double TotalUs(const Measurement& measurement) {
    return measurement.cpu_us + measurement.nats_cpu_us;
}

void PrintTable(const std::vector<Contender>& contenders) {
    const Measurement floor = MedianOf(contenders.front().rounds);
    fmt::print("{:<26}{:>10}{:>9}", "", "requests", "of nginx");
    fmt::print("{:>22}{:>12}{:>9}{:>9}\n", "CPU-s of a million in", "", "p50", "p99");
    fmt::print("{:<26}{:>10}{:>9}", "contender", "a second", "");
    fmt::print("{:>22}{:>12}{:>9}{:>9}\n", "the contender", "nats-server", "ms", "ms");
    for (const auto& contender : contenders) {
        const Measurement median = MedianOf(contender.rounds);
        fmt::print(
            "{:<26}{:>10.0f}{:>9.2f}{:>22.1f}{:>12.1f}",
            contender.name,
            median.requests_per_second,
            median.requests_per_second / floor.requests_per_second,
            median.cpu_us,
            median.nats_cpu_us
        );
        if (contender.has_latency) {
            fmt::print("{:>9.2f}{:>9.2f}\n", median.latency_p50_ms, median.latency_p99_ms);
        } else {
            fmt::print("{:>9}{:>9}\n", "-", "-");
        }
    }
}

void PrintBesideNode(const Contender& ingest, const Contender& node) {
    const Measurement ours = MedianOf(ingest.rounds);
    const Measurement theirs = MedianOf(node.rounds);
    fmt::print(
        "For each CPU-second webhook-ingest answers {:.1f} times as many requests as Fastify with "
        "nats.js ({:.1f} times with nats-server's CPU counted on both sides).\n",
        theirs.cpu_us / ours.cpu_us,
        TotalUs(theirs) / TotalUs(ours)
    );
}

// An open loop: each request is timed from when it was due.
Status PrintHalfPeak(const Contender& ingest, int port, RequestMaker* maker, int round_count) {
    LoadSettings settings;
    settings.port = port;
    settings.connection_count = kConnectionCount;
    settings.requests_per_second = MedianOf(ingest.rounds).requests_per_second / 2;
    const auto count = static_cast<std::size_t>(settings.requests_per_second * kHalfPeakSeconds);
    std::vector<double> p50_ms, p99_ms;
    for (int round = 0; round < round_count; ++round) {
        UNIBOX_ASSIGN_OR_RETURN(const auto load, RunHttpLoad(settings, maker->Requests(count)));
        p50_ms.push_back(load.latency_p50_ms);
        p99_ms.push_back(load.latency_p99_ms);
        const auto lost_count = load.refused_count + load.broken_count;
        if (lost_count > 0) {
            return Internal(fmt::format("{} requests were not answered 2xx", lost_count));
        }
    }
    fmt::print(
        "webhook-ingest at half of its peak ({:.0f} requests a second, {} rounds of {:.0f} s, each "
        "timed from when it was due): p50 {:.2f} ms, p99 {:.2f} ms (best round {:.2f} ms).\n",
        settings.requests_per_second,
        round_count,
        kHalfPeakSeconds,
        Median(p50_ms),
        Median(p99_ms),
        *std::min_element(p99_ms.begin(), p99_ms.end())
    );
    return {};
}

test::StackOptions IngestAlone() {
    test::StackOptions options;
    options.partition_count = kPartitionCount;
    options.writer_count = 0;
    return options;
}

// For a profiler: no contender beside it, no comparison.
Result<int> RunOnly(std::size_t request_count, int round_count) {
    test::Stack stack(IngestAlone());
    std::vector<Contender> contenders;
    contenders.push_back(HttpContender("webhook-ingest", stack.ingest_port(), stack.ingest().pid())
    );
    RequestMaker maker;
    for (int round = 0; round < round_count; ++round) {
        MeasureRound(&contenders.front(), stack.nats().pid(), &maker, request_count);
    }
    PrintTable(contenders);
    stack.ingest().Terminate();
    return 0;
}

Result<int> Run(std::size_t request_count, int round_count) {
    test::Stack stack(IngestAlone());
    const std::string nats_url = stack.nats().url();
    UNIBOX_ASSIGN_OR_RETURN(const auto nginx, Nginx::Start());
    UNIBOX_ASSIGN_OR_RETURN(const auto narrow, RawPublisher::Connect(nats_url, kConnectionCount));
    UNIBOX_ASSIGN_OR_RETURN(const auto wide, RawPublisher::Connect(nats_url, kPublishWindow));
    std::vector<Contender> contenders;
    contenders.push_back(HttpContender("nginx return 200", nginx->port(), nginx->pid()));
    contenders.push_back(HttpContender("webhook-ingest", stack.ingest_port(), stack.ingest().pid())
    );
    contenders.push_back(
        RawContender(fmt::format("nats.c, {} in flight", kConnectionCount), narrow.get())
    );
    contenders.push_back(
        RawContender(fmt::format("nats.c, {} in flight", kPublishWindow), wide.get())
    );
    const auto node = NodeRival::Start(nats_url, test::Stack::kAppSecret, kPartitionCount);
    if (node.ok()) {
        contenders.push_back(HttpContender("Fastify, nats.js", (*node)->port(), (*node)->pid()));
    } else {
        fmt::print("without Fastify: {}\n", node.status().ToString());
    }
    RequestMaker maker;
    fmt::print(
        "Signed WhatsApp webhooks of {} bytes, every event new, {} connections; {} rounds of {} "
        "requests, medians.\nThe load generator's CPU time is not counted for anyone; nats.c "
        "publishes events that were built before.\n",
        kBodyBytes,
        kConnectionCount,
        round_count,
        request_count
    );
    for (int round = 0; round < round_count; ++round) {
        for (auto& contender : contenders) {
            MeasureRound(&contender, stack.nats().pid(), &maker, request_count);
        }
    }
    PrintTable(contenders);
    if (node.ok()) PrintBesideNode(contenders[1], contenders.back());
    UNIBOX_RETURN_IF_ERROR(PrintHalfPeak(contenders[1], stack.ingest_port(), &maker, round_count));
    return 0;
}

}  // namespace
}  // namespace unibox::bench

int main(int argc, char** argv) {
    using unibox::ParseInt64;
    const auto request_count = argc > 1 ? ParseInt64(argv[1]).value_or(0) : 40'000;
    const auto round_count = argc > 2 ? ParseInt64(argv[2]).value_or(0) : 5;
    if (request_count < 1 || round_count < 1) {
        fmt::print(stderr, "ingest_bench [requests of a round] [rounds] [only]\n");
        return 2;
    }
    std::setvbuf(stdout, nullptr, _IOLBF, 0);  // Seen at once also through a pipe.
    const bool only = argc > 3 && std::string_view(argv[3]) == "only";
    const auto run = only ? unibox::bench::RunOnly : unibox::bench::Run;
    const auto done = run(static_cast<std::size_t>(request_count), static_cast<int>(round_count));
    if (done.ok()) return 0;
    fmt::print(stderr, "{}\n", done.status().ToString());
    return 1;
}
