#include "webhook-ingest/event_window.hpp"

#include "support/fake_clock.hpp"

#include <catch2/catch.hpp>

namespace unibox::ingest {
namespace {

using Claim = EventWindow::Claim;

EventKey Key(std::uint8_t n) {
    EventKey key;
    key.value.bytes[15] = n;
    return key;
}
const EventWindow::OnOutcome kNobody = [](const Status&) { FAIL("not to be called"); };

TEST_CASE("Event window: a repeat of a stored event is known until the window ends", "[unit]") {
    test::FakeClock clock;
    EventWindow window(Millis(1'000), 10, clock);
    REQUIRE(window.Take(Key(1), kNobody) == Claim::kMine);
    window.Finish(Key(1), {});
    CHECK(window.Take(Key(1), kNobody) == Claim::kStored);
    CHECK(window.Take(Key(2), kNobody) == Claim::kMine);
    clock.Advance(Millis(999));
    CHECK(window.Take(Key(1), kNobody) == Claim::kStored);
    clock.Advance(Millis(1));
    CHECK(window.Take(Key(1), kNobody) == Claim::kMine);
}

TEST_CASE("Event window: who joins hears the outcome", "[unit]") {
    test::FakeClock clock;
    EventWindow window(Millis(1'000), 10, clock);
    int stored = 0;
    int failed = 0;
    const auto count = [&](const Status& status) { ++(status.ok() ? stored : failed); };
    REQUIRE(window.Take(Key(1), kNobody) == Claim::kMine);
    REQUIRE(window.Take(Key(1), count) == Claim::kJoined);
    REQUIRE(window.Take(Key(1), count) == Claim::kJoined);
    window.Finish(Key(1), Unavailable("no server"));
    CHECK(failed == 2);
    // What failed may be tried again at once.
    REQUIRE(window.Take(Key(1), kNobody) == Claim::kMine);
    REQUIRE(window.Take(Key(1), count) == Claim::kJoined);
    window.Finish(Key(1), {});
    CHECK(stored == 1);
    CHECK(window.Take(Key(1), kNobody) == Claim::kStored);
}

TEST_CASE("Event window: another history of the log knows nothing of before", "[unit]") {
    test::FakeClock clock;
    EventWindow window(Millis(1'000), 10, clock);
    REQUIRE(window.Take(Key(1), kNobody) == Claim::kMine);
    window.Finish(Key(1), {});
    REQUIRE(window.Take(Key(2), kNobody) == Claim::kMine);
    window.Forget();
    CHECK(window.Take(Key(1), kNobody) == Claim::kMine);
    // Acknowledged by nobody knows which history: not known either.
    window.Finish(Key(2), {});
    CHECK(window.Take(Key(2), kNobody) == Claim::kMine);
    // What is stored in the new one is known for its whole time.
    clock.Advance(Millis(500));
    window.Finish(Key(1), {});
    window.Finish(Key(2), {});
    clock.Advance(Millis(999));
    CHECK(window.Take(Key(1), kNobody) == Claim::kStored);
    CHECK(window.Take(Key(2), kNobody) == Claim::kStored);
    clock.Advance(Millis(1));
    CHECK(window.Take(Key(1), kNobody) == Claim::kMine);
    CHECK(window.count() == 1);
}

TEST_CASE("Event window: holds at most so many stored keys", "[unit]") {
    test::FakeClock clock;
    EventWindow window(Millis(1'000), 3, clock);
    for (std::uint8_t n = 0; n < 10; ++n) {
        REQUIRE(window.Take(Key(n), kNobody) == Claim::kMine);
        window.Finish(Key(n), {});
    }
    CHECK(window.count() == 3);
    CHECK(window.Take(Key(9), kNobody) == Claim::kStored);
    CHECK(window.Take(Key(0), kNobody) == Claim::kMine);
}

}  // namespace
}  // namespace unibox::ingest
