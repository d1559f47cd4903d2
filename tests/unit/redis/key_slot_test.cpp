#include "redis/key_slot.hpp"

#include <catch2/catch.hpp>

namespace unibox::redis {
namespace {

// The vectors of the cluster specification, and what CLUSTER KEYSLOT of redis-server 7.0.15 says.
TEST_CASE("KeySlot: the specification's vectors", "[unit][redis]") {
    CHECK(SlotOfKey("123456789") == 0x31C3 % kSlotCount);
    CHECK(SlotOfKey("") == 0);
    CHECK(SlotOfKey("foo") == 12'182);
    CHECK(SlotOfKey("bar") == 5'061);
    CHECK(SlotOfKey("hello") == 866);
    CHECK(SlotOfKey(std::string_view("\0\xff\x80", 3)) == SlotOfKey(std::string("\0\xff\x80", 3)));
}

TEST_CASE("KeySlot: the hash tag alone counts", "[unit][redis]") {
    CHECK(SlotOfKey("{user1000}.following") == SlotOfKey("{user1000}.followers"));
    CHECK(SlotOfKey("{user1000}.following") == SlotOfKey("user1000"));
    CHECK(SlotOfKey("{t:42}:asg") == SlotOfKey("rl:{t:42}:key"));
    // The first pair of braces, and nothing between them is no tag.
    CHECK(SlotOfKey("foo{bar}{zap}") == SlotOfKey("bar"));
    CHECK(SlotOfKey("foo{{bar}}zap") == SlotOfKey("{bar"));
    CHECK(SlotOfKey("foo{}{bar}") != SlotOfKey("bar"));
    CHECK(SlotOfKey("foo{}{bar}") == 8'363);
    CHECK(SlotOfKey("foo{bar") != SlotOfKey("bar"));
    CHECK(SlotOfKey("foo}bar{") != SlotOfKey("bar"));
}

}  // namespace
}  // namespace unibox::redis
