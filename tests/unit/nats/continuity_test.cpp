#include "nats/detail/continuity.hpp"

#include <catch2/catch.hpp>

namespace unibox::nats::detail {
namespace {

using Answer = Continuity::Answer;

const LogMark kRead{"a", 100};
const LogMark kOther{"b", 100};
const LogMark kStoredAgain{"a", 101};

TEST_CASE("Continuity: a consumer begins with the last message that was read", "[unit]") {
    Continuity continuity(kRead);
    CHECK(continuity.Begin(11, 1) == 10);
    CHECK(continuity.open());
    CHECK(continuity.Look(10, 11, kRead) == Answer::kProven);
    CHECK_FALSE(continuity.open());
    CHECK(continuity.wanted_from() == 2);
}

TEST_CASE("Continuity: another message at that place is another history", "[unit]") {
    Continuity continuity(kRead);
    continuity.Begin(11, 1);
    CHECK(continuity.Look(10, 11, kOther) == Answer::kAnother);
    CHECK(continuity.Look(10, 11, kStoredAgain) == Answer::kAnother);
    CHECK(continuity.Look(11, 11, kRead) == Answer::kAnother);  // A hole.
    CHECK(continuity.Look(9, 11, kRead) == Answer::kOdd);
    CHECK(continuity.open());
}

TEST_CASE("Continuity: what the stream does not reach back to is not asked for", "[unit]") {
    Continuity continuity(kRead);
    continuity.Begin(11, 11);
    CHECK(continuity.Look(11, 11, kOther) == Answer::kNothing);
    CHECK(continuity.wanted_from() == 1);
    // The server said so, came back older, and has such a message all the same.
    continuity.Begin(11, 11);
    CHECK(continuity.Look(10, 11, kOther) == Answer::kAnother);
}

TEST_CASE("Continuity: what is not known is learnt", "[unit]") {
    Continuity continuity(std::nullopt);
    CHECK(continuity.Begin(1, 0) == 1);
    CHECK_FALSE(continuity.open());
    continuity.Begin(11, 1);
    CHECK(continuity.Look(10, 11, kRead) == Answer::kProven);
    continuity.Begin(11, 1);
    CHECK(continuity.Look(10, 11, kOther) == Answer::kAnother);
    continuity.SetLast(kOther);
    continuity.Begin(12, 1);
    CHECK(continuity.Look(11, 12, kOther) == Answer::kProven);
    continuity.SetLast(std::nullopt);  // Somebody answered for a gap.
    continuity.Begin(21, 1);
    CHECK(continuity.Look(21, 21, kOther) == Answer::kNothing);
}

}  // namespace
}  // namespace unibox::nats::detail
