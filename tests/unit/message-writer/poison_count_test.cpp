#include "message-writer/poison_count.hpp"

#include <catch2/catch.hpp>

namespace unibox::writer {

TEST_CASE("PoisonCount: one more than allowed among the last 1,000", "[unit][writer]") {
    PoisonCount count;
    CHECK(count.FirstBeyond(0) == std::nullopt);
    for (const std::int64_t sequence : {5, 400, 1'004}) CHECK(count.Add(sequence));
    CHECK_FALSE(count.Add(400));
    CHECK(count.FirstBeyond(2) == 1'004);
    CHECK(count.FirstBeyond(3) == std::nullopt);
    CHECK(count.FirstBeyond(0) == 5);
    PoisonCount apart;
    for (const std::int64_t sequence : {5, 400, 1'005}) apart.Add(sequence);
    CHECK(apart.FirstBeyond(2) == std::nullopt);
    CHECK(apart.FirstBeyond(1) == 400);
}

TEST_CASE("PoisonCount: what is found late counts where it lies", "[unit][writer]") {
    PoisonCount count;
    for (const std::int64_t sequence : {10, 11, 12}) count.Add(sequence);
    CHECK(count.FirstBeyond(3) == std::nullopt);
    count.Add(3);
    CHECK(count.FirstBeyond(3) == 12);
    CHECK(count.FirstBeyond(4) == std::nullopt);
}

TEST_CASE("PoisonCount: what is far behind is forgotten, and nothing nearer", "[unit][writer]") {
    PoisonCount count;
    for (const std::int64_t sequence : {1, 2, 3}) count.Add(sequence);
    count.Written(1'001);  // The next one's window begins with 3.
    CHECK(count.Add(2));   // It was forgotten.
    CHECK_FALSE(count.Add(3));
    count.Written(1'001);
    count.Add(1'002);
    CHECK(count.FirstBeyond(1) == 1'002);
}

}  // namespace unibox::writer
