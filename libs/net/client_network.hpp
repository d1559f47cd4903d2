// The network that a client comes from, as limits count it: an IPv4 /24, an IPv6 /64.
// Thread safety: pure functions.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace unibox::net {

// Of what is no IP address: the number of no network that a client can come from.
inline constexpr std::uint64_t kUnknownNetwork = ~std::uint64_t{0};

// The prefix as a number. IPv4 addresses inside of IPv6 ones count as IPv4; a zone ("%eth0") does
// not count.
std::uint64_t NetworkOf(std::string_view address);
// "192.0.2.0/24", "2001:db8:0:1::/64"; "unknown" for what is no IP address.
std::string NetworkText(std::string_view address);

}  // namespace unibox::net
