#include "webhook-ingest/ingest_log.hpp"

#include "wire/subjects.hpp"

#include <catch2/catch.hpp>

namespace unibox::ingest {
namespace {

void Add(std::vector<nats::StreamInfo>* streams, int generation, int count, bool sealed = false) {
    for (int partition = 0; partition < count; ++partition) {
        nats::StreamInfo info;
        info.name = wire::InStream(generation, partition);
        info.sealed = sealed;
        streams->push_back(info);
    }
}

TEST_CASE("Ingest log: the newest generation that is whole and not sealed", "[unit]") {
    std::vector<nats::StreamInfo> streams;
    CHECK_FALSE(ShapeOf(streams).has_value());
    Add(&streams, 1, 4);
    CHECK(ShapeOf(streams).value() == LogShape{1, 4});
    Add(&streams, 12, 8);
    CHECK(ShapeOf(streams).value() == LogShape{12, 8});
    Add(&streams, 13, 8, true);
    CHECK(ShapeOf(streams).value() == LogShape{12, 8});
    // A generation in the making has gaps and is not written to yet.
    nats::StreamInfo info;
    info.name = wire::InStream(14, 1);
    streams.push_back(info);
    CHECK(ShapeOf(streams).value() == LogShape{12, 8});
    info.name = "UB_IN_nonsense";
    streams.push_back(info);
    CHECK(ShapeOf(streams).value() == LogShape{12, 8});
}

}  // namespace
}  // namespace unibox::ingest
