#include "domain/event_key.hpp"

#include <catch2/catch.hpp>

#include <set>
#include <string>
#include <vector>

namespace unibox::domain {
namespace {

const ChannelId kChannel{Uuid::Parse("0190f6c2-1111-7222-8333-444455556666").value()};
const ChannelId kOtherChannel{Uuid::Parse("0190f6c2-1111-7222-8333-444455556667").value()};

std::string HexOf(const EventKey& key) {
    std::string hex = key.ToString();
    std::erase(hex, '-');
    return hex;
}

// The expected values were computed with Python's hashlib and struct.
TEST_CASE("event key: agrees with SHA-256 over the length-prefixed parts", "[unit][domain]") {
    CHECK(
        HexOf(EventKeyOf({42}, kChannel, "message", "wamid.A1", "")) ==
        "c39c21e3ca270e05d0e7e8540c129782"
    );
    CHECK(
        HexOf(EventKeyOf({42}, kChannel, "receipt", "wamid.A1", "read")) ==
        "d61f331f1bce4c641aced94682df76b4"
    );
    CHECK(
        HexOf(EventKeyOf({-1}, kChannel, "message", "", "")) == "758193e997dfab0a46d446e396d8ec6e"
    );
}

TEST_CASE("event key: every part counts and none runs into the next", "[unit][domain]") {
    const std::vector<EventKey> keys = {
        EventKeyOf({1}, kChannel, "message", "ab", "c"),
        EventKeyOf({2}, kChannel, "message", "ab", "c"),
        EventKeyOf({1}, kOtherChannel, "message", "ab", "c"),
        EventKeyOf({1}, kChannel, "receipt", "ab", "c"),
        EventKeyOf({1}, kChannel, "message", "a", "bc"),
        EventKeyOf({1}, kChannel, "message", "abc", ""),
        EventKeyOf({1}, kChannel, "message", "", "abc"),
        EventKeyOf({1}, kChannel, "messagea", "b", "c"),
        EventKeyOf({1}, kChannel, "message", std::string_view("ab\0", 3), "c"),
    };
    CHECK(std::set<EventKey>(keys.begin(), keys.end()).size() == keys.size());
    CHECK(EventKeyOf({1}, kChannel, "message", "ab", "c") == keys[0]);
}

TEST_CASE("message id: version 7 layout of the time and of the event key", "[unit][domain]") {
    const EventKey key = EventKeyOf({42}, kChannel, "message", "wamid.A1", "");
    const MessageId id = MessageIdOf(1'785'412'800'123, key);
    CHECK(UuidV7Millis(id.value) == 1'785'412'800'123);
    CHECK(id.value.bytes[6] >> 4 == 7);
    CHECK(id.value.bytes[8] >> 6 == 2);
    CHECK(id == MessageIdOf(1'785'412'800'123, key));
    CHECK_FALSE(
        id == MessageIdOf(1'785'412'800'123, EventKeyOf({42}, kChannel, "message", "wamid.A2", ""))
    );
    CHECK(UuidV7Millis(MessageIdOf(-5, key).value) == 0);
    CHECK(UuidV7Millis(MessageIdOf(INT64_MAX, key).value) == (std::int64_t{1} << 48) - 1);
}

TEST_CASE("partition: FNV-1a-32 over tenant, channel text and thread key", "[unit][domain]") {
    CHECK(PartitionOf({42}, kChannel, "351911222333", 32) == 3559780357U % 32);
    CHECK(PartitionOf({42}, kChannel, "351911222333", 1) == 0);
    CHECK(PartitionOf({42}, kChannel, "", 1U << 31) == 3624054420U % (1U << 31));
    CHECK(PartitionOf({42}, kChannel, "x", 1000) == 4164509060U % 1000);
}

TEST_CASE("partition: threads of one tenant spread over all partitions", "[unit][domain]") {
    std::vector<int> counts(32);
    for (int i = 0; i < 32'000; ++i) ++counts[PartitionOf({7}, kChannel, std::to_string(i), 32)];
    for (const int count : counts) CHECK((count > 800 && count < 1200));
}

}  // namespace
}  // namespace unibox::domain
