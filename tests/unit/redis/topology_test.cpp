#include "redis/detail/topology.hpp"

#include "redis/reasons.hpp"
#include "support/status_matchers.hpp"

#include <catch2/catch.hpp>

namespace unibox::redis::detail {
namespace {

using namespace unibox::test;

Reply Texts(const std::vector<std::string>& texts) {
    std::vector<Reply> items;
    for (const std::string& text : texts) items.push_back(Reply::OfText(text));
    return Reply::OfArray(std::move(items));
}

Reply Range(std::int64_t first, std::int64_t last, Reply host, std::int64_t port) {
    const Reply node =
        Reply::OfArray({std::move(host), Reply::OfInteger(port), Reply::OfText("id")});
    return Reply::OfArray({Reply::OfInteger(first), Reply::OfInteger(last), node, node});
}

const Address kAsked{"10.0.0.9", 7000};

TEST_CASE("Topology: a sentinel names the master and the age of its news", "[unit][redis]") {
    const auto master = ParseMaster(
        Texts({"name", "mymaster", "ip", "10.0.0.1", "port", "6380", "config-epoch", "7"})
    );
    REQUIRE_OK(master);
    CHECK(master->address == Address{"10.0.0.1", 6380});
    CHECK(master->config_epoch == 7);
    CHECK_FALSE(ParseMaster(Texts({"name", "mymaster", "port", "6380"})).ok());
    CHECK_FALSE(ParseMaster(Texts({"ip", "10.0.0.1", "port", "0"})).ok());
    CHECK_FALSE(ParseMaster(Reply()).ok());
    CHECK_THAT(
        ParseMaster(Reply::OfError("NOAUTH Authentication required.")).status(),
        HasCode(Code::kUnauthenticated)
    );
}

TEST_CASE("Topology: ranges of slots with their masters", "[unit][redis]") {
    const auto ranges = ParseSlots(
        Reply::OfArray(
            {Range(0, 5460, Reply::OfText("10.0.0.1"), 7001),
             Range(5461, 16'383, Reply::OfText(""), 7002),
             Range(3, 3, Reply(), 7003)}
        ),
        kAsked
    );
    REQUIRE_OK(ranges);
    REQUIRE(ranges->size() == 3);
    CHECK((*ranges)[0].first == 0);
    CHECK((*ranges)[0].last == 5460);
    CHECK((*ranges)[0].master == Address{"10.0.0.1", 7001});
    // A node that does not know its own name is where it was asked.
    CHECK((*ranges)[1].master == Address{"10.0.0.9", 7002});
    CHECK((*ranges)[2].master == Address{"10.0.0.9", 7003});
}

TEST_CASE("Topology: odd descriptions are refused", "[unit][redis]") {
    const Reply host = Reply::OfText("h");
    for (const Reply& range :
         {Range(-1, 5, host, 1),
          Range(6, 5, host, 1),
          Range(0, 16'384, host, 1),
          Range(0, 5, host, 0),
          Range(0, 5, host, 65'536),
          Reply::OfArray({Reply::OfInteger(0), Reply::OfInteger(5)}),
          Reply::OfText("x")}) {
        CHECK_FALSE(ParseSlots(Reply::OfArray({range}), kAsked).ok());
    }
    CHECK_FALSE(ParseSlots(Reply::OfText("x"), kAsked).ok());
}

TEST_CASE("Topology: MOVED and ASK", "[unit][redis]") {
    const auto moved = ParseRedirection("MOVED 3999 127.0.0.1:6381", kAsked);
    REQUIRE(moved.has_value());
    CHECK_FALSE(moved->is_ask);
    CHECK(moved->slot == 3999);
    CHECK(moved->to == Address{"127.0.0.1", 6381});
    const auto ask = ParseRedirection("ASK 1 :6381", kAsked);
    REQUIRE(ask.has_value());
    CHECK(ask->is_ask);
    CHECK(ask->to == Address{"10.0.0.9", 6381});
    for (const char* error :
         {"ERR no",
          "MOVED",
          "MOVED 1",
          "MOVED x h:1",
          "MOVED 16384 h:1",
          "MOVED 1 h",
          "ASK -1 h:1"}) {
        CHECK_FALSE(ParseRedirection(error, kAsked).has_value());
    }
}

}  // namespace
}  // namespace unibox::redis::detail
