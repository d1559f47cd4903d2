#include "nats/streams.hpp"
#include "wire/subjects.hpp"

#include <catch2/catch.hpp>

using namespace unibox;
using nats::Generation;
using nats::WrittenGeneration;

namespace {

nats::StreamInfo Partition(int generation, int partition, bool sealed = false) {
    nats::StreamInfo info;
    info.name = wire::InStream(generation, partition);
    info.sealed = sealed;
    return info;
}

}  // namespace

TEST_CASE("WrittenGeneration: none without streams of the log", "[unit]") {
    CHECK_FALSE(WrittenGeneration({}).has_value());
    nats::StreamInfo feed;
    feed.name = "UB_EV";
    nats::StreamInfo nonsense;
    nonsense.name = "UB_IN_nonsense";
    CHECK_FALSE(WrittenGeneration({feed, nonsense}).has_value());
}

TEST_CASE("WrittenGeneration: the oldest until it is sealed", "[unit]") {
    std::vector<nats::StreamInfo> streams{Partition(1, 0), Partition(1, 1)};
    CHECK(WrittenGeneration(streams) == Generation{1, 2});
    for (int i = 0; i < 4; ++i) streams.push_back(Partition(12, i));
    CHECK(WrittenGeneration(streams) == Generation{1, 2});
    streams[1].sealed = true;  // The first of several is enough: the others follow.
    CHECK(WrittenGeneration(streams) == Generation{12, 4});
    for (auto& stream : streams) stream.sealed = true;
    CHECK_FALSE(WrittenGeneration(streams).has_value());
}

TEST_CASE("WrittenGeneration: one in the making has gaps and waits", "[unit]") {
    CHECK_FALSE(WrittenGeneration({Partition(3, 1), Partition(3, 2)}).has_value());
    CHECK_FALSE(WrittenGeneration({Partition(3, 0), Partition(3, 2)}).has_value());
    CHECK(WrittenGeneration({Partition(3, 1), Partition(4, 0)}) == Generation{4, 1});
}
