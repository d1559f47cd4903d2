// How the client's address goes with a connection that gRPC gets as one end of a pair: as the name
// of our end, a name in the kernel's abstract namespace (unix(7)), which gRPC tells as the peer.
// Thread safety: pure functions, but NamePeer, which is for the owner of the socket.
#pragma once

#include <string>
#include <string_view>

namespace unibox::rpc::detail {

// Gives our end of the pair its name. False: the kernel would not, and the peer is not known.
bool NamePeer(int own_end, const std::string& client_address);
// The client's IP address from grpc::ServerContext::peer(); "" = not known.
std::string AddressOfPeer(std::string_view peer);

}  // namespace unibox::rpc::detail
