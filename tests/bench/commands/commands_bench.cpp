// Replies of agents, from HTTP through gateway and message-writer to the commit in PostgreSQL with
// its audit, outbox and request key.
//
// At 500 a second, on 64 connections, each timed from when it was due. Then as many as go, on 64
// and on 256 connections; in turns with them pgbench, which does the same work as a plain program
// would (plain_replies.hpp), and message-writer's statements alone, in transactions of many
// (reply_batches.hpp). With an Idempotency-Key and without: the gateway makes a request key of its
// own then, so that it may ask again.
//
// All on one PostgreSQL, which is told to keep what it commits (fsync). No rates are counted, and
// nothing is indexed for searches meanwhile: pgbench has no part in either. Printed are medians.
//
// usage: commands_bench [seconds 5] [rounds 3] [tenants 100] [conversations of each 40]
#include "bench/commands/plain_replies.hpp"
#include "bench/commands/reply_batches.hpp"
#include "bench/common/durable_postgres.hpp"
#include "bench/common/http_load.hpp"
#include "bench/common/medians.hpp"
#include "bench/common/must.hpp"
#include "bench/common/seeded_stack.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <map>
#include <random>
#include <string>
#include <utility>
#include <vector>

namespace unibox::bench {
namespace {

constexpr double kOpenLoopPerSecond = 500;
constexpr int kOpenLoopConnections = 64;
constexpr double kFirstGuessPerSecond = 1'000;
constexpr std::array kPlainClients = {8, 32, 64};
constexpr std::size_t kTextWords = 25;  // some 100 bytes

struct Options {
    int run_s = 5;
    int round_count = 3;
    InboxSize size;
};

// Of one round; the processor time is of one reply.
struct Measurement {
    double replies_per_s = 0;
    double p50_ms = 0;
    double p99_ms = 0;
    double client_us = 0;  // whoever asks: the load generator, pgbench
    double gateway_us = 0;
    double writer_us = 0;
    double postgres_us = 0;
    double nats_us = 0;
};

Measurement MedianOf(const std::vector<Measurement>& rounds) {
    const auto median = [&rounds](double Measurement::*field) {
        std::vector<double> values;
        for (const Measurement& round : rounds) values.push_back(round.*field);
        return Median(std::move(values));
    };
    return {
        median(&Measurement::replies_per_s),
        median(&Measurement::p50_ms),
        median(&Measurement::p99_ms),
        median(&Measurement::client_us),
        median(&Measurement::gateway_us),
        median(&Measurement::writer_us),
        median(&Measurement::postgres_us),
        median(&Measurement::nats_us)};
}

double MicrosEach(double seconds, std::int64_t count) {
    return count == 0 ? 0 : seconds * 1e6 / static_cast<double>(count);
}

test::StackOptions StackSettings() {
    test::StackOptions options;
    options.gateway_count = 1;
    options.writer_environment = {
        {"UNIBOX_COMMANDS_MESSAGE_COUNT_PER_MINUTE_MAX", "1000000"},
        {"UNIBOX_SEARCH_INDEX_ENABLED", "false"}};
    options.postgres_settings = DurablePostgres();
    options.postgres_settings.emplace_back("max_connections = 200");  // pgbench beside the services
    return options;
}

std::string TextOfReply() {
    std::mt19937 random(7);
    return SomeWords(random, kTextWords);
}

// Agents of all tenants who reply at random places.
class Agents {
public:
    Agents(SeededStack& inbox, std::string text) : inbox_(inbox), text_(std::move(text)) {}

    // In a closed loop, for about so long.
    Measurement AtOnce(int connection_count, bool with_key, int run_s) {
        double& per_second = per_second_[{connection_count, with_key}];
        if (per_second <= 0) per_second = kFirstGuessPerSecond;
        const auto count = static_cast<std::size_t>(per_second * run_s) + 1;
        const Measurement measured = Run(connection_count, with_key, 0, count);
        per_second = measured.replies_per_s;
        return measured;
    }
    Measurement AtRate(double per_second, int connection_count, bool with_key, int run_s) {
        const auto count = static_cast<std::size_t>(per_second * run_s);
        return Run(connection_count, with_key, per_second, count);
    }

private:
    std::vector<std::string> Requests(std::size_t count, bool with_key) {
        const auto& conversations = inbox_.conversations();
        std::uniform_int_distribution<std::size_t> place(0, conversations.size() - 1);
        std::vector<std::string> requests;
        requests.reserve(count);
        for (std::size_t i = 0; i < count; ++i) {
            const std::string id = with_key ? fmt::format("reply-{:010}", serial_++) : "";
            requests.push_back(inbox_.Reply(conversations[place(random_)], text_, id));
        }
        return requests;
    }

