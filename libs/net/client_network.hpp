// The network that a client comes from, as limits count it: an IPv4 /24, an IPv6 /64.
// Thread safety: pure functions.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace unibox::net {

// The prefix as a number; 0 for what is no IP address. IPv4 addresses inside of IPv6 ones count as
// IPv4.
std::uint64_t NetworkOf(std::string_view address);
// "192.0.2.0/24", "2001:db8:0:1::/64"; "unknown" for what is no IP address.
std::string NetworkText(std::string_view address);

}  // namespace unibox::net
