// Which addresses belong to the public internet, and what becomes of names.
#include "net/public_address.hpp"

#include "support/status_matchers.hpp"

#include <catch2/catch.hpp>

using namespace unibox;  // NOLINT(google-build-using-namespace)
using net::IsPublicAddress;
using net::Reach;

namespace {

// Beside the ranges below.
constexpr const char* kPublic[] = {"1.0.0.0",         "8.8.8.8",         "9.255.255.255",
                                   "11.0.0.0",        "100.63.255.255",  "100.128.0.0",
                                   "126.255.255.255", "128.0.0.0",       "168.63.129.15",
                                   "168.63.129.17",   "169.253.255.255", "169.255.0.0",
                                   "172.15.255.255",  "172.32.0.1",      "191.255.255.255",
                                   "192.0.1.0",       "192.0.3.0",       "192.88.98.255",
                                   "192.167.255.255", "192.169.0.0",     "198.17.255.255",
                                   "198.20.0.0",      "198.51.101.0",    "203.0.112.255",
                                   "203.0.114.0",     "223.255.255.255", "2606:4700:4700::1111",
                                   "2a00::1",         "2001:200::1",     "2001:db7:ffff::",
                                   "2003::1",         "3ffe::1"};

// The first, the last and the best known of each range.
constexpr const char* kSpecial[] = {
    "0.0.0.0",
    "0.1.2.3",
    "10.0.0.0",
    "10.255.255.255",
    "100.64.0.0",
    "100.127.255.255",
    "100.100.100.200",
    "127.0.0.1",
    "127.255.255.255",
    "168.63.129.16",
    "169.254.169.254",
    "169.254.170.2",
    "172.16.0.0",
    "172.31.255.255",
    "192.0.0.192",
    "192.0.2.1",
    "192.88.99.1",
    "192.168.1.1",
    "198.18.0.1",
    "198.19.255.255",
    "198.51.100.7",
    "203.0.113.9",
    "224.0.0.1",
    "239.255.255.255",
    "240.0.0.1",
    "255.255.255.255",
    "::",
    "::1",
    "::ffff:127.0.0.1",
    "::ffff:8.8.8.8",
    "::127.0.0.1",
    "64:ff9b::a9fe:a9fe",
    "64:ff9b:1::1",
    "100::1",
    "2001::1",
    "2001:10::1",
    "2001:20::1",
    "2001:1ff:ffff::",
    "2001:db8::1",
    "2002:7f00:1::",
    "3fff::1",
    "4000::1",
    "5f00::1",
    "fc00::1",
    "fd12::1",
    "fe80::1",
    "fec0::1",
    "ff02::1"};

}  // namespace

TEST_CASE("PublicAddress: the edges of every range", "[unit][net]") {
    for (const char* address : kPublic) {
        INFO(address);
        CHECK(IsPublicAddress(address));
    }
    for (const char* address : kSpecial) {
        INFO(address);
        CHECK_FALSE(IsPublicAddress(address));
    }
    for (const char* text :
         {"",
          "localhost",
          "8.8.8",
          "8.8.8.8 ",
          "8.8.8.8/32",
          "2130706433",
          "0x8080808",
          "[2606:4700::1]",
          "2606:4700::1%eth0"}) {
        INFO(text);
        CHECK_FALSE(IsPublicAddress(text));
    }
}

TEST_CASE("PublicAddress: what a name means is looked at, not how it is written", "[unit][net]") {
    // All of them are this host: as a name, as one number, with an octal, in hexadecimal, short.
    for (const char* host :
         {"localhost",
          "2130706433",
          "0177.0.0.1",
          "0x7f.1",
          "127.1",
          "0",
          "::1",
          "::ffff:127.0.0.1",
          "fe80::1%lo"}) {
        INFO(host);
        const auto refused = net::Resolve(host, Reach::kPublic);
        CHECK_THAT(refused.status(), test::HasCode(Code::kPermissionDenied));
        CHECK(refused.status().reason() == net::kAddressNotPublic);
    }
    const auto anywhere = net::Resolve("127.1", Reach::kAnywhere);
    REQUIRE_OK(anywhere);
    CHECK(*anywhere == std::vector<std::string>{"127.0.0.1"});
    const auto literal = net::Resolve("8.8.8.8", Reach::kPublic);
    REQUIRE_OK(literal);
    CHECK(*literal == std::vector<std::string>{"8.8.8.8"});
    CHECK_THAT(
        net::Resolve("no such name", Reach::kAnywhere).status(), test::HasCode(Code::kUnavailable)
    );
}
