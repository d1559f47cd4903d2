// A day of 10,000 tenants, as much of it as fits into some seconds: 2 million conversations of ten
// messages, half of them customers', half replies; before each reply the agent opens the
// conversation; and lists and searches. Each kind of call comes at its own rate, whatever the
// others do, and is timed from when it was due: webhooks to webhook-ingest, all else to the gateway
// by HTTP. First at the average rate of the day, then as if its work were done in eight hours.
//
// Everything is as it is by default: rates are counted in Redis, searches indexed, and PostgreSQL
// keeps what it commits (fsync). Printed are medians of the rounds: for each kind its rate and how
// long it took, and which processes used how much of all processors.
//
// usage: day_bench [seconds 30] [rounds 3] [share of the day 1.0] [peak factor 3.0]
//                  [tenants 500] [conversations of each 40] [messages of each 5]
#include "bench/common/durable_postgres.hpp"
#include "bench/common/http_load.hpp"
#include "bench/common/medians.hpp"
#include "bench/common/must.hpp"
#include "bench/common/seeded_stack.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <random>
#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace unibox::bench {
namespace {

using Steady = std::chrono::steady_clock;

constexpr double kSecondsOfDay = 86'400;
constexpr int kConnectionCount = 32;  // of each kind

struct Options {
    int run_s = 30;
    int round_count = 3;
    double share = 1;
    double peak_factor = 3;
    InboxSize size{.tenant_count = 500, .contact_count = 40, .message_count = 5};
};

// What the calls are about.
struct World {
    explicit World(SeededStack& stack, const InboxSize& of) : inbox(stack), size(of) {}

    int AnyTenant() { return std::uniform_int_distribution(0, size.tenant_count - 1)(random); }
    const OpenConversation& AnyConversation() {
        const auto& all = inbox.conversations();
        return all[std::uniform_int_distribution<std::size_t>(0, all.size() - 1)(random)];
    }
    std::string Ask(const std::string& target) { return inbox.Get(AnyTenant(), target); }
    std::string AskAbout(const std::string& what) {
        const OpenConversation& where = AnyConversation();
        return inbox.Get(where.tenant, "/v1/conversations/" + where.id + what);
    }

    SeededStack& inbox;
    const InboxSize size;
    std::mt19937 random{3};
    int stranger_count = 0;
    std::int64_t reply_count = 0;
};

std::string List(World& world) {
    return world.Ask(
        "/v1/conversations?pageSize=50&statuses=CONVERSATION_STATUS_OPEN"
        "&statuses=CONVERSATION_STATUS_PENDING"
    );
}
std::string Detail(World& world) {
    return world.AskAbout("");
}
std::string Messages(World& world) {
    return world.AskAbout("/messages?pageSize=50");
}
// A word, wherever it stands; half of the time with a second one.
std::string Search(World& world) {
    std::string words = SomeWords(world.random, world.random() % 2 == 0 ? 1 : 2);
    std::replace(words.begin(), words.end(), ' ', '+');
    return world.Ask("/v1/search/messages?q=" + words + "+");
}
std::string Reply(World& world) {
    const std::string id = fmt::format("reply-{:010}", world.reply_count++);
    return world.inbox.Reply(world.AnyConversation(), SomeWords(world.random, 20), id);
}
std::string Webhook(World& world) {
    const int contact =
        std::uniform_int_distribution(0, world.size.contact_count - 1)(world.random);
    return world.inbox.Webhook(world.AnyTenant(), contact, SomeWords(world.random, 12));
}
std::string NewCustomer(World& world) {
    const int contact = world.size.contact_count + world.stranger_count++;
    return world.inbox.Webhook(world.AnyTenant(), contact, SomeWords(world.random, 12));
}

struct Kind {
    const char* name;
    double millions_a_day;
    std::string (*request)(World&);
    bool is_webhook = false;
    bool is_message = false;  // writes one
};
// Another kind of call is another line.
constexpr Kind kKinds[] = {
    {"list", 1.0, List},
    {"detail", 10.0, Detail},
    {"messages", 10.0, Messages},
    {"search", 0.3, Search},
    {"reply", 10.0, Reply, false, true},
    {"webhook", 8.0, Webhook, true, true},
    {"webhook, new customer", 2.0, NewCustomer, true, true},
};
constexpr std::size_t kKindCount = std::size(kKinds);

double MillionsADay() {
    double sum = 0;
    for (const Kind& kind : kKinds) sum += kind.millions_a_day;
    return sum;
}

// What one round of a phase showed.
struct Round {
    std::vector<LoadResult> loads;  // of each kind
    std::vector<ProcessCpu> used;
    double seconds = 0;
    double behind_s = 0;  // until the last message was committed
};

test::StackOptions StackSettings() {
    test::StackOptions options;
    options.gateway_count = 1;
    // What the stack of tests lifts otherwise.
    options.gateway_environment = {
        {"UNIBOX_LIMITS_KEY_PER_S", "100"},
        {"UNIBOX_LIMITS_TENANT_PER_S", "500"},
        {"UNIBOX_LIMITS_READ_PER_S", "400"},
        {"UNIBOX_LIMITS_WRITE_PER_S", "200"},
        {"UNIBOX_LIMITS_ANONYMOUS_PER_S", "1"}};
    options.postgres_settings = DurablePostgres();
    return options;
}

class Day {
public:
    explicit Day(const Options& options)
        : inbox_(StackSettings(), options.size),
          world_(inbox_, options.size),
          ingest_port_(inbox_.stack().ingest_port()) {
        inbox_.AwaitSearch();
    }

