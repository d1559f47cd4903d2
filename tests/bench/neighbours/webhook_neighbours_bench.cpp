// A quiet tenant beside one that sends a hundred times as much, through the whole path: from when a
// webhook of the quiet one was due to the commit of its message in PostgreSQL. What counts is
// whether it matters who sends the rest, so the same load comes from one tenant and from a hundred;
// and that no quiet webhook is refused. Then one tenant sends as fast as it is answered, which is
// more than the writer commits.
//
// usage: webhook_neighbours_bench [seconds 10] [rounds 3]
#include "bench/common/http_load.hpp"
#include "bench/common/signed_webhook.hpp"
#include "support/eventually.hpp"
#include "support/stack.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdlib>
#include <string>
#include <thread>
#include <vector>

namespace unibox::bench {
namespace {

using std::chrono::seconds;

constexpr int kQuietPerSecond = 20;
constexpr double kNoisyPerSecond = 100.0 * kQuietPerSecond;
constexpr int kQuietNumber = 3'000;
constexpr int kFirstNoisyNumber = 4'000;
constexpr int kNoisyTenantCount = 100;

struct Noise {
    const char* name;
    int tenant_count;
    double per_second;         // 0 = as fast as it is answered
    int per_second_about = 0;  // how many requests are made for a second
};
constexpr Noise kNoises[] = {
    {"alone", 0, 0},
    {"2,000/s of 100 tenants", kNoisyTenantCount, kNoisyPerSecond, 2'000},
    {"2,000/s of one tenant", 1, kNoisyPerSecond, 2'000},
    {"64 at once of one", 1, 0, 8'000},
};

std::string TenantsYaml() {
    std::string yaml =
        "apps:\n  - {name: meta, provider: meta, secret: " + std::string(test::Stack::kAppSecret) +
        ", verify_token: verify-me}\ntenants:\n";
    const auto add = [&yaml](const std::string& name, int number) {
        yaml += fmt::format(
            "  - {{name: {}, channels: [{{name: wa, provider: whatsapp, route: \"{}\"}}]}}\n",
            name,
            number
        );
    };
    add("quiet", kQuietNumber);
    for (int i = 0; i < kNoisyTenantCount; ++i) {
        add("noisy-" + std::to_string(i), kFirstNoisyNumber + i);
    }
    return yaml;
}

struct Measurement {
    double p50_ms = 0;
    double p99_ms = 0;
    std::int64_t quiet_refused = 0;
    double noise_stored_per_s = 0;
    double noise_refused_per_s = 0;
};

test::WhatsAppText MessageOf(int phone_number, std::int64_t from, std::string id) {
    test::WhatsAppText message;
    message.phone_number_id = std::to_string(phone_number);
    message.from = std::to_string(351'900'000'000 + from);
    message.id = std::move(id);
    message.text = std::string(200, 'x');
    message.sent_unix_s = SystemClock().UnixMillis() / 1'000;
    return message;
}

class Bench {
public:
    explicit Bench(int run_s) : run_s_(run_s), stack_(Options()) {}

    Measurement Run(const Noise& noise) {
        const std::string run = std::to_string(++run_count_);
        const auto requests = NoiseOf(noise, run);
        LoadResult load;
        std::atomic<bool> noise_done{requests.empty()};
        std::thread noisy([&] {
            if (requests.empty()) return;
            LoadSettings settings;
            settings.port = stack_.ingest_port();
            settings.requests_per_second = noise.per_second;
            settings.timeout_ms = 120'000;
            load = RunHttpLoad(settings, requests).value();
            noise_done = true;
        });
        Measurement measured;
        const std::int64_t sent = SendQuiet(run, noise_done, &measured);
        noisy.join();
        AwaitRows(run, sent - measured.quiet_refused);
        measured.p50_ms = LatencyMs(run, 0.5);
        measured.p99_ms = LatencyMs(run, 0.99);
        if (load.seconds > 0) {
            measured.noise_stored_per_s = static_cast<double>(load.ok_count) / load.seconds;
            measured.noise_refused_per_s =
                static_cast<double>(load.refused_count + load.broken_count) / load.seconds;
        }
        return measured;
    }

private:
    static test::StackOptions Options() {
        test::StackOptions options;
        options.partition_count = 8;
        options.tenants_yaml = TenantsYaml();
        options.postgres_settings = {"track_commit_timestamp = on", "shared_buffers = 256MB"};
        return options;
    }

    std::vector<std::string> NoiseOf(const Noise& noise, const std::string& run) const {
        std::vector<std::string> requests;
        if (noise.tenant_count == 0) return requests;
        const int count = noise.per_second_about * run_s_;
        for (int i = 0; i < count; ++i) {
            const std::string id = fmt::format("noise.{}.{}", run, i);
            const int number = kFirstNoisyNumber + i % noise.tenant_count;
            requests.push_back(SignedRequest(MessageOf(number, i % 5'000, id)));
        }
        return requests;
    }

    // At its pace whatever the answers take; each id tells when its webhook was due. As long as the
    // noise, at most three times as long as wanted.
    std::int64_t SendQuiet(
        const std::string& run, const std::atomic<bool>& noise_done, Measurement* measured
    ) {
        const auto begin = std::chrono::system_clock::now();
        const auto pace = std::chrono::microseconds(1'000'000 / kQuietPerSecond);
        const int most = 3 * run_s_ * kQuietPerSecond;
        const int least = noise_done ? run_s_ * kQuietPerSecond : 0;
        http::Client client(stack_.ingest_address());
        int sent = 0;
        for (; sent < least || (sent < most && !noise_done); ++sent) {
            const auto due = begin + sent * pace;
            std::this_thread::sleep_until(due);
            const auto due_us =
                std::chrono::duration_cast<std::chrono::microseconds>(due.time_since_epoch());
            const std::string id = fmt::format("quiet.{}.{}.{}", run, sent, due_us.count());
            const std::string body =
                test::WhatsAppWebhook({MessageOf(kQuietNumber, sent % 50, id)});
            const auto answer =
                client.Send("POST", "/v1/hooks/meta", SignatureOf(body), body, Millis(10'000));
            if (!answer.ok() || answer->status / 100 != 2) ++measured->quiet_refused;
        }
        return sent;
    }

    std::string Rows(const std::string& run) const {
        return "FROM messages WHERE provider_id LIKE 'quiet." + run + ".%'";
    }

    void AwaitRows(const std::string& run, std::int64_t count) {
        const bool all = test::Eventually(seconds(120), [&] {
            return stack_.Ask("SELECT count(*) " + Rows(run)) == std::to_string(count);
        });
        if (all) return;
        fmt::print(stderr, "not every quiet webhook became a row\n");
        std::exit(1);
    }

    double LatencyMs(const std::string& run, double part) {
        return std::stod(stack_.Ask(fmt::format(
            "SELECT percentile_disc({}) WITHIN GROUP (ORDER BY extract(epoch FROM "
            "pg_xact_commit_timestamp(xmin)) * 1000 - split_part(provider_id, '.', 4)::numeric / "
            "1000) {}",
            part,
            Rows(run)
        )));
    }

    int run_s_;
    int run_count_ = 0;
    test::Stack stack_;
};

// The round whose 99th percentile is the median; what was refused is of all.
Measurement MedianOf(std::vector<Measurement> rounds) {
    std::sort(rounds.begin(), rounds.end(), [](const auto& a, const auto& b) {
        return a.p99_ms < b.p99_ms;
    });
    Measurement median = rounds[rounds.size() / 2];
    median.quiet_refused = 0;
    for (const auto& round : rounds) median.quiet_refused += round.quiet_refused;
    return median;
}

int Main(int run_s, int round_count) {
    fmt::print(
        "webhook to row of a quiet tenant ({} webhooks a second), {} rounds of {} s\n{:<24}"
        "{:>9}{:>9}{:>11}{:>9}{:>16}{:>17}\n",
        kQuietPerSecond,
        round_count,
        run_s,
        "noise",
        "p50 ms",
        "p99 ms",
        "p99 ratio",
        "refused",
        "noise stored/s",
        "noise refused/s"
    );
    Bench bench(run_s);
    std::vector<std::vector<Measurement>> rounds(std::size(kNoises));
    for (int round = 0; round < round_count; ++round) {
        for (std::size_t i = 0; i < std::size(kNoises); ++i) {
            rounds[i].push_back(bench.Run(kNoises[i]));
        }
    }
    const double alone_p99_ms = MedianOf(rounds[0]).p99_ms;
    std::int64_t refused = 0;
    for (std::size_t i = 0; i < std::size(kNoises); ++i) {
        const Measurement median = MedianOf(rounds[i]);
        refused += median.quiet_refused;
        fmt::print(
            "{:<24}{:>9.1f}{:>9.1f}{:>11.2f}{:>9}{:>16.0f}{:>17.0f}\n",
            kNoises[i].name,
            median.p50_ms,
            median.p99_ms,
            median.p99_ms / alone_p99_ms,
            median.quiet_refused,
            median.noise_stored_per_s,
            median.noise_refused_per_s
        );
    }
    return refused == 0 ? 0 : 1;
}

}  // namespace
}  // namespace unibox::bench

int main(int argc, char** argv) {
    const int run_s = argc > 1 ? std::atoi(argv[1]) : 10;
    const int round_count = argc > 2 ? std::atoi(argv[2]) : 3;
    return unibox::bench::Main(std::max(1, run_s), std::max(1, round_count));
}
