// Shares of the partitions, and what the janitor may purge: the pure parts of ownership and upkeep.
#include "message-writer/keeper.hpp"
#include "message-writer/partition_owner.hpp"

#include <catch2/catch.hpp>

namespace unibox::writer {
namespace {

TEST_CASE("Ownership: the shares cover all partitions and differ by few", "[unit]") {
    CHECK(ShareOf(32, 1) == 32);
    CHECK(ShareOf(32, 5) == 7);
    CHECK(ShareOf(8, 3) == 3);
    CHECK(ShareOf(4, 9) == 1);
    CHECK(ShareOf(0, 3) == 0);
}

TEST_CASE("Ownership: what is preferred depends on the instance alone", "[unit]") {
    std::vector<domain::PartitionId> partitions;
    for (int i = 0; i < 32; ++i) partitions.push_back({1, i});
    const std::vector<std::string> instances{"a", "b", "c"};
    std::vector<std::vector<domain::PartitionId>> preferred;
    for (const std::string& self : instances) {
        preferred.push_back(Preferred(partitions, instances, self));
        CHECK(preferred.back().size() == 32);
    }
    CHECK(Preferred(partitions, instances, "a") == preferred[0]);
    CHECK(preferred[0] != preferred[1]);
}

nats::StreamInfo Stream(std::uint64_t first, std::uint64_t last, std::uint64_t bytes) {
    nats::StreamInfo info;
    info.first_seq = first;
    info.last_seq = last;
    info.messages = last - first + 1;
    info.bytes = bytes;
    info.bytes_max = 1000;
    return info;
}

TEST_CASE("Janitor: purges what was committed long ago", "[unit]") {
    const store::LogNeed need{.id = {1, 0}, .last_seq = 80, .old_seq = 40, .stream_created_ms = 1};
    CHECK(PurgeBelow(Stream(1, 100, 100), need, 80) == 41);
    CHECK(PurgeBelow(Stream(41, 100, 100), need, 80) == 0);
}

TEST_CASE("Janitor: a full stream loses its oldest committed messages, no others", "[unit]") {
    const store::LogNeed need{.id = {1, 0}, .last_seq = 80, .old_seq = 0, .stream_created_ms = 1};
    CHECK(PurgeBelow(Stream(1, 100, 700), need, 80) == 0);
    const std::uint64_t below = PurgeBelow(Stream(1, 100, 900), need, 80);
    CHECK(below >= 11);
    CHECK(below <= 14);
    const store::LogNeed late{.id = {1, 0}, .last_seq = 5, .old_seq = 0, .stream_created_ms = 1};
    CHECK(PurgeBelow(Stream(1, 100, 1000), late, 80) == 5);
}

TEST_CASE("Janitor: the last committed message stays, to know the stream by", "[unit]") {
    const store::LogNeed need{.id = {1, 0}, .last_seq = 80, .old_seq = 80, .stream_created_ms = 1};
    CHECK(PurgeBelow(Stream(1, 80, 1000), need, 80) == 80);
    CHECK(PurgeBelow(Stream(80, 80, 1000), need, 80) == 0);
}

TEST_CASE("Janitor: leaves a stream alone whose sequences mean something else", "[unit]") {
    const store::LogNeed need{.id = {1, 0}, .last_seq = 80, .old_seq = 40, .stream_created_ms = 1};
    CHECK(PurgeBelow(Stream(1, 60, 100), need, 80) == 0);
    CHECK(PurgeBelow({}, need, 80) == 0);
    const store::LogNeed none{.id = {1, 0}, .last_seq = 0, .old_seq = 0, .stream_created_ms = 1};
    CHECK(PurgeBelow(Stream(1, 60, 1000), none, 80) == 0);
}

}  // namespace
}  // namespace unibox::writer
