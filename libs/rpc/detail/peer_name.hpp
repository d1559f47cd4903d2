// How the client's address goes with a connection that gRPC gets as one end of a pair: as the name
// of our end, a name in the kernel's abstract namespace (unix(7)), which gRPC tells as the peer.
// Thread safety: pure functions, but NamePeer, which is for the owner of the socket.
#pragma once

#include "base/status.hpp"

#include <string>
#include <string_view>

namespace unibox::rpc::detail {

// Gives our end of the pair its name. Without one its client would be nobody to whoever counts
// clients, like all others without one. INTERNAL for what is too long for an address, UNAVAILABLE
// if the kernel refuses.
Status NamePeer(int own_end, std::string_view client_address);
// Whether the kernel gives such names at all (a security policy may forbid it): as NamePeer.
Status CheckPeerNames();
// The client's IP address from grpc::ServerContext::peer(); "" = not known.
std::string AddressOfPeer(std::string_view peer);

}  // namespace unibox::rpc::detail
