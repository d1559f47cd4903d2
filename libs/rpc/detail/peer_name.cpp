#include "rpc/detail/peer_name.hpp"

#include <errno.h>
#include <unistd.h>

#include <fmt/format.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <atomic>
#include <cstddef>
#include <cstring>
#include <random>
#include <system_error>

namespace unibox::rpc::detail {
namespace {

// "unibox-client/ADDRESS/PROCESS/NUMBER": a name may be there once in a network namespace, which
// processes of several containers may share, each with the same process id: hence a random number.
constexpr std::string_view kPrefix = "unibox-client/";
constexpr std::string_view kScheme = "unix-abstract:";

}  // namespace

Status NamePeer(int own_end, std::string_view client_address) {
    static const std::uint64_t process =
        static_cast<std::uint64_t>(std::random_device()()) << 32U | std::random_device()();
    static std::atomic<std::uint64_t> number{0};
    // An IPv6 zone ("%eth0") says nothing to others, and a URI would escape it.
    const std::string name = fmt::format(
        "{}{}/{:x}/{}",
        kPrefix,
        client_address.substr(0, client_address.find('%')),
        process,
        ++number
    );
    ::sockaddr_un address{};
    address.sun_family = AF_UNIX;
    if (name.size() + 1 > sizeof address.sun_path) {
        return Internal("no address: " + std::string(client_address));
    }
    std::memcpy(address.sun_path + 1, name.data(), name.size());
    const auto size = static_cast<socklen_t>(offsetof(::sockaddr_un, sun_path) + 1 + name.size());
    if (::bind(own_end, reinterpret_cast<const ::sockaddr*>(&address), size) == 0) return {};
    const std::error_code error(errno, std::generic_category());
    return Unavailable("the kernel gives a socket no name: " + error.message());
}

Status CheckPeerNames() {
    const int probe = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (probe < 0) {
        const std::error_code error(errno, std::generic_category());
        return Unavailable("the kernel gives no local socket: " + error.message());
    }
    const Status named = NamePeer(probe, "127.0.0.1");
    ::close(probe);
    return named;
}

std::string AddressOfPeer(std::string_view peer) {
    if (!peer.starts_with(kScheme)) return {};
    peer.remove_prefix(kScheme.size());
    if (!peer.starts_with(kPrefix)) return {};
    peer.remove_prefix(kPrefix.size());
    return std::string(peer.substr(0, peer.find('/')));
}

}  // namespace unibox::rpc::detail
