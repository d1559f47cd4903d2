// Which partitions this writer owns: takes its share, renews leases, gives up what is too much,
// finds new streams. One background thread; all decisions are the database's (leases) and the
// fence's (epochs), so a wrong belief here costs time and never data.
//
// Thread safety: Wake from any thread; the rest from the owner of the object.
#pragma once

#include "message-writer/generations.hpp"
#include "message-writer/lag.hpp"
#include "message-writer/lane.hpp"
#include "nats/connection.hpp"
#include "nats/streams.hpp"

#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace unibox::async {
class Periodic;
}

namespace unibox::writer {

// The partitions that `self` should hold: everybody takes at most ceil(P / N), and prefers by a
// hash of instance and partition, so that few change hands when instances come and go.
// `instances` must hold `self`. Pure.
std::vector<domain::PartitionId> Preferred(
    const std::vector<domain::PartitionId>& partitions,
    const std::vector<std::string>& instances,
    const std::string& self
);
std::size_t ShareOf(std::size_t partition_count, std::size_t instance_count);

// Core NATS: a writer gave partitions up; the others look at once.
inline constexpr std::string_view kPartitionsReleased = "ub.ctl.partitions";

class PartitionOwner {
public:
    PartitionOwner(LaneEnvironment& environment, std::vector<std::unique_ptr<Lane>>& lanes);
    ~PartitionOwner();
    PartitionOwner(const PartitionOwner&) = delete;
    PartitionOwner& operator=(const PartitionOwner&) = delete;

    Status Start();
    void Wake();
    // No more rounds; lanes stopped, partitions given up, the others told.
    void Stop();

private:
    void Round();
    Status ShareOut();
    void ListStreams();
    Result<bool> EnterNewStreams(const std::vector<store::PartitionState>& known);
    Status RenewLeases();
    void TakeTurns(const std::vector<store::PartitionState>& states);
    Status TakeShare(
        const std::vector<store::PartitionState>& states, const std::vector<std::string>& instances
    );
    Status FreeLocked();
    Status GiveUpSurplus(std::size_t share);
    void TellMetrics();
    void CountLostTail(
        const store::OwnedPartition& owned, const nats::StreamInfo& stream, std::uint64_t session
    );
    void TellUnowned(std::int64_t now_ms, std::set<domain::ShardId>* told);
    void TellLag(const LaneShard& shard, std::int64_t stream_seq, std::int64_t now_ms);
    std::vector<store::OwnedPartition> Owned();
    Lane& EmptiestLane();
    Lane* LaneOf(domain::ShardId shard);

    LaneEnvironment& env_;
    std::vector<std::unique_ptr<Lane>>& lanes_;
    nats::Streams streams_;
    StreamsById infos_;                          // as last seen
    std::set<domain::ShardId> reported_;         // shards whose lag was told
    std::vector<store::PartitionState> states_;  // as last read
    // The first of the live writers tells the lag of what nobody owns, so that one does.
    bool tells_unowned_ = false;
    LagWatch lag_;
    std::shared_ptr<async::Periodic> rounds_;
    std::int32_t turn_ = 0;          // the generation that is written now; told when it changes
    Code streams_code_ = Code::kOk;  // of the last look; told when it changes
    bool stopped_ = false;
};

}  // namespace unibox::writer
