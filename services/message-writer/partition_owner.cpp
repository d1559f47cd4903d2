#include "message-writer/partition_owner.hpp"

#include "async/periodic.hpp"
#include "base/strings.hpp"
#include "message-writer/keeper.hpp"
#include "message-writer/log_history.hpp"
#include "obs/log.hpp"
#include "subjects/subjects.hpp"

#include <algorithm>
#include <utility>

namespace unibox::writer {
namespace {

constexpr Millis kDropWait(5'000);

std::uint32_t Preference(const std::string& instance, domain::PartitionId id) {
    return Fnv1a32(instance + "/" + id.Shard().ToString());
}

}  // namespace

std::size_t ShareOf(std::size_t partition_count, std::size_t instance_count) {
    if (instance_count == 0) return partition_count;
    return (partition_count + instance_count - 1) / instance_count;
}

std::vector<domain::PartitionId> Preferred(
    const std::vector<domain::PartitionId>& partitions,
    const std::vector<std::string>& instances,
    const std::string& self
) {
    // Rank of `self` among all instances for a partition; those it ranks best for come first.
    std::vector<std::pair<std::pair<std::size_t, std::uint32_t>, domain::PartitionId>> ranked;
    for (const domain::PartitionId id : partitions) {
        const std::uint32_t own = Preference(self, id);
        const auto better = [&](const std::string& other) { return Preference(other, id) > own; };
        const auto rank = std::count_if(instances.begin(), instances.end(), better);
        ranked.push_back({{static_cast<std::size_t>(rank), ~own}, id});
    }
    std::sort(ranked.begin(), ranked.end());
    std::vector<domain::PartitionId> preferred;
    preferred.reserve(ranked.size());
    for (const auto& [rank, id] : ranked) preferred.push_back(id);
    return preferred;
}

PartitionOwner::PartitionOwner(
    LaneEnvironment& environment, std::vector<std::unique_ptr<Lane>>& lanes
)
    : env_(environment), lanes_(lanes), streams_(environment.connection) {}

PartitionOwner::~PartitionOwner() {
    Stop();
}

Status PartitionOwner::Start() {
    rounds_ = std::make_shared<async::Periodic>(
        "ownership", Millis(env_.config.ownership.interval_ms), [this] { Round(); }
    );
    // The subscription lives as long as the connection, which outlives this object.
    const std::weak_ptr<async::Periodic> rounds = rounds_;
    const auto wake = [rounds](std::string_view, std::string_view) {
        if (const auto alive = rounds.lock()) alive->Wake();
    };
    UNIBOX_RETURN_IF_ERROR(env_.connection.Subscribe(kPartitionsReleased, wake));
    return env_.connection.Subscribe(subjects::kStreamsChanged, wake);
}

void PartitionOwner::Wake() {
    if (rounds_) rounds_->Wake();
}

void PartitionOwner::Round() {
    ListStreams();
    const Status status = ShareOut();
    if (!status.ok()) {
        obs::Log(obs::Level::kWarn, "ownership round failed", {{"error", status}});
    }
    TellMetrics();  // also while PostgreSQL is away: then above all
    const bool full = std::any_of(infos_.begin(), infos_.end(), [this](const auto& entry) {
        return IsTooFull(entry.second, env_.config.keeper.fill_percent_max);
    });
    // Who cannot ask cannot purge.
    if (full && status.ok() && streams_code_ == Code::kOk) env_.on_log_full();
}

Status PartitionOwner::ShareOut() {
    const Millis lease(env_.config.ownership.lease_ms);
    UNIBOX_ASSIGN_OR_RETURN(
        const std::vector<std::string> instances, store::Heartbeat(env_.pool, env_.owner, lease)
    );
    UNIBOX_RETURN_IF_ERROR(RenewLeases());
    tells_unowned_ = !instances.empty() && instances.front() == env_.owner;
    UNIBOX_ASSIGN_OR_RETURN(auto states, store::ListPartitions(env_.pool));
    UNIBOX_ASSIGN_OR_RETURN(const bool entered, EnterNewStreams(states));
    if (entered) {
        UNIBOX_ASSIGN_OR_RETURN(states, store::ListPartitions(env_.pool));
    }
    states_ = states;
    TakeTurns(states);
    UNIBOX_RETURN_IF_ERROR(GiveUpSurplus(ShareOf(states.size(), instances.size())));
    return TakeShare(states, instances);
}

// New generations and partitions appear here. When NATS is away the last answer stands.
void PartitionOwner::ListStreams() {
    // Before the streams are seen: so none is further than its stream.
    const std::vector<store::OwnedPartition> owned = Owned();
    const std::uint64_t session = env_.connection.session();
    const auto streams = streams_.List(subjects::kInStreamPrefix);
    Status problem = streams.status();
    if (streams.ok() && streams->empty()) problem = NotFound("run uniboxctl streams ensure");
    const bool told = std::exchange(streams_code_, problem.code()) == problem.code();
    if (!told && problem.ok()) {
        obs::Log(obs::Level::kInfo, "ingest streams are seen", {{"count", streams->size()}});
    } else if (!told) {
        obs::Log(obs::Level::kWarn, "no ingest streams are seen", {{"error", problem}});
    }
    if (!streams.ok()) return;
    infos_.clear();
    for (const nats::StreamInfo& info : *streams) {
        const auto parsed = subjects::ParseInStream(info.name);
        if (!parsed) continue;
        infos_[domain::PartitionId{parsed->generation, parsed->partition}] = info;
    }
    for (const store::OwnedPartition& partition : owned) {
        const auto info = infos_.find(partition.id);
        if (info == infos_.end() || session != env_.connection.session()) continue;
        CountLostTail(partition, info->second, session);
    }
}

// Makes the rows of partitions that are seen for the first time; true if there was one.
Result<bool> PartitionOwner::EnterNewStreams(const std::vector<store::PartitionState>& known) {
    bool entered = false;
    for (const auto& [id, info] : infos_) {
        const auto is_it = [&id = id](const auto& state) { return state.id == id; };
        if (std::any_of(known.begin(), known.end(), is_it)) continue;
        UNIBOX_RETURN_IF_ERROR(store::EnsurePartition(env_.pool, id, info.created_unix_ms));
        entered = true;
    }
    return entered;
}

std::vector<store::OwnedPartition> PartitionOwner::Owned() {
    std::vector<store::OwnedPartition> owned;
    for (const auto& lane : lanes_) {
        for (const LaneShard& shard : lane->Shards()) owned.push_back(shard.owned);
    }
    return owned;
}

Lane* PartitionOwner::LaneOf(domain::ShardId shard) {
    for (const auto& lane : lanes_) {
        for (const LaneShard& entry : lane->Shards()) {
            if (entry.owned.id.Shard() == shard) return lane.get();
        }
    }
    return nullptr;
}

Lane& PartitionOwner::EmptiestLane() {
    return **std::min_element(lanes_.begin(), lanes_.end(), [](const auto& a, const auto& b) {
        return a->count() < b->count();
    });
}

// What another writer took, or an operator moved, is given up here at the latest; a batch of the
// old epoch would be refused by the fence.
Status PartitionOwner::RenewLeases() {
    const std::vector<store::OwnedPartition> owned = Owned();
    if (owned.empty()) return {};
    UNIBOX_ASSIGN_OR_RETURN(
        const auto kept,
        store::ExtendLeases(env_.pool, env_.owner, owned, Millis(env_.config.ownership.lease_ms))
    );
    for (const store::OwnedPartition& before : owned) {
        const bool still = std::any_of(kept.begin(), kept.end(), [&](const auto& now) {
            return now.id == before.id && now.epoch == before.epoch;
        });
        if (still) continue;
        obs::Log(obs::Level::kWarn, "partition lost", {{"shard", before.id.Shard().number()}});
        env_.metrics.fenced.Add();
        if (Lane* lane = LaneOf(before.id.Shard())) lane->Drop(before.id.Shard(), kDropWait);
    }
    return {};
}

Status PartitionOwner::GiveUpSurplus(std::size_t share) {
    std::vector<store::OwnedPartition> owned = Owned();
    while (owned.size() > share) {
        const domain::ShardId shard = owned.back().id.Shard();
        Lane* lane = LaneOf(shard);
        // A lane that waits for PostgreSQL lets go later; its partition stays ours meanwhile.
        if (lane != nullptr && !lane->Drop(shard, kDropWait)) return {};
        UNIBOX_RETURN_IF_ERROR(store::ReleasePartitions(env_.pool, env_.owner, {owned.back()}));
        obs::Log(obs::Level::kInfo, "partition given up", {{"shard", shard.number()}});
        owned.pop_back();
        (void)env_.connection.Publish(kPartitionsReleased, "");  // others look by themselves too
    }
    return {};
}

void PartitionOwner::TakeTurns(const std::vector<store::PartitionState>& states) {
    const std::int32_t turn = GenerationInTurn(infos_, states);
    const auto waiting = std::count_if(infos_.begin(), infos_.end(), [&](const auto& entry) {
        return entry.first.generation > turn;
    });
    env_.metrics.waiting_partitions.Set(static_cast<double>(waiting));
    if (std::exchange(turn_, turn) == turn) return;
    obs::Log(
        obs::Level::kInfo,
        "generation of the ingest log is written",
        {{"generation", turn}, {"waiting_partitions", waiting}}
    );
}

Status PartitionOwner::TakeShare(
    const std::vector<store::PartitionState>& states, const std::vector<std::string>& instances
) {
    const std::size_t share = ShareOf(states.size(), instances.size());
    const std::vector<store::OwnedPartition> owned = Owned();
    if (owned.size() >= share) return {};
    std::vector<domain::PartitionId> free;
    for (const store::PartitionState& state : states) {
        const bool ours = std::any_of(owned.begin(), owned.end(), [&](const auto& partition) {
            return partition.id == state.id;
        });
        // A partition of ours that no lane works on (a lane gave it up after a fault) is taken anew
        // under a new epoch once its lease was ended.
        const bool in_turn = state.id.generation <= turn_ && infos_.contains(state.id);
        if (!ours && !state.lease_live && in_turn) free.push_back(state.id);
    }
    std::vector<domain::PartitionId> wanted = Preferred(free, instances, env_.owner);
    if (wanted.size() > share - owned.size()) wanted.resize(share - owned.size());
    if (wanted.empty()) return {};
    UNIBOX_ASSIGN_OR_RETURN(
        const auto taken,
        store::TakePartitions(env_.pool, env_.owner, wanted, Millis(env_.config.ownership.lease_ms))
    );
    for (const store::OwnedPartition& partition : taken) {
        obs::Log(
            obs::Level::kInfo,
            "partition taken",
            {{"shard", partition.id.Shard().number()}, {"epoch", partition.epoch}}
        );
        env_.metrics.take_overs.Add();
        EmptiestLane().Add(partition);
    }
    return taken.size() < wanted.size() ? FreeLocked() : Status();
}

// Free partitions that cannot be taken are locked: by another writer that is taking them, or by one
// that stands still in the middle of its transaction.
Status PartitionOwner::FreeLocked() {
    UNIBOX_ASSIGN_OR_RETURN(
        const std::int64_t ended,
        store::EndFrozenWriters(env_.pool, Millis(env_.config.postgres.idle_in_tx_timeout_ms))
    );
    if (ended > 0) {
        obs::Log(obs::Level::kWarn, "connections of frozen writers ended", {{"count", ended}});
    }
    return {};
}

void PartitionOwner::TellMetrics() {
    const std::int64_t now_ms = env_.clock.UnixMillis();
    std::set<domain::ShardId> told;
    std::size_t owned = 0;
    std::size_t stopped = 0;
    std::size_t held = 0;
    for (const auto& lane : lanes_) {
        for (const LaneShard& shard : lane->Shards()) {
            ++owned;
            if (!shard.owned.stopped_reason.empty()) ++stopped;
            if (shard.waits_for_leaf) ++held;
            const auto info = infos_.find(shard.owned.id);
            if (info == infos_.end()) continue;
            told.insert(shard.owned.id.Shard());
            TellLag(shard, static_cast<std::int64_t>(info->second.last_seq), now_ms);
        }
    }
    if (tells_unowned_) TellUnowned(now_ms, &told);
    for (const domain::ShardId shard : reported_) {  // somebody else's lag is somebody else's gauge
        if (told.contains(shard)) continue;
        lag_.Forget(shard);
        env_.metrics.LagMessages(shard).Set(0);
        env_.metrics.LagSeconds(shard).Set(0);
    }
    reported_ = std::move(told);
    env_.metrics.owned_partitions.Set(static_cast<double>(owned));
    env_.metrics.stopped_partitions.Set(static_cast<double>(stopped));
    env_.metrics.held_partitions.Set(static_cast<double>(held));
}

// A replicated stream may only look shorter, to a leader that was just elected.
void PartitionOwner::CountLostTail(
    const store::OwnedPartition& owned, const nats::StreamInfo& stream, std::uint64_t session
) {
    if (stream.created_unix_ms != owned.stream_created_ms) return;  // Who reads it anew counts.
    const auto last_seq = static_cast<std::int64_t>(stream.last_seq);
    if (stream.replicas > 1 && last_seq < owned.last_seq) return;
    const domain::ShardId shard = owned.id.Shard();
    const SteadyTime now = env_.clock.Steady();
    const LogHighs::Life life{session, stream.created_unix_us};
    const LogHighs::End end{last_seq, stream.last_stored_unix_ms};
    const auto before = env_.log_highs.Look(shard, owned.epoch, life, end, now);
    if (!before) return;
    const bool may_grow = stream.replicas > 1 && now - before->over_since < kTailLostFor;
    if (may_grow && last_seq < before->end.seq) return;
    const auto common = CommonEnd(streams_, stream, before->end.seq, before->end.stored_ms);
    if (!common.ok()) return;  // Asked again in the next round.
    // Where written events vanished too, whoever reads the stream again counts.
    const bool is_counted_there = *common < owned.last_seq;
    const std::int64_t lost = is_counted_there ? 0 : before->end.seq - *common;
    env_.log_highs.Settle(shard, lost);
    if (lost == 0) return;
    env_.metrics.lost_events.Add(static_cast<double>(lost));
    obs::Log(
        obs::Level::kError,
        "stream lost its tail before it was written",
        {{"stream", stream.name},
         {"ended_at", before->end.seq},
         {"common", *common},
         {"lost_events", lost}}
    );
}

void PartitionOwner::TellUnowned(std::int64_t now_ms, std::set<domain::ShardId>* told) {
    for (const store::PartitionState& state : states_) {
        const auto info = infos_.find(state.id);
        if (state.lease_live || info == infos_.end()) continue;
        if (!told->insert(state.id.Shard()).second) continue;  // ours by now
        LaneShard shard;
        shard.owned.id = state.id;
        shard.owned.last_seq = state.last_seq;
        const auto stream_seq = static_cast<std::int64_t>(info->second.last_seq);
        if (stream_seq > state.last_seq) {
            const auto next = static_cast<std::uint64_t>(state.last_seq) + 1;
            const auto oldest =
                streams_.Get(info->second.name, std::max(next, info->second.first_seq));
            if (oldest.ok()) shard.oldest_pending_ms = oldest->stored_unix_ms;
        }
        TellLag(shard, stream_seq, now_ms);
    }
}

void PartitionOwner::TellLag(const LaneShard& shard, std::int64_t stream_seq, std::int64_t now_ms) {
    const domain::ShardId number = shard.owned.id.Shard();
    const LagSample sample{shard.owned.last_seq, stream_seq, shard.oldest_pending_ms};
    const std::int64_t behind = std::max<std::int64_t>(0, stream_seq - sample.committed_seq);
    env_.metrics.LagMessages(number).Set(static_cast<double>(behind));
    env_.metrics.LagSeconds(number).Set(lag_.Seconds(number, sample, now_ms));
}

void PartitionOwner::Stop() {
    if (stopped_ || !rounds_) return;
    stopped_ = true;
    for (const auto& lane : lanes_) lane->BeginStop();
    rounds_->Stop();
    const std::vector<store::OwnedPartition> owned = Owned();
    for (const auto& lane : lanes_) lane->Stop();
    const Status released = store::ReleasePartitions(env_.pool, env_.owner, owned);
    const Status removed = store::RemoveInstance(env_.pool, env_.owner);
    if (!released.ok() || !removed.ok()) {
        obs::Log(
            obs::Level::kWarn,
            "partitions could not be given up: their leases will run out",
            {{"error", released.ok() ? removed : released}}
        );
        return;
    }
    (void)env_.connection.Publish(kPartitionsReleased, "");
    (void)env_.connection.Flush(Millis(500));
    obs::Log(obs::Level::kInfo, "partitions given up", {{"count", owned.size()}});
}

}  // namespace unibox::writer
