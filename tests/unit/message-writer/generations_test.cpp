#include "message-writer/generations.hpp"

#include <catch2/catch.hpp>

using namespace unibox;
using writer::GenerationInTurn;

namespace {

constexpr std::int64_t kCreatedMs = 1'700'000'000'000;

struct Log {
    void Add(int generation, int partition, std::uint64_t stream_seq, std::int64_t written_seq) {
        const domain::PartitionId id{generation, partition};
        streams[id].last_seq = stream_seq;
        streams[id].created_unix_ms = kCreatedMs;
        store::PartitionState state;
        state.id = id;
        state.last_seq = written_seq;
        state.stream_created_ms = kCreatedMs;
        states.push_back(state);
    }
    std::int32_t InTurn() const { return GenerationInTurn(streams, states); }

    writer::StreamsById streams;
    std::vector<store::PartitionState> states;
};

}  // namespace

TEST_CASE("Generations: one follows when the one before is sealed and written", "[unit]") {
    Log log;
    CHECK(log.InTurn() == 0);
    log.Add(1, 0, 10, 10);
    log.Add(1, 1, 20, 19);
    CHECK(log.InTurn() == 1);
    log.Add(2, 0, 5, 0);
    CHECK(log.InTurn() == 1);
    log.states[1].last_seq = 20;
    CHECK(log.InTurn() == 1);  // Written, but more may come.
    log.streams[{1, 0}].sealed = true;
    CHECK(log.InTurn() == 1);
    log.streams[{1, 1}].sealed = true;
    CHECK(log.InTurn() == 2);
    log.states[1].last_seq = 19;  // As after a restore of the database.
    CHECK(log.InTurn() == 1);
}

TEST_CASE("Generations: what was counted in another incarnation says nothing", "[unit]") {
    Log log;
    log.Add(1, 0, 3, 3);
    log.Add(2, 0, 0, 0);
    log.streams[{1, 0}].sealed = true;
    CHECK(log.InTurn() == 2);
    log.states[0].last_seq = 100;  // Of a history that the stream came back without.
    CHECK(log.InTurn() == 1);
    log.states[0].last_seq = 3;
    log.states[0].stream_created_ms += 1;
    CHECK(log.InTurn() == 1);
    log.states.erase(log.states.begin());  // Never seen by a writer.
    CHECK(log.InTurn() == 1);
}

TEST_CASE("Generations: a removed one holds up nobody", "[unit]") {
    Log log;
    log.Add(1, 0, 3, 1);
    log.Add(2, 0, 0, 0);
    log.streams.erase({1, 0});
    CHECK(log.InTurn() == 2);
    log.streams[{2, 0}].sealed = true;
    CHECK(log.InTurn() == 2);  // All are over.
}
