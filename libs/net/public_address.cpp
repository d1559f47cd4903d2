#include "net/public_address.hpp"

#include <netdb.h>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>

namespace unibox::net {
namespace {

struct Range {
    std::array<std::uint8_t, 16> prefix;
    int bits;
};

// IANA's special-purpose registries, and what clouds answer on.
constexpr Range kSpecialV4[] = {
    {{0}, 8},
    {{10}, 8},
    {{100, 64}, 10},
    {{127}, 8},
    {{168, 63, 129, 16}, 32},  // Azure's WireServer.
    {{169, 254}, 16},
    {{172, 16}, 12},
    {{192, 0, 0}, 24},
    {{192, 0, 2}, 24},
    {{192, 88, 99}, 24},
    {{192, 168}, 16},
    {{198, 18}, 15},
    {{198, 51, 100}, 24},
    {{203, 0, 113}, 24},
    {{224}, 3},  // Multicast and reserved.
};
constexpr Range kGlobalV6{{0x20}, 3};
constexpr Range kSpecialV6[] = {
    {{0x20, 0x01, 0x00}, 23},  // Protocol assignments, Teredo among them.
    {{0x20, 0x01, 0x0d, 0xb8}, 32},
    {{0x20, 0x02}, 16},  // 6to4
    {{0x3f, 0xff, 0x00}, 20},
};

bool IsIn(const std::uint8_t* address, const Range& range) {
    const auto whole = static_cast<std::size_t>(range.bits / 8);
    if (std::memcmp(address, range.prefix.data(), whole) != 0) return false;
    const int rest = range.bits % 8;
    return rest == 0 || (address[whole] ^ range.prefix[whole]) >> (8 - rest) == 0;
}

template <std::size_t N>
bool IsInAny(const std::uint8_t* address, const Range (&ranges)[N]) {
    return std::any_of(std::begin(ranges), std::end(ranges), [&](const Range& range) {
        return IsIn(address, range);
    });
}

struct Freed {
    void operator()(addrinfo* list) const { freeaddrinfo(list); }
};

}  // namespace

bool IsPublicAddress(std::string_view ip) {
    const std::string text(ip);
    std::array<std::uint8_t, 16> bytes{};
    if (inet_pton(AF_INET, text.c_str(), bytes.data()) == 1) {
        return !IsInAny(bytes.data(), kSpecialV4);
    }
    if (inet_pton(AF_INET6, text.c_str(), bytes.data()) != 1) return false;
    return IsIn(bytes.data(), kGlobalV6) && !IsInAny(bytes.data(), kSpecialV6);
}

Result<std::vector<std::string>> Resolve(const std::string& host, Reach reach) {
    addrinfo hints{};
    hints.ai_family = AF_UNSPEC;
    hints.ai_socktype = SOCK_STREAM;
    addrinfo* found = nullptr;
    const int error = getaddrinfo(host.c_str(), nullptr, &hints, &found);
    if (error != 0) {
        return Unavailable("cannot resolve " + host + ": " + gai_strerror(error));
    }
    const std::unique_ptr<addrinfo, Freed> owner(found);
    std::vector<std::string> addresses;
    for (const addrinfo* at = found; at != nullptr; at = at->ai_next) {
        std::array<char, NI_MAXHOST> text{};
        if (getnameinfo(
                at->ai_addr, at->ai_addrlen, text.data(), text.size(), nullptr, 0, NI_NUMERICHOST
            ) != 0) {
            continue;
        }
        addresses.emplace_back(text.data());
        if (reach == Reach::kPublic && !IsPublicAddress(addresses.back())) {
            return Status(
                       Code::kPermissionDenied,
                       host + " is at " + addresses.back() + ", which is not of the public internet"
            )
                .WithReason(kAddressNotPublic);
        }
    }
    if (addresses.empty()) return Unavailable(host + " has no address");
    return addresses;
}

}  // namespace unibox::net