    // Ends the program when a reply is refused, for then the figures say nothing.
    Measurement Run(int connection_count, bool with_key, double per_second, std::size_t count) {
        const auto requests = Requests(count, with_key);
        LoadSettings settings;
        settings.port = inbox_.gateway_port();
        settings.connection_count = connection_count;
        settings.requests_per_second = per_second;
        settings.timeout_ms = 300'000;
        inbox_.AwaitFeed();
        const auto before = inbox_.CpuSeconds();
        const LoadResult load = Must(RunHttpLoad(settings, requests));
        const auto after = inbox_.CpuSeconds();
        if (load.ok_count != static_cast<std::int64_t>(count)) {
            Fail(fmt::format(
                "{} of {} replies were written: {} refused, {} broken",
                load.ok_count,
                count,
                load.refused_count,
                load.broken_count
            ));
        }
        const auto used_us = [&](const char* name) {
            double seconds = 0;
            for (std::size_t i = 0; i < after.size(); ++i) {
                if (after[i].name == name) seconds += after[i].seconds - before[i].seconds;
            }
            return MicrosEach(seconds, load.ok_count);
        };
        Measurement measured;
        measured.replies_per_s = load.RequestsPerSecond();
        measured.p50_ms = load.latency_p50_ms;
        measured.p99_ms = load.latency_p99_ms;
        measured.client_us = used_us("load");
        measured.gateway_us = used_us("gateway");
        measured.writer_us = used_us("message-writer");
        measured.postgres_us = used_us("postgres");
        measured.nats_us = used_us("nats-server");
        return measured;
    }

