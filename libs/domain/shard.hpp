// What leases, fences and the outbox are counted by. Thread safety: values.
#pragma once

#include <compare>
#include <cstdint>
#include <string>

namespace unibox::domain {

// The number of a partition of the log across generations, or of a slot, which is negative. It is
// stored (outbox.shard) and told (metrics, logs): how it is made never changes.
class ShardId {
public:
    constexpr ShardId() = default;
    // As stored.
    explicit constexpr ShardId(std::int32_t number) : number_(number) {}
    static constexpr ShardId OfPartition(std::int32_t generation, std::int32_t partition) {
        return ShardId(generation * kPartitionsMax + partition);
    }
    static constexpr ShardId OfSlot(std::int32_t slot) { return ShardId(-1 - slot); }

    constexpr std::int32_t number() const { return number_; }
    std::string ToString() const { return std::to_string(number_); }
    constexpr auto operator<=>(const ShardId&) const = default;

private:
    static constexpr std::int32_t kPartitionsMax = 1000;  // of a generation

    std::int32_t number_ = 0;
};

struct PartitionId {
    std::int32_t generation = 0;
    std::int32_t partition = 0;
    constexpr auto operator<=>(const PartitionId&) const = default;
    constexpr ShardId Shard() const { return ShardId::OfPartition(generation, partition); }
};

}  // namespace unibox::domain
