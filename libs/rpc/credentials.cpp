#include "rpc/credentials.hpp"

namespace unibox::rpc {

Result<std::unique_ptr<Credentials>> Credentials::Create(const Settings&) {
    return std::unique_ptr<Credentials>(new Credentials());
}

std::unique_ptr<net::Transport> Credentials::TransportOf(int socket) const {
    return net::PlainTransport(socket);
}

}  // namespace unibox::rpc
