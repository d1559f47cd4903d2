#include "nats/detail/window.hpp"

#include <catch2/catch.hpp>

using namespace unibox::nats::detail;

TEST_CASE("Window: a token finds its slot, once", "[unit][nats]") {
    Window window(4, 0xFFFFFFFF);  // The generation wraps around.
    const auto first = window.Take();
    const auto second = window.Take();
    const std::string token = Window::Token(first, window[first].generation);
    CHECK(token.size() == 12);
    CHECK(window.Find(token) == first);
    CHECK(window.Find(Window::Token(second, window[second].generation)) == second);
    window[first].settled = true;
    CHECK_FALSE(window.Find(token));
    window.Recycle(first);
    CHECK_FALSE(window.Find(token));
    CHECK(window.Take() == first);
    CHECK_FALSE(window.Find(token));  // The next use of the slot has another token.
    CHECK(window.Find(Window::Token(first, window[first].generation)) == first);
}

TEST_CASE("Window: foreign tokens find nothing", "[unit][nats]") {
    Window window(2, 7);
    window.Take();
    const auto* const token = GENERATE(
        "", "000000000007x", "00000000000", "ffff00000007", "000100000007", "zzzz00000007"
    );
    CAPTURE(token);
    CHECK_FALSE(window.Find(token));
    CHECK(window.Find("000000000007"));
}

TEST_CASE("Window: the earliest due time", "[unit][nats]") {
    Window window(3, 1);
    CHECK(window.EarliestDue() == Window::kNever);
    const auto slot = window.Take();
    const unibox::SteadyTime soon(std::chrono::milliseconds(5));
    window.SetDue(slot, soon);
    CHECK(window.EarliestDue() == soon);
    window.Recycle(slot);
    CHECK(window.EarliestDue() == Window::kNever);
    CHECK(window.free_count() == 3);
}
