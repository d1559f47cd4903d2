#include "net/client_network.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>

#include <array>
#include <cstring>
#include <optional>

namespace unibox::net {
namespace {

struct Network {
    std::array<unsigned char, 16> bytes{};  // The prefix, then zeros.
    bool is_v4 = false;
};

std::optional<Network> Parse(std::string_view text) {
    constexpr std::array<unsigned char, 12> kMapped = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF};
    constexpr std::size_t kV4Bytes = 3;
    constexpr std::size_t kV6Bytes = 8;
    const std::string address(text.substr(0, text.find('%')));
    Network network;
    std::array<unsigned char, 16> whole{};
    if (inet_pton(AF_INET, address.c_str(), whole.data()) == 1) {
        network.is_v4 = true;
        std::memcpy(network.bytes.data(), whole.data(), kV4Bytes);
        return network;
    }
    if (inet_pton(AF_INET6, address.c_str(), whole.data()) != 1) return {};
    network.is_v4 = std::memcmp(whole.data(), kMapped.data(), kMapped.size()) == 0;
    if (network.is_v4) {
        std::memcpy(network.bytes.data(), whole.data() + kMapped.size(), kV4Bytes);
    } else {
        std::memcpy(network.bytes.data(), whole.data(), kV6Bytes);
    }
    return network;
}

}  // namespace

std::uint64_t NetworkOf(std::string_view address) {
    const auto network = Parse(address);
    if (!network) return kUnknownNetwork;
    std::uint64_t number = 0;
    for (int i = 0; i < 8; ++i) number = number << 8U | network->bytes[static_cast<std::size_t>(i)];
    // No IPv6 network begins with 0xFFFFFFFF and three bytes (ff00::/8 is multicast).
    return network->is_v4 ? 0xFFFFFFFF00000000ULL | number >> 32U : number;
}

std::string NetworkText(std::string_view address) {
    const auto network = Parse(address);
    if (!network) return "unknown";
    std::array<char, INET6_ADDRSTRLEN> text{};
    inet_ntop(network->is_v4 ? AF_INET : AF_INET6, network->bytes.data(), text.data(), text.size());
    return std::string(text.data()) + (network->is_v4 ? "/24" : "/64");
}

}  // namespace unibox::net
