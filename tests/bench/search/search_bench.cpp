// Searching messages by their words through gRPC: half of the messages are of one tenant, the
// others of fifty, over half a year. Callers in a closed loop ask for usual words, two words,
// beginnings of words and rare words, of one tenant after the other.
//
// Beside it, in turns: the statement alone, without authentication and transport; and the floor,
// the same condition on the index of the latest week (for rare words: of all weeks) by hand, which
// finds keys alone and checks nobody's rights. Printed are the rounds with the median p99.
//
// usage: search_bench [messages 1000000] [callers 2] [seconds 5] [rounds 3]
#include "bench/common/must.hpp"
#include "gateway/service.hpp"
#include "obs/log.hpp"
#include "pg/transaction.hpp"
#include "search/lexemes.hpp"
#include "store/inbox/search.hpp"
#include "support/no_limits.hpp"
#include "support/pg_server.hpp"
#include "unibox/v1/search_service.grpc.pb.h"

#include <fmt/format.h>
#include <grpcpp/grpcpp.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <memory>
#include <random>
#include <string>
#include <thread>
#include <vector>

namespace unibox::bench {
namespace {

using Clock = std::chrono::steady_clock;

constexpr int kTenants = 51;        // Number 1 has half of the messages.
constexpr double kWordsLog = 10.8;  // Word n is as frequent as log(1 + 1/n): 49,000 of them.

struct Options {
    int message_count = 1'000'000;
    int caller_count = 2;
    int run_s = 5;
    int round_count = 3;
};

std::string KeyOf(int tenant) {
    return fmt::format("ubk_{:0>42}0", tenant);
}

void Populate(test::PgServer& server, const std::string& database, const Options& options) {
    const auto run = [&](const char* what, const std::string& sql) {
        const auto begin = Clock::now();
        server.Run(database, sql);
        const std::chrono::duration<double> took = Clock::now() - begin;
        std::printf("  %-22s %6.1f s\n", what, took.count());
        std::fflush(stdout);
    };
    run("tenants, keys",
        fmt::format(
            "INSERT INTO tenants (tenant_id, slug, name) SELECT t, 't' || t, 't' "
            "FROM generate_series(1, {0}) t; INSERT INTO api_keys (tenant_id, key_id, name, "
            "key_hash, scopes) SELECT t, gen_random_uuid(), 'bench', sha256(convert_to('ubk_' || "
            "lpad(t::text, 42, '0') || '0', 'UTF8')), '{{inbox:read}}' "
            "FROM generate_series(1, {0}) t; INSERT INTO directory (kind, key_hash, tenant, "
            "object_id) SELECT 1, key_hash, tenant_id, key_id FROM api_keys",
            kTenants
        ));
    run("partitions",
        "SELECT ub_make_partition('messages', now() - n * interval '28 days') "
        "FROM generate_series(1, 7) n; "
        "SELECT ub_make_partition('message_search', now() - n * interval '7 days') "
        "FROM generate_series(1, 27) n; DROP INDEX message_search_words");
    // 50 messages a conversation; what is found is read from these tables, all else is left out.
    run("messages",
        fmt::format(
            "SET session_replication_role = replica; INSERT INTO messages (tenant_id, "
            "conversation_id, seq, created_at, message_id, channel_id, direction, kind, body, "
            "received_at, version) SELECT CASE WHEN n % 2 = 0 THEN 1 ELSE 2 + n % 50 END, "
            "('00000000-0000-7000-8000-' || lpad((n % {1})::text, 12, '0'))::uuid, 1 + n / {1}, "
            "date_trunc('second', now()) - n * interval '180 days' / {0}, gen_random_uuid(), "
            "'00000000-0000-7000-8000-000000000001', 1, 1, (SELECT string_agg('w' || "
            "floor(exp(random() * {2}))::int, ' ') FROM generate_series(1, 10 + n * 0)), now(), 1 "
            "FROM generate_series(1, {0}) n",
            options.message_count,
            options.message_count / 50 / 100 * 100,
            kWordsLog
        ));
    run("words",
        "INSERT INTO message_search SELECT tenant_id, conversation_id, seq, created_at, "
        "channel_id, (SELECT string_agg(format('''%s.%s'':%s', "
        "tenant_id, word, place), ' ') FROM unnest(string_to_array(body, ' ')) WITH ORDINALITY "
        "AS w(word, place))::tsvector FROM messages");
    run("conversations",
        "SET session_replication_role = replica; INSERT INTO conversation_counters (tenant_id, "
        "conversation_id) SELECT DISTINCT tenant_id, conversation_id FROM messages; "
        "INSERT INTO conversations (tenant_id, conversation_id, channel_id, thread_key, "
        "contact_id, provider, status, last_activity_at, created_at, version) SELECT tenant_id, "
        "conversation_id, '00000000-0000-7000-8000-000000000001', conversation_id::text, "
        "conversation_id, 2, 1, now(), now(), 1 FROM conversation_counters");
    run("index",
        "SET maintenance_work_mem = '1GB'; CREATE INDEX message_search_words ON message_search "
        "USING gin (words) WITH (gin_pending_list_limit = 256)");
    for (const char* table : {"messages", "message_search", "conversations"}) {
        run("analyze", std::string("VACUUM (ANALYZE) ") + table);
    }
}

struct Asked {
    int tenant = 1;
    std::string words;
    bool rare = false;
};

// The latest 20 with one or two of the words that stand in one of 5,000 messages or more often, or
// with words that begin so; or with a rare one.
class Questions {
public:
    explicit Questions(unsigned seed) : random_(seed) {}