    // `factor`: of the day's average rate.
    Round Run(double factor, int run_s) {
        std::vector<LoadSettings> settings(kKindCount);
        std::vector<std::vector<std::string>> requests(kKindCount);
        for (std::size_t i = 0; i < kKindCount; ++i) {
            const double per_s = kKinds[i].millions_a_day * 1e6 / kSecondsOfDay * factor;
            settings[i].port = kKinds[i].is_webhook ? ingest_port_ : inbox_.gateway_port();
            settings[i].connection_count = kConnectionCount;
            settings[i].requests_per_second = per_s;
            settings[i].timeout_ms = 10 * run_s * 1'000;
            const auto count = static_cast<std::size_t>(per_s * run_s) + 1;
            for (std::size_t n = 0; n < count; ++n) {
                requests[i].push_back(kKinds[i].request(world_));
            }
        }
        const std::int64_t messages_before = MessageCount();
        Round round;
        round.loads.resize(kKindCount);
        const auto before = inbox_.CpuSeconds();
        const auto start = Steady::now();
        std::vector<std::thread> threads;
        for (std::size_t i = 0; i < kKindCount; ++i) {
            threads.emplace_back([&, i] {
                round.loads[i] = Must(RunHttpLoad(settings[i], requests[i]));
            });
        }
        for (std::thread& thread : threads) thread.join();
        round.seconds = SecondsSince(start);
        round.used = inbox_.CpuSeconds();
        for (std::size_t i = 0; i < before.size(); ++i) round.used[i].seconds -= before[i].seconds;
        round.behind_s = AwaitMessages(messages_before, round.loads);
        return round;
    }

private:
    static double SecondsSince(Steady::time_point start) {
        return std::chrono::duration<double>(Steady::now() - start).count();
    }

    std::int64_t MessageCount() {
        return inbox_.stack().AskNumber("SELECT sum(last_seq) FROM conversation_counters");
    }

    double AwaitMessages(std::int64_t before, const std::vector<LoadResult>& loads) {
        std::int64_t wanted = before;
        for (std::size_t i = 0; i < kKindCount; ++i) {
            if (kKinds[i].is_message) wanted += loads[i].ok_count;
        }
        const auto start = Steady::now();
        while (MessageCount() < wanted) {
            if (SecondsSince(start) > 600) Fail("messages that were taken are not written");
            std::this_thread::sleep_for(std::chrono::milliseconds(20));
        }
        return SecondsSince(start);
    }

