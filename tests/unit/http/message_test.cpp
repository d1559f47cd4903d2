#include "http/message.hpp"

#include <catch2/catch.hpp>

namespace unibox::http {
namespace {

TEST_CASE("PercentDecode: escapes, plus signs, broken ones", "[unit][http]") {
    CHECK(PercentDecode("a%20b+c", false).value() == "a b+c");
    CHECK(PercentDecode("a%20b+c", true).value() == "a b c");
    CHECK_FALSE(PercentDecode("%", false).has_value());
    CHECK_FALSE(PercentDecode("%4", false).has_value());
    CHECK_FALSE(PercentDecode("%g1", false).has_value());
    CHECK_FALSE(PercentDecode("%00", false).has_value());
    CHECK(PercentDecode("%41", false).value() == "A");
}

TEST_CASE("QueryParameter: names with dots, first one wins", "[unit][http]") {
    CHECK(QueryParameter("hub.mode=subscribe&hub.challenge=12&x", "hub.challenge").value() == "12");
    CHECK(QueryParameter("a=1&a=2", "a").value() == "1");
    CHECK(QueryParameter("a", "a").value().empty());
    CHECK_FALSE(QueryParameter("ab=1", "a").has_value());
    CHECK_FALSE(QueryParameter("a=%z", "a").has_value());
}

}  // namespace
}  // namespace unibox::http