    Asked Next() {
        Asked asked;
        asked.tenant = random_() % 2 == 0 ? 1 : 2 + static_cast<int>(random_() % 50);
        const auto kind = random_() % 10;
        asked.rare = kind == 9;
        if (kind < 4) asked.words = Word(0.1, 0.7) + " ";
        if (kind >= 4 && kind < 7) asked.words = Word(0.1, 0.5) + " " + Word(0.1, 0.5) + " ";
        if (kind == 7 || kind == 8) asked.words = Word(0.5, 0.7);
        if (asked.rare) asked.words = Word(0.8, 1.0) + " ";
        return asked;
    }

private:
    // From the part of the words, the frequent ones first.
    std::string Word(double from, double to) {
        std::uniform_real_distribution<double> part(from, to);
        return "w" + std::to_string(static_cast<int>(std::exp(part(random_) * kWordsLog)));
    }

    std::mt19937 random_;
};

using Call = std::function<bool(const Asked&)>;

Call ThroughGateway(const std::string& address, int caller) {
    grpc::ChannelArguments arguments;
    arguments.SetInt("bench.caller", caller);  // A connection of its own.
    const auto channel =
        grpc::CreateCustomChannel(address, grpc::InsecureChannelCredentials(), arguments);
    const std::shared_ptr stub = v1::SearchService::NewStub(channel);
    return [stub](const Asked& asked) {
        grpc::ClientContext context;
        context.AddMetadata("authorization", "Bearer " + KeyOf(asked.tenant));
        v1::SearchMessagesRequest request;
        request.set_q(asked.words);
        v1::SearchMessagesResponse response;
        return stub->SearchMessages(&context, request, &response).ok();
    };
}

Call StatementAlone(pg::Pool& pool) {
    return [&pool](const Asked& asked) {
        store::MessageSearch search;
        search.words = search::ParseQuery(asked.words).value();
        const auto page = store::SearchMessages(
            pool, {TenantId{asked.tenant}}, search, Clock::now() + std::chrono::seconds(10)
        );
        return page.ok();
    };
}

Call ByHand(pg::Pool& pool) {
    return [&pool](const Asked& asked) {
        const std::string words =
            search::TsQueryOf(TenantId{asked.tenant}, search::ParseQuery(asked.words).value());
        const std::string from = asked.rare ? "now() - interval '400 days'"
                                            : "date_trunc('week', now() - interval '3 days')";
        auto tx = pg::SystemTx::Begin(pool, pg::Access::kReadOnly);
        if (!tx.ok()) return false;
        const auto rows = tx->ExecuteUnprepared(
            "SELECT conversation_id, seq, created_at FROM message_search WHERE words @@ "
            "$1::tsquery AND created_at >= " +
                from + " ORDER BY created_at DESC, conversation_id DESC, seq DESC LIMIT 21",
            pg::Params::Of(words)
        );
        return rows.ok() && tx->Commit().ok();
    };
}

struct Measurement {
    std::string name;
    std::vector<double> latencies_ms = {};  // sorted
    int failure_count = 0;