    SeededStack& inbox_;
    std::string text_;
    std::mt19937 random_{11};
    std::int64_t serial_ = 0;
    std::map<std::pair<int, bool>, double> per_second_;  // as measured last
};

struct Contender {
    std::string name;
    std::function<Measurement(int run_s)> run;
    bool is_floor = false;
    std::vector<Measurement> rounds = {};
};

std::vector<Contender> AgentContenders(Agents& agents) {
    std::vector<Contender> contenders;
    for (const int connections : {64, 256}) {
        for (const bool with_key : {true, false}) {
            contenders.push_back(
                {fmt::format("gateway, {}{}", connections, with_key ? "" : ", no key"),
                 [&agents, connections, with_key](int run_s) {
                     return agents.AtOnce(connections, with_key, run_s);
                 }}
            );
        }
    }
    return contenders;
}

Contender PlainContender(PlainReplies& plain, int client_count) {
    const auto run = [&plain, client_count](int run_s) {
        const PlainRun done = plain.Run(client_count, run_s);
        Measurement measured;
        measured.replies_per_s = done.replies_per_s;
        measured.p50_ms = done.p50_ms;
        measured.p99_ms = done.p99_ms;
        measured.client_us = MicrosEach(done.pgbench_cpu_s, done.reply_count);
        measured.postgres_us = MicrosEach(done.postgres_cpu_s, done.reply_count);
        return measured;
    };
    return {fmt::format("pgbench, {} clients", client_count), run, true};
}

// Batches are as large as those that so many connections fill.
Contender BatchContender(ReplyBatches& batches, std::size_t connection_count) {
    const std::size_t size = connection_count / ReplyBatches::kLaneCount;
    const auto run = [&batches, size](int /*run_s*/) {
        const BatchRun done = batches.Run(size);
        Measurement measured;
        measured.replies_per_s = static_cast<double>(done.reply_count) / done.seconds;
        measured.p50_ms = done.batch_p50_ms;
        measured.p99_ms = done.batch_p99_ms;
        measured.client_us = MicrosEach(done.own_cpu_s, done.reply_count);
        measured.postgres_us = MicrosEach(done.postgres_cpu_s, done.reply_count);
        return measured;
    };
    return {fmt::format("statements alone, {}", size), run};
}

void PrintTable(const std::vector<Contender>& contenders) {
    double floor_per_s = 0;
    for (const Contender& contender : contenders) {
        if (!contender.is_floor) continue;
        floor_per_s = std::max(floor_per_s, MedianOf(contender.rounds).replies_per_s);
    }
    fmt::print(
        "CPU-seconds are of a million replies; the client is who asks; p50 and p99 of statements "
        "alone are of a batch\n{:<24}{:>10}{:>8}{:>9}{:>9}{:>9}{:>9}{:>9}{:>10}{:>9}\n",
        "",
        "replies/s",
        "ratio",
        "p50 ms",
        "p99 ms",
        "client",
        "gateway",
        "writer",
        "postgres",
        "nats"
    );
    for (const Contender& contender : contenders) {
        const Measurement median = MedianOf(contender.rounds);
        fmt::print(
            "{:<24}{:>10.0f}{:>8.2f}{:>9.2f}{:>9.2f}{:>9.0f}{:>9.0f}{:>9.0f}{:>10.0f}{:>9.0f}\n",
            contender.name,
            median.replies_per_s,
            median.replies_per_s / floor_per_s,
            median.p50_ms,
            median.p99_ms,
            median.client_us,
            median.gateway_us,
            median.writer_us,
            median.postgres_us,
            median.nats_us
        );
    }
}

void MeasureOpenLoop(SeededStack& inbox, Agents& agents, const Options& options) {
    std::map<bool, std::vector<Measurement>> rounds;  // by whether there is a key
    for (int round = 0; round < options.round_count; ++round) {
        for (const bool with_key : {true, false}) {
            inbox.stack().postgres().Run("postgres", "CHECKPOINT");
            rounds[with_key].push_back(
                agents.AtRate(kOpenLoopPerSecond, kOpenLoopConnections, with_key, options.run_s)
            );
        }
    }
    for (const bool with_key : {true, false}) {
        const Measurement median = MedianOf(rounds[with_key]);
        fmt::print(
            "{:.0f} replies a second, {} connections, {} Idempotency-Key: p50 {:.2f} ms, p99 "
            "{:.2f} ms, each from when it was due\n",
            kOpenLoopPerSecond,
            kOpenLoopConnections,
            with_key ? "with" : "without",
            median.p50_ms,
            median.p99_ms
        );
    }
}

void Main(const Options& options) {
    fmt::print(
        "replies: {} tenants with {} conversations each, {} rounds of {} s\n",
        options.size.tenant_count,
        options.size.contact_count,
        options.round_count,
        options.run_s
    );
    const std::string text = TextOfReply();
    SeededStack inbox(StackSettings(), options.size);
    ReplyBacklog backlog;
    backlog.reply_count = 4'000 * options.run_s;
    backlog.text = text;
    ReplyBatches batches(inbox.stack().postgres(), backlog);
    PlainReplies plain(
        inbox.stack().postgres(),
        inbox.stack().database().name(),
        inbox.conversations().size(),
        batches.bytes(),
        text
    );
    Agents agents(inbox, text);
    std::vector<Contender> contenders = AgentContenders(agents);
    for (const int clients : kPlainClients) contenders.push_back(PlainContender(plain, clients));
    for (const std::size_t connections : {64, 256}) {
        contenders.push_back(BatchContender(batches, connections));
    }
    constexpr int kWarmUpS = 1;
    for (Contender& contender : contenders) contender.run(kWarmUpS);
    MeasureOpenLoop(inbox, agents, options);
    for (int round = 0; round < options.round_count; ++round) {
        for (Contender& contender : contenders) {
            // Each pays for its own pages' first change.
            inbox.stack().postgres().Run("postgres", "CHECKPOINT");
            contender.rounds.push_back(contender.run(options.run_s));
        }
    }
    PrintTable(contenders);
}

}  // namespace
}  // namespace unibox::bench

int main(int argc, char** argv) {
    std::setvbuf(stdout, nullptr, _IOLBF, 0);  // Seen at once also through a pipe.
    unibox::bench::Options options;
    if (argc > 1) options.run_s = std::max(1, std::atoi(argv[1]));
    if (argc > 2) options.round_count = std::max(1, std::atoi(argv[2]));
    if (argc > 3) options.size.tenant_count = std::max(1, std::atoi(argv[3]));
    if (argc > 4) options.size.contact_count = std::max(1, std::atoi(argv[4]));
    unibox::bench::Main(options);
    return 0;
}
