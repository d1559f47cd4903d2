#include "net/client_network.hpp"

#include <catch2/catch.hpp>

using namespace unibox;  // NOLINT(google-build-using-namespace)
using net::NetworkOf;
using net::NetworkText;

TEST_CASE("Client network: /24 and /64", "[unit][gateway]") {
    CHECK(NetworkOf("192.0.2.1") == NetworkOf("192.0.2.254"));
    CHECK(NetworkOf("192.0.2.1") != NetworkOf("192.0.3.1"));
    CHECK(NetworkOf("192.0.2.1") == NetworkOf("::ffff:192.0.2.7"));
    CHECK(NetworkOf("2001:db8::1") == NetworkOf("2001:db8:0:0:ffff::2"));
    CHECK(NetworkOf("2001:db8::1") != NetworkOf("2001:db8:0:1::1"));
    CHECK(NetworkOf("fe80::1%eth0") == NetworkOf("fe80::2"));
    CHECK(NetworkOf("::c000:200") != NetworkOf("192.0.2.0"));
    // What is no address is no network of anybody's, not even this machine's own (::1).
    CHECK(NetworkOf("") == net::kUnknownNetwork);
    CHECK(NetworkOf("localhost") == net::kUnknownNetwork);
    CHECK(NetworkOf("::1") != net::kUnknownNetwork);
    CHECK(NetworkOf("::1") != NetworkOf("127.0.0.1"));
    CHECK(NetworkText("192.0.2.77") == "192.0.2.0/24");
    CHECK(NetworkText("2001:db8::1") == "2001:db8::/64");
    CHECK(NetworkText("unix:/tmp/x") == "unknown");
}
