// Where a connection may go that somebody else's URL asks for (SSRF): names are resolved here,
// every address is checked, and who connects takes one of those that were checked, never the name
// again. Thread safety: pure functions; Resolve blocks.
#pragma once

#include "base/status.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace unibox::net {

enum class Reach {
    kPublic,    // The public internet alone.
    kAnywhere,  // Also this host and private networks: for tests and installations that want it.
};

// Whether it is an IP address that belongs to the public internet. Not: this host, private, shared
// (CGNAT), link-local, metadata, multicast, documentation, benchmark and reserved ranges, and IPv6
// that carries IPv4 inside (mapped, 6to4, NAT64, Teredo), whatever it carries. False for what is no
// address.
bool IsPublicAddress(std::string_view ip);

// The addresses of a name, or the address itself, as text; in the resolver's order. Waits for as
// long as the system's resolver does. PERMISSION_DENIED, reason ADDRESS_NOT_PUBLIC: one of them, be
// it among public ones, is outside of `reach`. UNAVAILABLE: the name has none now.
Result<std::vector<std::string>> Resolve(const std::string& host, Reach reach);
inline constexpr const char* kAddressNotPublic = "ADDRESS_NOT_PUBLIC";

}  // namespace unibox::net
