#include "rpc/detail/peer_name.hpp"

#include <unistd.h>

#include <fmt/format.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <atomic>
#include <cstddef>
#include <cstring>

namespace unibox::rpc::detail {
namespace {

// "unibox-client/ADDRESS/PROCESS/NUMBER": a name may be there once in a network namespace.
constexpr std::string_view kPrefix = "unibox-client/";
constexpr std::string_view kScheme = "unix-abstract:";

}  // namespace

bool NamePeer(int own_end, const std::string& client_address) {
    static std::atomic<std::uint64_t> number{0};
    // An IPv6 zone ("%eth0") says nothing to others, and a URI would escape it.
    const std::string name = fmt::format(
        "{}{}/{}/{}",
        kPrefix,
        client_address.substr(0, client_address.find('%')),
        ::getpid(),
        ++number
    );
    ::sockaddr_un address{};
    address.sun_family = AF_UNIX;
    if (name.size() + 1 > sizeof address.sun_path) return false;
    std::memcpy(address.sun_path + 1, name.data(), name.size());
    const auto size = static_cast<socklen_t>(offsetof(::sockaddr_un, sun_path) + 1 + name.size());
    return ::bind(own_end, reinterpret_cast<const ::sockaddr*>(&address), size) == 0;
}

std::string AddressOfPeer(std::string_view peer) {
    if (!peer.starts_with(kScheme)) return {};
    peer.remove_prefix(kScheme.size());
    if (!peer.starts_with(kPrefix)) return {};
    peer.remove_prefix(kPrefix.size());
    return std::string(peer.substr(0, peer.find('/')));
}

}  // namespace unibox::rpc::detail