    SeededStack inbox_;
    World world_;
    const int ingest_port_;
};

// Returns how many calls were not answered as they should be.
std::int64_t PrintKinds(const std::vector<Round>& rounds) {
    fmt::print(
        "{:<24}{:>9}{:>9}{:>9}{:>10}{:>9}\n", "", "calls/s", "p50 ms", "p99 ms", "refused", "broken"
    );
    std::int64_t lost = 0;
    for (std::size_t i = 0; i < kKindCount; ++i) {
        std::vector<double> per_s, p50, p99;
        std::int64_t refused = 0, broken = 0;
        for (const Round& round : rounds) {
            const LoadResult& load = round.loads[i];
            per_s.push_back(static_cast<double>(load.ok_count) / round.seconds);
            p50.push_back(load.latency_p50_ms);
            p99.push_back(load.latency_p99_ms);
            refused += load.refused_count;
            broken += load.broken_count;
        }
        lost += refused + broken;
        fmt::print(
            "{:<24}{:>9.1f}{:>9.2f}{:>9.2f}{:>10}{:>9}\n",
            kKinds[i].name,
            Median(per_s),
            Median(p50),
            Median(p99),
            refused,
            broken
        );
    }
    return lost;
}

void PrintProcessors(const std::vector<Round>& rounds) {
    const double processors = std::max(1U, std::thread::hardware_concurrency());
    const auto percent = [&](const Round& round, double seconds) {
        return 100 * seconds / round.seconds / processors;
    };
    fmt::print("of {:.0f} processors, %:", processors);
    for (std::size_t i = 0; i < rounds.front().used.size(); ++i) {
        std::vector<double> parts;
        for (const Round& round : rounds) parts.push_back(percent(round, round.used[i].seconds));
        fmt::print("  {} {:.1f}", rounds.front().used[i].name, Median(parts));
    }
    std::vector<double> all, behind;
    for (const Round& round : rounds) {
        double seconds = 0;
        for (const ProcessCpu& one : round.used) seconds += one.seconds;
        all.push_back(percent(round, seconds));
        behind.push_back(round.behind_s);
    }
    fmt::print(
        "  all {:.1f}\nthe last message was committed {:.1f} s after the last call\n",
        Median(all),
        Median(behind)
    );
}

int Main(const Options& options) {
    fmt::print(
        "day: {:.1f} million calls a day, {:.2f} of it; {} tenants with {} conversations of {} "
        "messages each; {} rounds of {} s\n",
        MillionsADay(),
        options.share,
        options.size.tenant_count,
        options.size.contact_count,
        options.size.message_count,
        options.round_count,
        options.run_s
    );
    Day day(options);
    constexpr int kWarmUpS = 3;
    day.Run(options.share, kWarmUpS);
    std::int64_t lost = 0;
    for (const double factor : {1.0, options.peak_factor}) {
        std::vector<Round> rounds;
        for (int round = 0; round < options.round_count; ++round) {
            rounds.push_back(day.Run(options.share * factor, options.run_s));
        }
        fmt::print(
            "\n{:.1f} times the day's average: {:.0f} calls a second\n",
            factor,
            MillionsADay() * 1e6 / kSecondsOfDay * options.share * factor
        );
        lost += PrintKinds(rounds);
        PrintProcessors(rounds);
    }
    return lost == 0 ? 0 : 1;
}

}  // namespace
}  // namespace unibox::bench

int main(int argc, char** argv) {
    std::setvbuf(stdout, nullptr, _IOLBF, 0);  // Seen at once also through a pipe.
    unibox::bench::Options options;
    if (argc > 1) options.run_s = std::max(1, std::atoi(argv[1]));
    if (argc > 2) options.round_count = std::max(1, std::atoi(argv[2]));
    if (argc > 3) options.share = std::max(0.001, std::atof(argv[3]));
    if (argc > 4) options.peak_factor = std::max(1.0, std::atof(argv[4]));
    if (argc > 5) options.size.tenant_count = std::max(1, std::atoi(argv[5]));
    if (argc > 6) options.size.contact_count = std::max(1, std::atoi(argv[6]));
    if (argc > 7) options.size.message_count = std::max(1, std::atoi(argv[7]));
    return unibox::bench::Main(options);
}
