#include "redis/command.hpp"

#include "redis/key_slot.hpp"
#include "redis/reasons.hpp"
#include "support/status_matchers.hpp"

#include <catch2/catch.hpp>

namespace unibox::redis {
namespace {

using namespace unibox::test;

TEST_CASE("Command: texts and numbers in the form of the wire", "[unit][redis]") {
    const Command command =
        Command("SET").Key("k\r\n").Arg("").Arg("PX").Arg(-5).Arg(std::uint64_t{7});
    CHECK(
        command.Encode() ==
        "*6\r\n$3\r\nSET\r\n$3\r\nk\r\n\r\n$0\r\n\r\n$2\r\nPX\r\n$2\r\n-5\r\n$1\r\n7\r\n"
    );
    Command stepwise("DEL");
    for (const char* key : {"{t}a", "{t}b"}) stepwise.Key(key);
    CHECK(stepwise.Encode() == "*3\r\n$3\r\nDEL\r\n$4\r\n{t}a\r\n$4\r\n{t}b\r\n");
    REQUIRE_OK(stepwise.Check());
}

TEST_CASE("Command: keys decide the slot, and must agree", "[unit][redis]") {
    CHECK_FALSE(Command("PING").slot().has_value());
    CHECK(Command("GET").Key("foo").slot() == SlotOfKey("foo"));
    const Command same = Command("MGET").Key("{t:1}a").Key("{t:1}b");
    REQUIRE_OK(same.Check());
    CHECK(same.slot() == SlotOfKey("t:1"));
    for (const Command& other :
         {Command("MGET").Key("a").Key("b"), Command("MGET").Key("a").Key("b").Key("b")}) {
        CHECK_THAT(other.Check(), HasCode(Code::kInvalidArgument));
        CHECK(other.Check().reason() == kCrossSlot);
    }
    // An argument is no key, whatever it looks like.
    REQUIRE_OK(Command("SET").Key("a").Arg("b").Check());
}

TEST_CASE("Command: a script's keys are counted, and stand first", "[unit][redis]") {
    const Script script("return 1");
    const std::string none = Command(script).Encode();
    CHECK(none.ends_with("\r\n$1\r\n0\r\n"));
    const std::string two = Command(script).Key("{t}a").Key("{t}b").Arg("x").Encode();
    CHECK(two.starts_with("*6\r\n$7\r\nEVALSHA\r\n"));
    CHECK(two.ends_with("$1\r\n2\r\n$4\r\n{t}a\r\n$4\r\n{t}b\r\n$1\r\nx\r\n"));
    CHECK_THAT(Command(script).Arg("x").Key("a").Check(), HasCode(Code::kInvalidArgument));
    REQUIRE_OK(Command("LREM").Arg("x").Key("a").Check());
}

TEST_CASE("Command: what would change a shared connection is refused", "[unit][redis]") {
    for (const char* name :
         {"MULTI", "subscribe", "Select", "AUTH", "BLPOP", "XREAD", "WAIT", "CLIENT", "HELLO"}) {
        const Status status = Command(name).Arg("x").Check();
        CHECK_THAT(status, HasCode(Code::kInvalidArgument));
        CHECK(status.reason() == kNotShared);
    }
    for (const char* name : {"GET", "PUBLISH", "EVAL", "XADD", "LPOP", "INFO"}) {
        REQUIRE_OK(Command(name).Check());
    }
}

}  // namespace
}  // namespace unibox::redis
