#include "message-writer/batch_committer.hpp"

#include "decide/decide.hpp"
#include "decide/plan.hpp"
#include "obs/log.hpp"
#include "pg/sqlstate.hpp"
#include "store/writer/failure.hpp"

#include <chrono>
#include <set>

namespace unibox::writer {
namespace {

// Tries of a batch that ran into a conflict (23505, 23503) before it counts as poison.
constexpr int kConflictTries = 3;
constexpr std::size_t kErrorBytesMax = 2'000;

// Our own words, not the database's: repeating the same changes nothing.
constexpr std::string_view kCut = "BATCH_CUT";

// The first event's shard waits for a leaf: the others go on without it.
constexpr std::string_view kAwaitsLeaf = "AWAITS_LEAF";

// Whether the database has not been asked, or is not to blame.
bool IsOurOwnLimit(const Status& error) {
    return error.reason() == kTimeNotServed ||
           store::ClassifyFailure(error) == store::Failure::kTooMuch;
}

}  // namespace

BatchCommitter::BatchCommitter(Environment environment)
    : env_(std::move(environment)),
      leaves_(env_.pool, env_.metrics, env_.clock),
      backoff_({.first = Millis(50), .longest = Millis(env_.settings.retry_ms_max)}) {}

bool BatchCommitter::Commit(
    const GatheredBatch& batch,
    std::map<domain::ShardId, WrittenShard*> shards,
    std::vector<store::OutboxId>* acknowledged
) {
    batch_ = &batch;
    shards_ = std::move(shards);
    acknowledged_ = acknowledged;
    for (const auto& [number, shard] : shards_) shard->awaited_leaf.clear();
    leaves_.Refresh();
    CountFaults();
    return CommitRange({0, batch.size()}) && StopWhereTooMany();
}

bool BatchCommitter::CommitRange(Range range) {
    int conflicts = 0;
    while (true) {
        const Selection selection = Select(range);
        if (selection.empty()) return true;
        bool outcome_unknown = false;
        Status status = TryOnce(selection, &outcome_unknown);
        if (status.ok()) {
            backoff_.Reset();
            return true;
        }
        switch (AfterError(&status, outcome_unknown, selection, &conflicts)) {
            case Next::kAgain:
                break;
            case Next::kSmaller:
                if (range.end - range.begin > 1) return CommitHalves(range, status);
                if (!Wait()) return false;
                break;
            case Next::kSplit:
                return CommitHalves(range, status);
            case Next::kCut: {
                const std::size_t cut_at = cut_at_;
                if (!CommitRange({range.begin, cut_at})) return false;
                range.begin = cut_at;
                break;
            }
            case Next::kInterrupted:
                return false;
        }
    }
}

bool BatchCommitter::CommitHalves(Range range, const Status& why) {
    if (range.end - range.begin == 1) {
        if (store::ClassifyFailure(why) != store::Failure::kMissingLeaf) {
            return BuryOne(range.begin, why);
        }
        AwaitLeaf(range.begin, why.message());
        return true;
    }
    const std::size_t middle = range.begin + (range.end - range.begin) / 2;
    return CommitRange({range.begin, middle}) && CommitRange({middle, range.end});
}

bool BatchCommitter::BuryOne(std::size_t index, const Status& why) {
    const domain::ShardId number = batch_->events[index].shard;
    WrittenShard* shard = shards_.at(number);
    const std::int64_t sequence = batch_->sequences[index];
    CountPoison(shard, sequence, why.ToString());
    int conflicts = kConflictTries;
    while (!shard->lost && !shard->stopped && shard->owned.last_seq < sequence &&
           sequence < shard->stop_at) {
        Selection selection;
        const bool refused = !IsOurOwnLimit(why);  // by the database
        selection.dead.push_back(
            DeadLetterOf(index, refused ? why.reason() : std::string(), why.message())
        );
        selection.to_seq[number] = sequence;
        bool outcome_unknown = false;
        Status status = TryOnce(selection, &outcome_unknown);
        if (status.ok()) return true;
        switch (AfterError(&status, outcome_unknown, selection, &conflicts)) {
            case Next::kAgain:
                break;
            case Next::kSmaller:
                if (!Wait()) return false;
                break;
            case Next::kCut:  // not without events that are alive
            case Next::kSplit:
                return StopShard(shard, "dead letter refused: " + status.ToString());
            case Next::kInterrupted:
                return false;
        }
    }
    return true;
}

BatchCommitter::Selection BatchCommitter::Select(Range range) const {
    Selection selection;
    for (std::size_t i = range.begin; i < range.end; ++i) {
        const domain::ShardId number = batch_->events[i].shard;
        const WrittenShard& shard = *shards_.at(number);
        const std::int64_t sequence = batch_->sequences[i];
        if (shard.lost || shard.stopped || !shard.awaited_leaf.empty()) continue;
        if (sequence <= shard.owned.last_seq || sequence >= shard.stop_at) continue;
        selection.to_seq[number] = sequence;
        if (batch_->faults[i].empty()) {
            selection.live.push_back(i);
        } else {
            selection.dead.push_back(DeadLetterOf(i, "", batch_->faults[i]));
        }
    }
    return selection;
}

const LogMark& BatchCommitter::MarkOf(domain::ShardId shard, std::int64_t sequence) const {
    std::size_t at = batch_->size() - 1;
    const auto is_it = [&] {
        return batch_->events[at].shard == shard && batch_->sequences[at] == sequence;
    };
    while (!is_it()) --at;
    return batch_->marks[at];
}

store::DeadLetterWrite BatchCommitter::DeadLetterOf(
    std::size_t index, std::string sqlstate, std::string error
) const {
    if (error.size() > kErrorBytesMax) error.resize(kErrorBytesMax);
    // The server's text may quote the event; what is not plain must not spoil the letter as well.
    for (char& c : error) {
        if (static_cast<unsigned char>(c) < 0x20 || static_cast<unsigned char>(c) > 0x7e) c = '?';
    }
    return {
        .id = shards_.at(batch_->events[index].shard)->owned.id,
        .stream_seq = batch_->sequences[index],
        .event = batch_->payloads[index],
        .sqlstate = std::move(sqlstate),
        .error = std::move(error),
    };
}

Status BatchCommitter::TryOnce(const Selection& selection, bool* outcome_unknown) {
    const std::vector<std::size_t>& live = selection.live;
    if (live.empty()) return RunTransaction({}, selection, outcome_unknown);
    if (live.back() - live.front() + 1 == live.size()) {
        const std::span all(batch_->events);
        return RunTransaction(all.subspan(live.front(), live.size()), selection, outcome_unknown);
    }
    std::vector<domain::BatchItem> events;  // only after a fault: some of the range are left out
    events.reserve(live.size());
    for (const std::size_t i : live) events.push_back(batch_->events[i]);
    return RunTransaction(events, selection, outcome_unknown);
}

void BatchCommitter::Reached(CommitStage stage) const {
    if (env_.on_stage) env_.on_stage(stage);
}

Status BatchCommitter::RunTransaction(
    std::span<const domain::BatchItem> events, const Selection& selection, bool* outcome_unknown
) {
    effects_ = {};
    SteadyTime start = env_.clock.Steady();
    const auto lap = [&](obs::Histogram& histogram) {
        const SteadyTime now = env_.clock.Steady();
        histogram.Observe(std::chrono::duration<double>(now - start).count());
        start = now;
    };
    std::vector<store::PartitionAdvance> advances;
    for (const auto& [number, to_seq] : selection.to_seq) {
        const store::OwnedPartition& owned = shards_.at(number)->owned;
        store::PartitionAdvance& advance = advances.emplace_back();
        advance = {owned.id, owned.epoch, owned.last_seq, to_seq};
        advance.to_mark = MarkOf(number, to_seq);
    }
    Reached(CommitStage::kBeforeTransaction);
    UNIBOX_ASSIGN_OR_RETURN(auto tx, store::BatchTx::Begin(env_.session, env_.lease));
    UNIBOX_ASSIGN_OR_RETURN(
        domain::BatchState state,
        tx.Read({.partitions = advances}, decide::Plan(events), leaves_.survey())
    );
    lap(env_.metrics.read_seconds);
    Reached(CommitStage::kBetweenPipelines);
    effects_ = decide::Decide(events, std::move(state), env_.limits);
    lap(env_.metrics.decide_seconds);
    if (effects_.input_count < events.size()) return Cut(selection);
    const auto committed = tx.Commit(effects_, {selection.dead, *acknowledged_});
    lap(env_.metrics.write_seconds);
    if (!committed.ok()) {
        *outcome_unknown = tx.outcome_unknown();
        return committed.status();
    }
    Reached(CommitStage::kBeforePublish);
    AfterCommit(selection, committed->outbox);
    lap(env_.metrics.publish_seconds);
    return {};
}

// Only the first events are for one transaction; this one is rolled back.
Status BatchCommitter::Cut(const Selection& selection) {
    const std::size_t event_count = effects_.input_count;
    if (event_count == 0 && !effects_.awaited_leaf.empty()) {
        AwaitLeaf(selection.live.front(), effects_.awaited_leaf);
        return Status(Code::kUnavailable, "a leaf is detached").WithReason(kAwaitsLeaf);
    }
    if (event_count > 0) {
        cut_at_ = selection.live[event_count];
    } else if (selection.live.size() > 1) {
        cut_at_ = selection.live.front() + 1;
    } else {
        return Status(
                   Code::kResourceExhausted,
                   "what is stored about its message is more than one transaction may read"
        )
            .WithReason(pg::kPipelineFull);
    }
    if (effects_.awaited_leaf.empty()) env_.metrics.batches_cut.Add();
    return Status(Code::kResourceExhausted, "more than one transaction is to write")
        .WithReason(kCut);
}

void BatchCommitter::AwaitLeaf(std::size_t index, std::string leaf) {
    shards_.at(batch_->events[index].shard)->awaited_leaf = std::move(leaf);
}

void BatchCommitter::AfterCommit(
    const Selection& selection, const std::vector<store::OutboxId>& ids
) {
    for (const auto& [number, to_seq] : selection.to_seq) {
        store::OwnedPartition& owned = shards_.at(number)->owned;
        owned.last_seq = to_seq;
        owned.mark = MarkOf(number, to_seq);
    }
    acknowledged_->clear();
    CommittedOutbox rows;
    for (std::size_t i = 0; i < ids.size(); ++i) {
        rows.emplace_back(ids[i], std::move(effects_.outbox.at(i).batch));
    }
    if (!rows.empty()) env_.publish(std::move(rows));
    const auto count = static_cast<double>(selection.live.size() + selection.dead.size());
    env_.metrics.batches.Add();
    env_.metrics.batch_events.Observe(count);
    env_.metrics.events.Add(count);
    env_.metrics.messages.Add(static_cast<double>(effects_.message_count));
    env_.metrics.duplicates.Add(static_cast<double>(effects_.duplicate_count));
    env_.metrics.ignored.Add(static_cast<double>(effects_.ignored_count));
    if (effects_.park_refused_count > 0) {
        obs::Log(
            obs::Level::kWarn,
            "too many events wait for the same message: the rest is given up",
            {{"events", effects_.park_refused_count}, {"shards", Describe(selection)}}
        );
        env_.metrics.ignored.Add(static_cast<double>(effects_.park_refused_count));
    }
    env_.metrics.dead_letters.Add(static_cast<double>(selection.dead.size()));
}

// "1003 (17 to 42), 1007 (5 to 5)": shards and sequences.
std::string BatchCommitter::Describe(const Selection& selection) const {
    std::string text;
    for (const auto& [number, to_seq] : selection.to_seq) {
        const std::int64_t from_seq = shards_.at(number)->owned.last_seq + 1;
        if (!text.empty()) text += ", ";
        text += number.ToString() + " (" + std::to_string(from_seq) + " to " +
                std::to_string(to_seq) + ")";
    }
    return text;
}

BatchCommitter::Next BatchCommitter::AfterError(
    Status* status, bool outcome_unknown, const Selection& selection, int* conflicts
) {
    if (status->reason() == kCut) return Next::kCut;
    if (status->reason() == kAwaitsLeaf) return Next::kAgain;
    const auto again = [](bool goes_on) { return goes_on ? Next::kAgain : Next::kInterrupted; };
    if (store::ClassifyFailure(*status) == store::Failure::kStaleLeaves) {
        return again(leaves_.LookAgain().ok() || Wait());
    }
    env_.metrics.retries.Add();
    if (outcome_unknown) {
        obs::Log(
            obs::Level::kWarn,
            "outcome of a commit is unknown",
            {{"error", *status}, {"shards", Describe(selection)}}
        );
        env_.metrics.unknown_outcomes.Add();
        return again(Wait() && LearnAll());
    }
    if (store::ClassifyFailure(*status) == store::Failure::kFenced) {
        return again(LearnShards(store::LostShards(*status)));
    }
    obs::Log(
        obs::Level::kWarn,
        "a batch failed",
        {{"error", *status}, {"shards", Describe(selection)}, {"events", selection.live.size()}}
    );
    if (store::ClassifyFailure(*status) == store::Failure::kMissingLeaf) {
        *status = leaves_.Make(effects_, *status);
    }
    if (IsOurOwnLimit(*status)) return Next::kSplit;
    switch (store::ClassifyFailure(*status)) {
        case store::Failure::kMissingLeaf:
            // A leaf that is there or was made is found the second time, or the event waits for it.
            return ++*conflicts <= 1 ? Next::kAgain : Next::kSplit;
        case store::Failure::kConflict:
            return ++*conflicts <= kConflictTries ? again(Wait()) : Next::kSplit;
        case store::Failure::kPoison:
            return Next::kSplit;
        case store::Failure::kTimeout:
            return Next::kSmaller;
        default:
            return again(Wait());
    }
}

bool BatchCommitter::Wait() {
    return env_.pause(backoff_.Next());
}

bool BatchCommitter::LearnAll() {
    std::vector<domain::ShardId> numbers;
    for (const auto& [number, shard] : shards_) {
        if (!shard->lost) numbers.push_back(number);
    }
    return LearnShards(numbers);
}

bool BatchCommitter::LearnShards(const std::vector<domain::ShardId>& numbers) {
    std::vector<store::OwnedPartition> asked;
    for (const domain::ShardId number : numbers) {
        if (shards_.contains(number)) asked.push_back(shards_.at(number)->owned);
    }
    auto current = store::RenewPartitions(env_.pool, env_.owner, asked, env_.lease);
    while (!current.ok()) {
        if (!Wait()) return false;
        current = store::RenewPartitions(env_.pool, env_.owner, asked, env_.lease);
    }
    std::map<domain::ShardId, store::OwnedPartition> known;
    for (const store::OwnedPartition& owned : *current) known[owned.id.Shard()] = owned;
    for (const store::OwnedPartition& before : asked) {
        WrittenShard* shard = shards_.at(before.id.Shard());
        const auto now = known.find(before.id.Shard());
        if (now == known.end() || now->second.epoch != before.epoch ||
            now->second.last_seq < before.last_seq) {
            shard->lost = true;
            env_.metrics.fenced.Add();
            obs::Log(obs::Level::kWarn, "partition lost", {{"shard", before.id.Shard().number()}});
            continue;
        }
        shard->owned = now->second;
        shard->stopped = !now->second.stopped_reason.empty();
        shard->needs_sweep = true;
    }
    return true;
}

bool BatchCommitter::StopShard(WrittenShard* shard, const std::string& reason) {
    obs::Log(
        obs::Level::kError,
        "partition stopped",
        {{"shard", shard->owned.id.Shard().number()}, {"reason", reason}}
    );
    shard->owned.stopped_reason = reason;
    Status status = store::StopPartition(env_.pool, shard->owned, reason);
    while (!status.ok() && status.code() != Code::kAborted) {
        if (!Wait()) return false;
        status = store::StopPartition(env_.pool, shard->owned, reason);
    }
    shard->stopped = status.ok();
    shard->lost = !status.ok();
    return true;
}

void BatchCommitter::CountPoison(WrittenShard* shard, std::int64_t sequence, const std::string& why)
    const {
    if (!shard->poison.Add(sequence)) return;
    obs::Log(
        obs::Level::kWarn,
        "poison event",
        {{"shard", shard->owned.id.Shard().number()}, {"sequence", sequence}, {"error", why}}
    );
    const auto too_many = shard->poison.FirstBeyond(env_.settings.poison_count_max);
    if (!too_many) return;
    shard->stop_at = *too_many;
    shard->stop_reason = "systematic fault: with sequence " + std::to_string(*too_many) +
                         " more than " + std::to_string(env_.settings.poison_count_max) + " of " +
                         std::to_string(PoisonCount::kWindow) +
                         " cannot be written, for example: " + why;
}

// What an operator said is to be buried counts towards nothing.
void BatchCommitter::CountFaults() {
    for (const auto& [number, shard] : shards_) shard->poison.Written(shard->owned.last_seq);
    std::map<const WrittenShard*, std::int64_t> buried;
    for (std::size_t i = 0; i < batch_->size(); ++i) {
        if (batch_->faults[i].empty()) continue;
        WrittenShard* shard = shards_.at(batch_->events[i].shard);
        const std::int64_t sequence = batch_->sequences[i];
        if (shard->lost || shard->stopped || sequence >= shard->stop_at) continue;
        if (sequence <= shard->owned.buried_to) {
            ++buried[shard];
        } else {
            CountPoison(shard, sequence, batch_->faults[i]);
        }
    }
    for (const auto& [shard, count] : buried) {
        obs::Log(
            obs::Level::kWarn,
            "events that cannot be read are buried, as an operator said",
            {{"shard", shard->owned.id.Shard().number()},
             {"events", count},
             {"up_to", shard->owned.buried_to}}
        );
    }
}

bool BatchCommitter::StopWhereTooMany() {
    for (const auto& [number, shard] : shards_) {
        if (shard->stop_reason.empty() || shard->lost || shard->stopped) continue;
        if (!shard->awaited_leaf.empty()) continue;  // what is before the one too many goes first
        if (!StopShard(shard, shard->stop_reason)) return false;
    }
    return true;
}

}  // namespace unibox::writer
