#include "nats/generations.hpp"

#include "base/strings.hpp"
#include "nats/reasons.hpp"
#include "nats/streams.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>

namespace unibox::nats {
namespace {

Status Conflict(const GenerationFacts& facts, std::string_view what) {
    return FailedPrecondition(fmt::format(
                                  "generation {}: {}; its count of partitions must be the one with "
                                  "which it was made",
                                  facts.number,
                                  what
                              ))
        .WithReason("PARTITION_COUNT_CONFLICT");
}

bool IsTaking(const GenerationFacts& facts) {
    return !facts.partitions.empty() && !facts.sealed;
}

}  // namespace

std::string PartitionText(int partition, int partition_count) {
    return fmt::format("partition {} of 0 to {}", partition, partition_count - 1);
}

std::optional<int> CountInPartitionText(std::string_view text) {
    constexpr std::string_view kMark = " of 0 to ";
    const std::size_t at = text.find(kMark);
    if (!text.starts_with("partition ") || at == text.npos) return std::nullopt;
    const auto last = ParseInt64(text.substr(at + kMark.size()));
    if (!last || *last < 0 || *last > subjects::kPartitionMax) return std::nullopt;
    return static_cast<int>(*last) + 1;
}

std::vector<GenerationFacts> FactsOf(
    const std::vector<StreamInfo>& streams, const std::vector<Generation>& recorded
) {
    std::map<int, GenerationFacts> by_number;
    for (const StreamInfo& stream : streams) {
        const auto id = subjects::ParseInStream(stream.name);
        if (!id) continue;
        GenerationFacts& facts = by_number[id->generation];
        facts.partitions.insert(id->partition);
        facts.sealed |= stream.sealed;
        if (const auto count = CountInPartitionText(stream.description)) {
            facts.counts.insert(*count);
        }
    }
    for (const Generation& one : recorded) by_number[one.number].counts.insert(one.partition_count);
    std::vector<GenerationFacts> all;
    for (auto& [number, facts] : by_number) {
        facts.number = number;
        all.push_back(std::move(facts));
    }
    return all;
}

Result<int> CountOf(const GenerationFacts& facts) {
    if (facts.counts.empty()) {
        return FailedPrecondition(
                   fmt::format(
                       "nobody tells how many partitions generation {} has: run `uniboxctl "
                       "streams ensure --generation {}`",
                       facts.number,
                       facts.number
                   )
        )
            .WithReason(kPartitionCountUnknown);
    }
    if (facts.counts.size() > 1) {
        return Conflict(
            facts,
            fmt::format(
                "its streams and the database tell of {}", fmt::join(facts.counts, " and of ")
            )
        );
    }
    const int count = *facts.counts.begin();
    if (!facts.partitions.empty() && *facts.partitions.rbegin() >= count) {
        const int stranger = *facts.partitions.rbegin();
        return Conflict(facts, fmt::format("it has {}, and a stream {}", count, stranger));
    }
    return count;
}

std::vector<int> MissingPartitions(const GenerationFacts& facts, int partition_count) {
    std::vector<int> missing;
    for (int partition = 0; partition < partition_count; ++partition) {
        if (!facts.partitions.contains(partition)) missing.push_back(partition);
    }
    return missing;
}

Result<Generation> WrittenGeneration(
    const std::vector<GenerationFacts>& facts, const std::optional<Generation>& current
) {
    if (current) {
        const auto now = std::find_if(facts.begin(), facts.end(), [&](const auto& one) {
            return one.number == current->number;
        });
        if (now != facts.end() && IsTaking(*now)) {
            GenerationFacts known = *now;
            known.counts.insert(current->partition_count);
            UNIBOX_RETURN_IF_ERROR(CountOf(known).status());
            return *current;
        }
    }
    const auto oldest = std::find_if(facts.begin(), facts.end(), IsTaking);
    if (oldest == facts.end()) {
        return Unavailable("the ingest log has no streams: run `uniboxctl streams ensure`")
            .WithReason(kNoStream);
    }
    UNIBOX_ASSIGN_OR_RETURN(const int count, CountOf(*oldest));
    return Generation{oldest->number, count};
}

}  // namespace unibox::nats
