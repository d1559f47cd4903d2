// Addresses of servers, and the URL of the settings. Thread safety: values, pure functions.
#pragma once

#include "base/secret.hpp"
#include "base/status.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace unibox::redis::detail {

struct Address {
    std::string host;  // A name or an IP address, without brackets.
    std::uint16_t port = 0;

    bool operator==(const Address&) const = default;
    auto operator<=>(const Address&) const = default;
    std::string text() const;  // "host:port", "[::1]:6379".
};

// "host:port" as cluster nodes write it: of an IPv6 address without brackets too. Nothing if there
// is no port. An empty host is left empty.
std::optional<Address> ParseNode(std::string_view text);

struct Endpoints {
    std::vector<Address> addresses;  // At least one.
    bool tls = false;
    std::string user;
    Secret password;
    std::int64_t database = 0;
};

// redis://[user:password@]host[:port][/database], rediss://; several separated by commas, of which
// those after the first are hosts with ports, with or without a scheme. INVALID_ARGUMENT of "url";
// no message holds any of it.
Result<Endpoints> ParseUrl(std::string_view url);

}  // namespace unibox::redis::detail
