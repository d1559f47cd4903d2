// Servers of Redis that belong together: a master with a replica and three sentinels, or a cluster
// of three masters. Thread safety: one thread at a time.
#pragma once

#include "support/redis_server.hpp"

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace unibox::test {

// The master is called "mymaster"; two of the sentinels decide. Ready when they know each other and
// the replica.
class RedisSentinels {
public:
    RedisSentinels();

    std::string url() const;                    // Of the sentinels.
    RedisServer& first() { return *first_; }    // The master at the beginning.
    RedisServer& second() { return *second_; }  // Its replica.
    RedisServer& sentinel(std::size_t index) { return *sentinels_.at(index); }
    // Whether all sentinels say that this one is the master, within the time.
    bool Becomes(const RedisServer& master, std::chrono::milliseconds timeout);

private:
    std::unique_ptr<RedisServer> first_;
    std::unique_ptr<RedisServer> second_;
    std::vector<std::unique_ptr<RedisServer>> sentinels_;
};

// Each node has a third of the slots, in order.
class RedisCluster {
public:
    RedisCluster();

    std::string url() const;  // Of all nodes.
    RedisServer& node(std::size_t index) { return *nodes_.at(index); }
    std::string id(std::size_t index) const { return ids_.at(index); }
    static std::size_t OwnerAtFirst(std::uint16_t slot);

    // The two ends of a migration: after Begin, keys of the slot that `from` does not have are
    // asked for at `to`. Finish moves the keys that are left, and the slot.
    void BeginMove(std::uint16_t slot, std::size_t from, std::size_t to);
    void MoveKey(const std::string& key, std::size_t from, std::size_t to);
    void FinishMove(std::uint16_t slot, std::size_t from, std::size_t to);

private:
    bool IsWhole() const;

    std::vector<std::unique_ptr<RedisServer>> nodes_;
    std::vector<std::string> ids_;
};

}  // namespace unibox::test