    double At(double part) const {
        return latencies_ms[static_cast<std::size_t>(
            part * static_cast<double>(latencies_ms.size() - 1)
        )];
    }
};

Measurement Run(std::string name, const std::vector<Call>& calls, int run_s, unsigned seed) {
    const auto end = Clock::now() + std::chrono::seconds(run_s);
    std::atomic<int> failure_count{0};
    std::vector<std::vector<double>> parts(calls.size());
    std::vector<std::thread> callers;
    for (std::size_t i = 0; i < calls.size(); ++i) {
        callers.emplace_back([&, i] {
            Questions questions(seed * 100 + static_cast<unsigned>(i));
            while (Clock::now() < end) {
                const Asked asked = questions.Next();
                const auto begin = Clock::now();
                if (!calls[i](asked)) ++failure_count;
                const std::chrono::duration<double, std::milli> took = Clock::now() - begin;
                parts[i].push_back(took.count());
            }
        });
    }
    Measurement measurement{std::move(name)};
    for (std::size_t i = 0; i < calls.size(); ++i) {
        callers[i].join();
        auto& all = measurement.latencies_ms;
        all.insert(all.end(), parts[i].begin(), parts[i].end());
    }
    std::sort(measurement.latencies_ms.begin(), measurement.latencies_ms.end());
    measurement.failure_count = failure_count;
    return measurement;
}

// Returns how many calls failed.
int Print(std::vector<Measurement>& rounds, int run_s) {
    std::sort(rounds.begin(), rounds.end(), [](const auto& a, const auto& b) {
        return a.At(0.99) < b.At(0.99);
    });
    const Measurement& median = rounds[rounds.size() / 2];
    int failure_count = 0;
    for (const Measurement& round : rounds) failure_count += round.failure_count;
    std::printf(
        "%-18s%9.0f%9.2f%9.2f%9.2f%9.2f%9d\n",
        median.name.c_str(),
        static_cast<double>(median.latencies_ms.size()) / run_s,
        median.At(0.5),
        median.At(0.9),
        median.At(0.99),
        median.latencies_ms.back(),
        failure_count
    );
    return failure_count;
}

// What is measured must find something.
void CheckFindable(pg::Pool& pool) {
    store::MessageSearch usual;
    usual.words = Must(search::ParseQuery("w1 "));
    const auto page =
        store::SearchMessages(pool, {TenantId{1}}, usual, Clock::now() + std::chrono::seconds(10));
    if (Must(page).messages.empty()) Fail("the most usual word is not found");
}

int Main(const Options& options) {
    obs::ConfigureLog("search_bench", obs::Level::kError);  // Redis is away.
    std::printf("search: %d messages\n", options.message_count);
    test::PgServer server({"shared_buffers = 1GB", "max_wal_size = 8GB", "autovacuum = off"});
    const auto database = server.CreateDatabase();
    Populate(server, database.name(), options);
    gateway::Config config;
    config.http.listen = "127.0.0.1:0";
    config.grpc.listen = "127.0.0.1:0";
    config.nats.url = "nats://127.0.0.1:1";  // Away: nothing is changed here.
    config.redis.url = test::kAwayRedis;
    config.limits = test::NoLimits();
    config.postgres.url = database.url("ub_gateway");
    obs::Metrics metrics, pool_metrics;
    const auto gateway = Must(gateway::CreateService(config, SystemClock(), metrics));
    const auto pool = Must(pg::Pool::Create(config.postgres, pool_metrics));
    const auto super = Must(pg::Pool::Create(database.settings("postgres"), pool_metrics));
    Must(gateway->Start());
    CheckFindable(*pool);
    std::vector<Call> through, alone, by_hand;
    for (int i = 0; i < options.caller_count; ++i) {
        through.push_back(ThroughGateway(gateway->address("grpc"), i));
        alone.push_back(StatementAlone(*pool));
        by_hand.push_back(ByHand(*super));
    }
    std::vector<Measurement> through_rounds, alone_rounds, by_hand_rounds;
    for (unsigned round = 0; round <= static_cast<unsigned>(options.round_count); ++round) {
        auto one = Run("gateway, gRPC", through, options.run_s, round);
        auto two = Run("statement alone", alone, options.run_s, round);
        auto three = Run("index by hand", by_hand, options.run_s, round);
        if (round == 0) continue;  // Warming up.
        through_rounds.push_back(std::move(one));
        alone_rounds.push_back(std::move(two));
        by_hand_rounds.push_back(std::move(three));
    }
    const char* columns[] = {"", "calls/s", "p50 ms", "p90 ms", "p99 ms", "max ms", "failed"};
    std::printf("%-18s", columns[0]);
    for (int i = 1; i < 7; ++i) std::printf("%9s", columns[i]);
    std::printf("\n");
    int failure_count = 0;
    for (auto* rounds : {&through_rounds, &alone_rounds, &by_hand_rounds}) {
        failure_count += Print(*rounds, options.run_s);
    }
    return failure_count == 0 ? 0 : 1;
}

}  // namespace
}  // namespace unibox::bench

int main(int argc, char** argv) {
    unibox::bench::Options options;
    if (argc > 1) options.message_count = std::max(10'000, std::atoi(argv[1]));
    if (argc > 2) options.caller_count = std::max(1, std::atoi(argv[2]));
    if (argc > 3) options.run_s = std::max(1, std::atoi(argv[3]));
    if (argc > 4) options.round_count = std::max(1, std::atoi(argv[4]));
    return unibox::bench::Main(options);
}
