#include "rpc/detail/peer_name.hpp"

#include "support/status_matchers.hpp"

#include <unistd.h>

#include <catch2/catch.hpp>
#include <sys/socket.h>

using namespace unibox;  // NOLINT(google-build-using-namespace)
using rpc::detail::AddressOfPeer;
using rpc::detail::NamePeer;

TEST_CASE("Peer name: a failure is told, never a client without a name", "[unit][rpc]") {
    REQUIRE_OK(rpc::detail::CheckPeerNames());
    int ends[2];
    REQUIRE(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) == 0);
    CHECK_THAT(NamePeer(ends[0], std::string(100, 'x')), test::HasCode(Code::kInternal));
    REQUIRE_OK(NamePeer(ends[0], "2001:db8:1111:2222:3333:4444:5555:6666"));
    // A socket takes one name.
    CHECK_THAT(NamePeer(ends[0], "192.0.2.1"), test::HasCode(Code::kUnavailable));
    // The same client again: names do not meet.
    REQUIRE_OK(NamePeer(ends[1], "2001:db8:1111:2222:3333:4444:5555:6666"));
    ::close(ends[0]);
    ::close(ends[1]);
}

TEST_CASE("Peer name: only what we have named is believed", "[unit][rpc]") {
    CHECK(AddressOfPeer("unix-abstract:unibox-client/192.0.2.1/ab/1") == "192.0.2.1");
    for (const char* other :
         {"",
          "unix:",
          "unix-abstract:",
          "unix-abstract:other/192.0.2.1",
          "ipv4:192.0.2.1:80",
          "unix:unibox-client/192.0.2.1/ab/1"}) {
        CHECK(AddressOfPeer(other).empty());
    }
}
