#include "base/secret.hpp"

#include <catch2/catch.hpp>

#include <algorithm>
#include <array>
#include <new>
#include <string>

namespace unibox {
namespace {

// Where a Secret lives, and what its bytes are when it does not any more. Short values lie in the
// object itself.
class Place {
public:
    template <typename... Arguments>
    Secret& Make(Arguments&&... arguments) {
        return *new (bytes_.data()) Secret(std::forward<Arguments>(arguments)...);
    }
    bool Holds(const std::string& text) const {
        const auto is_same = [](unsigned char a, char b) {
            return a == static_cast<unsigned char>(b);
        };
        return std::search(bytes_.begin(), bytes_.end(), text.begin(), text.end(), is_same) !=
               bytes_.end();
    }

private:
    alignas(Secret) std::array<unsigned char, sizeof(Secret)> bytes_{};
};

const std::string kShort = "hunter2";
const std::string kLong(100, 'x');

TEST_CASE("Secret: keeps its value through copies and moves", "[unit][base]") {
    for (const std::string& value : {kShort, kLong}) {
        Secret first(value);
        Secret copy = first;
        Secret moved = std::move(first);
        CHECK(moved.Reveal() == value);
        CHECK(copy.Reveal() == value);
        copy = Secret("another");
        CHECK(copy.Reveal() == "another");
        copy = moved;
        CHECK(copy.Reveal() == value);
        Secret& same = copy;
        copy = same;
        CHECK(copy.Reveal() == value);
    }
}

TEST_CASE("Secret: a value that goes leaves no trace", "[unit][base]") {
    Place place;
    Secret& dying = place.Make(kShort);
    REQUIRE(place.Holds(kShort));
    dying.~Secret();
    CHECK_FALSE(place.Holds(kShort));

    Secret& moved_from = place.Make(kShort);
    const Secret taken = std::move(moved_from);
    CHECK_FALSE(place.Holds(kShort));
    CHECK(moved_from.empty());
    moved_from.~Secret();

    Secret& replaced = place.Make(kShort);
    replaced = Secret(std::string("x"));
    CHECK_FALSE(place.Holds(kShort.substr(1)));
    CHECK(replaced.Reveal() == "x");
    replaced.~Secret();
}

TEST_CASE("Secret: wiping reaches all of a string's memory", "[unit][base]") {
    std::string text = kShort;
    Wipe(text);
    CHECK(text.empty());
    CHECK(std::all_of(text.data(), text.data() + 8, [](char c) { return c == 0; }));
}

}  // namespace
}  // namespace unibox
