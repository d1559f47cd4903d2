#include "nats/detail/reader_wire.hpp"

#include <catch2/catch.hpp>

using namespace unibox::nats::detail;

TEST_CASE("Delivery: both forms of the reply subject", "[unit][nats]") {
    const auto* const reply = GENERATE(
        "$JS.ACK.LOG.abc.1.5000000000.17.1795370477123456789.42",
        "$JS.ACK.hub.ACCOUNT.LOG.abc.1.5000000000.17.1795370477123456789.42",
        "$JS.ACK._.ACCOUNT.LOG.abc.1.5000000000.17.1795370477123456789.42.random"
    );
    const auto delivery = ParseDelivery(reply);
    REQUIRE(delivery);
    CHECK(delivery->stream == "LOG");
    CHECK(delivery->consumer == "abc");
    CHECK(delivery->stream_sequence == 5000000000);
    CHECK(delivery->consumer_sequence == 17);
    CHECK(delivery->stored_unix_ns == 1795370477123456789);
    CHECK(delivery->pending == 42);
}

TEST_CASE("Delivery: another reply subject is none", "[unit][nats]") {
    const auto* const reply = GENERATE(
        "",
        "$JS.ACK.",
        "_INBOX.x.y",
        "$JS.ACK.LOG.abc.1.5.17.1",
        "$JS.ACK.LOG.abc.1.x.17.1.42",
        "$JS.ACK.LOG.abc.1.5.-1.1.42",
        "$JS.ACK.a.b.c.d.e.f.g.h.i.j.k.l"
    );
    CAPTURE(reply);
    CHECK_FALSE(ParseDelivery(reply));
}
