#include "nats/generations.hpp"

#include "nats/streams.hpp"
#include "subjects/subjects.hpp"
#include "support/status_matchers.hpp"

#include <catch2/catch.hpp>

#include <algorithm>

namespace unibox::nats {
namespace {

StreamInfo Partition(int generation, int partition, int count, bool sealed = false) {
    StreamInfo info;
    info.name = subjects::InStream(generation, partition);
    if (count > 0) info.description = PartitionText(partition, count);
    info.sealed = sealed;
    return info;
}

std::vector<StreamInfo> Whole(int generation, int count, bool sealed = false) {
    std::vector<StreamInfo> streams;
    for (int i = 0; i < count; ++i) streams.push_back(Partition(generation, i, count, sealed));
    return streams;
}

std::vector<StreamInfo> Both(std::vector<StreamInfo> one, const std::vector<StreamInfo>& other) {
    one.insert(one.end(), other.begin(), other.end());
    return one;
}

std::vector<StreamInfo> Without(std::vector<StreamInfo> streams, const std::string& name) {
    std::erase_if(streams, [&](const StreamInfo& stream) { return stream.name == name; });
    return streams;
}

std::optional<Generation> Written(
    const std::vector<StreamInfo>& streams,
    const std::optional<Generation>& current = {},
    const std::vector<Generation>& recorded = {}
) {
    const auto written = WrittenGeneration(FactsOf(streams, recorded), current);
    if (!written.ok()) return std::nullopt;
    return *written;
}

std::string Refusal(
    const std::vector<StreamInfo>& streams,
    const std::optional<Generation>& current = {},
    const std::vector<Generation>& recorded = {}
) {
    return WrittenGeneration(FactsOf(streams, recorded), current).status().reason();
}

TEST_CASE("Generations: none without streams of the log", "[unit]") {
    StreamInfo feed;
    feed.name = "UB_EV";
    StreamInfo nonsense;
    nonsense.name = "UB_IN_nonsense";
    CHECK(Refusal({}) == "NO_STREAM");
    CHECK(Refusal({feed, nonsense}) == "NO_STREAM");
    // Written down, but there is nothing that takes an event.
    CHECK(Refusal({}, {}, {{1, 8}}) == "NO_STREAM");
}

TEST_CASE("Generations: the count is what its streams tell, whichever are there", "[unit]") {
    const auto whole = Whole(1, 8);
    CHECK(Written(whole) == Generation{1, 8});
    for (const StreamInfo& gone : whole) {
        CAPTURE(gone.name);
        CHECK(Written(Without(whole, gone.name)) == Generation{1, 8});
        CHECK(Written({gone}) == Generation{1, 8});
    }
    const auto facts = FactsOf(Without(Without(whole, "UB_IN_1_07"), "UB_IN_1_02"), {});
    CHECK(MissingPartitions(facts.front(), 8) == std::vector{2, 7});
    CHECK(CountInPartitionText(PartitionText(3, 100)) == 100);
    for (const char* text :
         {"",
          "partition 3",
          "partition 3 of 0 to x",
          "part of 0 to 7",
          "partition 3 of 0 to -1",
          "partition 3 of 0 to 100"}) {
        CAPTURE(text);
        CHECK_FALSE(CountInPartitionText(text).has_value());
    }
}

TEST_CASE("Generations: the database tells the count when no stream does", "[unit]") {
    const std::vector<StreamInfo> silent{Partition(1, 0, 0), Partition(1, 1, 0)};
    CHECK(Refusal(silent) == "PARTITION_COUNT_UNKNOWN");
    CHECK(Written(silent, {}, {{1, 8}}) == Generation{1, 8});
    CHECK(Written(silent, Generation{1, 8}) == Generation{1, 8});
    CHECK(Written({Partition(1, 0, 0), Partition(1, 1, 5)}) == Generation{1, 5});
}

TEST_CASE("Generations: who disagrees is refused, never believed", "[unit]") {
    const std::string conflict = "PARTITION_COUNT_CONFLICT";
    CHECK(Refusal(Whole(1, 7), {}, {{1, 8}}) == conflict);
    CHECK(Refusal({Partition(1, 0, 7), Partition(1, 1, 8)}) == conflict);
    CHECK(Refusal(Both(Whole(1, 7), {Partition(1, 7, 0)})) == conflict);
    // Also against what has been in use until now.
    CHECK(Refusal(Whole(1, 7), Generation{1, 8}) == conflict);
    CHECK(Refusal(Whole(1, 8), Generation{1, 8}, {{1, 7}}) == conflict);
    const auto facts = FactsOf(Whole(1, 7), {{1, 8}});
    CHECK_THAT(CountOf(facts.front()).status(), test::HasCode(Code::kFailedPrecondition));
    // Another generation's quarrel is nobody's.
    CHECK(Written(Whole(1, 8), {}, {{1, 8}, {2, 3}}) == Generation{1, 8});
}

TEST_CASE("Generations: the oldest takes events until one of its streams is sealed", "[unit]") {
    auto streams = Both(Whole(1, 2), Whole(12, 4));
    CHECK(Written(streams) == Generation{1, 2});
    streams[1].sealed = true;
    CHECK(Written(streams) == Generation{12, 4});
    CHECK(Written(streams, Generation{1, 2}) == Generation{12, 4});
    for (auto& stream : streams) stream.sealed = true;
    CHECK(Refusal(streams) == "NO_STREAM");
}

TEST_CASE("Generations: the one in use stays while it has a stream", "[unit]") {
    const Generation first{1, 2};
    const Generation second{2, 4};
    const auto both = Both(Whole(1, 2), Whole(2, 4));
    CHECK(Written(Without(both, "UB_IN_1_00"), first) == first);
    // Back to an older one goes nobody, even if its seal is not seen.
    CHECK(Written(both, second) == second);
    // Deleted altogether: nothing of it is left to be overtaken.
    CHECK(Written(Whole(2, 4), first) == second);
    CHECK(Written(Whole(1, 2), second) == first);
    CHECK(Refusal({}, first) == "NO_STREAM");
}

}  // namespace
}  // namespace unibox::nats
