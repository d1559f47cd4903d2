#include "bench/commands/reply_batches.hpp"

#include "bench/common/cpu_seconds.hpp"
#include "bench/common/medians.hpp"
#include "bench/common/must.hpp"
#include "decide/decide.hpp"
#include "decide/plan.hpp"
#include "pg/transaction.hpp"
#include "store/writer/batch_tx.hpp"
#include "store/writer/partitions.hpp"
#include "store/writer/slots.hpp"
#include "support/command_builder.hpp"
#include "support/inbound_events.hpp"

#include <algorithm>
#include <chrono>
#include <functional>
#include <memory>
#include <span>
#include <thread>

namespace unibox::bench {
namespace {

using Steady = std::chrono::steady_clock;
using Commands = std::span<const writer::v1::Command>;

constexpr Millis kLease(600'000);
constexpr std::int64_t kStreamCreatedMs = 1'785'000'000'000;
constexpr std::size_t kSeedBatch = 500;
constexpr const char* kOwner = "bench";
// Nobody is refused for writing too much.
constexpr decide::DecideLimits kLimits{.message_count_per_minute_max = 1'000'000};

// One connection with a slot of its own.
struct Lane {
    Lane(const test::PgDatabase& database, pg::Pool& pool) {
        pg::Settings settings = database.settings("ub_writer");
        settings.statement_timeout_ms = 60'000;
        session = Must(pg::Session::Create(settings, metrics));
        slot = Must(store::TakeSlot(pool, kOwner, kLease));
        leaves = Must(store::SurveyLeaves(pool));
    }

    store::BatchTx Begin() { return Must(store::BatchTx::Begin(*session, kLease)); }
    domain::BatchState Read(store::BatchTx& tx, const domain::BatchPlan& plan) const {
        const store::SlotFence fence{slot.slot, slot.epoch};
        return Must(tx.Read({.partitions = {}, .slot = fence}, plan, leaves));
    }
    // As the writer does, each transaction removes what the feed has of the one before.
    void Commit(store::BatchTx& tx, const domain::Effects& effects) {
        acknowledged = Must(tx.Commit(effects, {{}, acknowledged})).outbox;
        std::erase_if(acknowledged, [](const store::OutboxId& row) {
            return row.target != domain::OutboxTarget::kFeed;
        });
    }

    obs::Metrics metrics;
    std::unique_ptr<pg::Session> session;
    store::OwnedSlot slot;
    store::LeafSurvey leaves;
    std::vector<store::OutboxId> acknowledged;
    std::vector<double> batch_ms;
};

// The customers' messages, as a lane of the log writes them.
void WriteCustomers(
    Lane& lane, pg::Pool& pool, const std::vector<event::v1::InboundEvent>& messages
) {
    Must(store::EnsurePartition(pool, {1, 0}, kStreamCreatedMs));
    const auto owned = Must(store::TakePartitions(pool, kOwner, {{1, 0}}, kLease)).at(0);
    std::int64_t last_seq = 0;
    for (std::size_t at = 0; at < messages.size(); at += kSeedBatch) {
        std::vector<domain::BatchItem> items;
        for (std::size_t i = at; i < std::min(messages.size(), at + kSeedBatch); ++i) {
            items.push_back({owned.id.Shard(), messages[i]});
        }
        const auto count = static_cast<std::int64_t>(items.size());
        const store::PartitionAdvance advance{
            owned.id, owned.epoch, last_seq, last_seq + count, {}};
        last_seq += count;
        auto tx = lane.Begin();
        auto state = Must(
            tx.Read({.partitions = {&advance, 1}, .slot = {}}, decide::Plan(items), lane.leaves)
        );
        Must(tx.Commit(decide::Decide(items, std::move(state)), {}));
    }
}

// A fresh database in which the customers have written, and lanes.
struct Target {
    Target(test::PgServer& server, const std::vector<event::v1::InboundEvent>& customers)
        : database(server.CreateDatabase()) {
        server.Run(
            database.name(),
            "INSERT INTO tenants (tenant_id, slug, name) VALUES (1, 'acme', 'Acme');"
            "INSERT INTO channels (tenant_id, channel_id, slug, name, provider, route_key) "
            "VALUES (1, '" +
                test::TestChannel().ToString() + "', 'tg', 'Telegram', 1, '')"
        );
        pool = Must(pg::Pool::Create(database.settings("ub_writer"), metrics));
        for (std::size_t i = 0; i < ReplyBatches::kLaneCount; ++i) {
            lanes.push_back(std::make_unique<Lane>(database, *pool));
        }
        WriteCustomers(*lanes[0], *pool, customers);
    }

    std::vector<domain::ConversationKey> Conversations() const {
        auto tx = Must(pg::SystemTx::Begin(*pool, pg::Access::kReadOnly));
        std::vector<domain::ConversationKey> keys;
        for (const pg::Row row : Must(tx.ExecuteUnprepared(
                 "SELECT conversation_id FROM conversations ORDER BY conversation_id"
             ))) {
            keys.push_back({TenantId{1}, row.GetId<ConversationId>(0)});
        }
        return keys;
    }

    obs::Metrics metrics;
    test::PgDatabase database;
    std::unique_ptr<pg::Pool> pool;
    std::vector<std::unique_ptr<Lane>> lanes;
};

// Plan, read, decide and write, all of it, in one transaction.
Replay WriteBatch(Lane& lane, Commands batch) {
    std::vector<domain::BatchItem> items;
    for (const auto& command : batch) items.push_back({lane.slot.Shard(), command});
    Replay replay{.events = batch.size(), .plan = decide::Plan(items), .effects = {}};
    auto tx = lane.Begin();
    replay.effects = decide::Decide(items, lane.Read(tx, replay.plan), kLimits);
    if (replay.effects.input_count != batch.size()) Fail("a batch of replies is too much at once");
    for (const domain::CommandAnswer& answer : replay.effects.answers) {
        if (answer.kept.code() != 0) Fail("a reply was refused: " + answer.kept.ShortDebugString());
    }
    lane.Commit(tx, replay.effects);
    return replay;
}

std::vector<Replay> WriteAll(Lane& lane, Commands commands, std::size_t batch_size) {
    std::vector<Replay> replays;
    for (std::size_t at = 0; at < commands.size(); at += batch_size) {
        const std::size_t count = std::min(batch_size, commands.size() - at);
        replays.push_back(WriteBatch(lane, commands.subspan(at, count)));
    }
    return replays;
}

// What was decided before is written again, where nothing of it is there.
void Repeat(Lane& lane, const std::vector<Replay>& replays) {
    for (const Replay& replay : replays) {
        const auto start = Steady::now();
        auto tx = lane.Begin();
        static_cast<void>(lane.Read(tx, replay.plan));
        lane.Commit(tx, replay.effects);
        const std::chrono::duration<double, std::milli> took = Steady::now() - start;
        lane.batch_ms.push_back(took.count());
    }
}

// All lanes at once.
void OnLanes(Target& target, const std::function<void(Lane&, std::size_t)>& work) {
    std::vector<std::thread> threads;
    for (std::size_t i = 0; i < target.lanes.size(); ++i) {
        threads.emplace_back([&, i] { work(*target.lanes[i], i); });
    }
    for (std::thread& thread : threads) thread.join();
}

ReplyBytes BytesOf(const domain::Effects& effects) {
    ReplyBytes bytes;
    for (const domain::OutboxWrite& write : effects.outbox) {
        const bool is_feed = write.target == domain::OutboxTarget::kFeed;
        (is_feed ? bytes.feed : bytes.job) = write.batch.SerializeAsString();
    }
    bytes.digest = effects.request_keys.at(0).digest;
    bytes.answer = effects.request_keys.at(0).answer.SerializeAsString();
    bytes.changes = effects.audit.at(0).changes.SerializeAsString();
    return bytes;
}

}  // namespace

ReplyBatches::ReplyBatches(test::PgServer& server, const ReplyBacklog& backlog) : server_(server) {
    const std::int64_t start_ms = test::NowMs() - 1'000;
    for (int i = 0; i < backlog.conversation_count; ++i) {
        customers_.push_back(test::AMessage("wamid." + std::to_string(i))
                                 .WithText(backlog.text)
                                 .Named("Ada Lovelace")
                                 .From("4915112" + std::to_string(i))
                                 .At(start_ms)
                                 .Build());
    }
    Target target(server_, customers_);
    const auto conversations = target.Conversations();
    commands_.resize(kLaneCount);
    for (int i = 0; i < backlog.reply_count; ++i) {
        const std::size_t place = static_cast<std::size_t>(i) % conversations.size();
        // Of a conversation all in one lane: nothing of what is decided depends on who comes first.
        commands_[place % kLaneCount].push_back(test::CommandBuilder(conversations[place])
                                                    .At(test::NowMs())
                                                    .Key("call:" + std::to_string(i))
                                                    .Text(backlog.text));
    }
    const Commands one(commands_[0].data(), 1);
    bytes_ = BytesOf(WriteBatch(*target.lanes[0], one).effects);
}

const ReplyBatches::Replays& ReplyBatches::Decided(std::size_t batch_size) {
    const auto known = decided_.find(batch_size);
    if (known != decided_.end()) return known->second;
    Replays replays(kLaneCount);
    Target target(server_, customers_);
    OnLanes(target, [&](Lane& lane, std::size_t i) {
        replays[i] = WriteAll(lane, commands_[i], batch_size);
    });
    return decided_.emplace(batch_size, std::move(replays)).first->second;
}

BatchRun ReplyBatches::Run(std::size_t batch_size) {
    const Replays& replays = Decided(batch_size);
    Target target(server_, customers_);
    const double own_before = OwnCpuSeconds();
    const double postgres_before = CpuSecondsOfTree(server_.pid());
    const auto start = Steady::now();
    OnLanes(target, [&](Lane& lane, std::size_t i) { Repeat(lane, replays[i]); });
    BatchRun run;
    run.seconds = std::chrono::duration<double>(Steady::now() - start).count();
    run.own_cpu_s = OwnCpuSeconds() - own_before;
    run.postgres_cpu_s = CpuSecondsOfTree(server_.pid()) - postgres_before;
    std::vector<double> batch_ms;
    for (std::size_t i = 0; i < kLaneCount; ++i) {
        run.reply_count += static_cast<std::int64_t>(commands_[i].size());
        const auto& of_lane = target.lanes[i]->batch_ms;
        batch_ms.insert(batch_ms.end(), of_lane.begin(), of_lane.end());
    }
    std::sort(batch_ms.begin(), batch_ms.end());
    run.batch_p50_ms = Percentile(batch_ms, 50);
    run.batch_p99_ms = Percentile(batch_ms, 99);
    return run;
}

}  // namespace unibox::bench
