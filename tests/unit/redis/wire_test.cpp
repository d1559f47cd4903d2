#include "redis/detail/wire.hpp"

#include "redis/command.hpp"
#include "redis/reasons.hpp"
#include "support/status_matchers.hpp"

#include <catch2/catch.hpp>

#include <limits>
#include <random>

namespace unibox::redis {
namespace {

using namespace unibox::test;
using detail::ReplyReader;

constexpr std::size_t kBytesMax = 1 << 20;

// All replies in `bytes`, which are fed in pieces of this size.
std::vector<Reply> ReadAll(std::string_view bytes, std::size_t piece) {
    ReplyReader reader(kBytesMax);
    std::vector<Reply> replies;
    for (std::size_t at = 0; at < bytes.size(); at += piece) {
        REQUIRE_OK(reader.Feed(bytes.substr(at, piece)));
        while (true) {
            auto next = reader.Next();
            REQUIRE_OK(next);
            if (!next->has_value()) break;
            replies.push_back(std::move(**next));
        }
    }
    return replies;
}

Reply ReadOne(std::string_view bytes) {
    const auto replies = ReadAll(bytes, bytes.size());
    REQUIRE(replies.size() == 1);
    return replies.front();
}

Status FailureOf(std::string_view bytes) {
    ReplyReader reader(kBytesMax);
    REQUIRE_OK(reader.Feed(bytes));
    return reader.Next().status();
}

TEST_CASE("Wire: each kind of reply", "[unit][redis]") {
    CHECK(ReadOne("+OK\r\n") == Reply::OfText("OK"));
    CHECK(
        ReadOne(std::string_view("$5\r\na\r\n\0b\r\n", 11)) ==
        Reply::OfText(std::string("a\r\n\0b", 5))
    );
    CHECK(ReadOne("$0\r\n\r\n") == Reply::OfText(""));
    CHECK(ReadOne(":-42\r\n") == Reply::OfInteger(-42));
    CHECK(
        ReadOne(":9223372036854775807\r\n") ==
        Reply::OfInteger(std::numeric_limits<std::int64_t>::max())
    );
    CHECK(ReadOne("$-1\r\n").is_nil());
    CHECK(ReadOne("*-1\r\n").is_nil());
    CHECK(ReadOne("*0\r\n") == Reply::OfArray({}));
    CHECK(ReadOne("-ERR no\r\n") == Reply::OfError("ERR no"));
}

TEST_CASE("Wire: nested arrays, errors and nils inside", "[unit][redis]") {
    const Reply expected = Reply::OfArray(
        {Reply::OfInteger(1),
         Reply::OfArray({Reply::OfText("two"), Reply(), Reply::OfArray({})}),
         Reply::OfError("WRONGTYPE it is"),
         Reply::OfText("last")}
    );
    const std::string bytes =
        "*4\r\n:1\r\n*3\r\n$3\r\ntwo\r\n$-1\r\n*0\r\n-WRONGTYPE it is\r\n+last\r\n";
    CHECK(ReadOne(bytes) == expected);
    const auto items = expected.Items().value();
    CHECK_THAT(items[2].Text().status(), HasCode(Code::kFailedPrecondition));
    CHECK(items[2].Text().status().reason() == "WRONGTYPE");
    CHECK_THAT(items[3].Integer().status(), HasCode(Code::kInternal));
    CHECK(items[3].Integer().status().reason() == kUnexpectedReply);
    CHECK(items[0].Integer().value() == 1);
}

TEST_CASE("Wire: pieces of any size give the same replies", "[unit][redis]") {
    std::string bytes;
    std::vector<Reply> expected;
    std::mt19937 random(7);  // NOLINT(cert-msc51-cpp): the same each time
    for (int i = 0; i < 200; ++i) {
        const std::string text(random() % 300, static_cast<char>('a' + i % 26));
        bytes += "*2\r\n:" + std::to_string(i) + "\r\n$" + std::to_string(text.size()) + "\r\n" +
                 text + "\r\n";
        expected.push_back(Reply::OfArray({Reply::OfInteger(i), Reply::OfText(text)}));
    }
    for (const std::size_t piece : {1U, 2U, 7U, 100U, 4096U, 1U << 20U}) {
        CHECK(ReadAll(bytes, piece) == expected);
    }
}

TEST_CASE("Wire: what is no reply, too deep or too large ends the reading", "[unit][redis]") {
    CHECK_THAT(FailureOf("HTTP/1.1 400 Bad Request\r\n"), HasCode(Code::kUnavailable));
    CHECK_THAT(FailureOf("*4294967296\r\n"), HasCode(Code::kUnavailable));
    CHECK_THAT(FailureOf("*2000000\r\n"), HasCode(Code::kUnavailable));
    std::string deep;
    for (int i = 0; i < 20; ++i) deep += "*1\r\n";
    CHECK_THAT(FailureOf(deep), HasCode(Code::kUnavailable));
    // Three arrays of 400,000 are as many as one of 1,200,000.
    std::string wide = "*3\r\n";
    for (int i = 0; i < 3; ++i) {
        wide += "*400000\r\n";
        for (int j = 0; j < 400'000; ++j) wide += ":1\r\n";
    }
    ReplyReader reader(wide.size());
    REQUIRE_OK(reader.Feed(wide));
    CHECK_THAT(reader.Next().status(), HasCode(Code::kUnavailable));
}

TEST_CASE("Wire: a large reply is read whole, one over the limit is not awaited", "[unit][redis]") {
    const std::string text(kBytesMax - 100, 'x');
    const std::string bytes = "$" + std::to_string(text.size()) + "\r\n" + text + "\r\n";
    CHECK(
        ReadAll(bytes + bytes, 64 << 10) ==
        std::vector<Reply>{Reply::OfText(text), Reply::OfText(text)}
    );
    ReplyReader reader(1'000);
    REQUIRE_OK(reader.Feed("+OK\r\n$5000\r\n" + std::string(900, 'x')));
    CHECK(reader.Next()->has_value());
    CHECK_FALSE(reader.Next()->has_value());
    REQUIRE_OK(reader.Feed(std::string(200, 'x')));
    CHECK_THAT(reader.Next().status(), HasCode(Code::kUnavailable));
}

TEST_CASE("Wire: a script's call with its hash becomes one with its source", "[unit][redis]") {
    const Script script("return ARGV[1]");
    CHECK(script.sha() == "098e0f0d1448c0a81dafe820f66d460eb09263da");
    const std::string evalsha =
        Command(script).Key("k").Arg(std::string_view("\r\n$3\r\n", 6)).Encode();
    CHECK(
        evalsha == "*5\r\n$7\r\nEVALSHA\r\n$40\r\n" + script.sha() +
                       "\r\n$1\r\n1\r\n$1\r\nk\r\n$6\r\n\r\n$3\r\n\r\n"
    );
    CHECK(
        detail::AsEval(evalsha, *script.text()) ==
        "*5\r\n$4\r\nEVAL\r\n$14\r\nreturn ARGV[1]\r\n$1\r\n1\r\n$1\r\nk\r\n$6\r\n\r\n$3\r\n\r\n"
    );
}

}  // namespace
}  // namespace unibox::redis
