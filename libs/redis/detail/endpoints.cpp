#include "redis/detail/endpoints.hpp"

#include "base/encoding.hpp"
#include "base/strings.hpp"

#include <algorithm>

namespace unibox::redis::detail {
namespace {

constexpr std::uint16_t kDefaultPort = 6379;
constexpr std::int64_t kDatabaseMax = 1'000'000;

Status Wrong(std::string_view rule) {
    return InvalidArgument(std::string(rule)).WithField("url");
}

std::optional<std::uint16_t> ParsePort(std::string_view text) {
    const auto number = ParseInt64(text);
    if (!number || *number < 1 || *number > 65'535) return std::nullopt;
    return static_cast<std::uint16_t>(*number);
}

Result<std::string> Decoded(std::string_view text) {
    auto decoded = PercentDecode(text, Plus::kPlus);
    if (!decoded) return Wrong("user and password must be percent-encoded");
    return std::move(*decoded);
}

Status ParseLogin(std::string_view login, Endpoints& endpoints) {
    const std::size_t colon = login.find(':');
    if (colon == std::string_view::npos) return Wrong("before the @ stands user:password");
    UNIBOX_ASSIGN_OR_RETURN(endpoints.user, Decoded(login.substr(0, colon)));
    UNIBOX_ASSIGN_OR_RETURN(std::string password, Decoded(login.substr(colon + 1)));
    endpoints.password = Secret(std::move(password));
    return {};
}

Result<Address> ParseHost(std::string_view text) {
    Address address{"", kDefaultPort};
    std::string_view port;
    if (text.starts_with('[')) {
        const std::size_t end = text.find(']');
        if (end == std::string_view::npos) return Wrong("an IPv6 address ends with ]");
        address.host = text.substr(1, end - 1);
        port = text.substr(end + 1);
    } else {
        const std::size_t colon = std::min(text.find(':'), text.size());
        address.host = text.substr(0, colon);
        port = text.substr(colon);
    }
    if (address.host.empty()) return Wrong("there is no host");
    if (!port.empty()) {
        const auto number = port.front() == ':' ? ParsePort(port.substr(1)) : std::nullopt;
        if (!number) return Wrong("a port is a number from 1 to 65535");
        address.port = *number;
    }
    return address;
}

Status ParseServer(std::string_view text, bool is_first, Endpoints& endpoints) {
    constexpr std::string_view kPlain = "redis://";
    constexpr std::string_view kTls = "rediss://";
    if (text.starts_with(kTls)) {
        endpoints.tls = true;
        text.remove_prefix(kTls.size());
    } else if (text.starts_with(kPlain)) {
        text.remove_prefix(kPlain.size());
    } else if (is_first || text.find("://") != std::string_view::npos) {
        return Wrong("a URL begins with redis:// or rediss://");
    }
    const std::size_t at = text.rfind('@');
    if (at != std::string_view::npos) {
        if (!is_first) return Wrong("user and password stand in the first URL alone");
        UNIBOX_RETURN_IF_ERROR(ParseLogin(text.substr(0, at), endpoints));
        text.remove_prefix(at + 1);
    }
    const std::size_t slash = std::min(text.find('/'), text.size());
    const std::string_view database = text.substr(std::min(slash + 1, text.size()));
    if (!database.empty()) {
        const auto number = is_first ? ParseInt64(database) : std::nullopt;
        if (!number || *number < 0 || *number > kDatabaseMax) {
            return Wrong("behind the / of the first URL stands the number of a database");
        }
        endpoints.database = *number;
    }
    UNIBOX_ASSIGN_OR_RETURN(Address address, ParseHost(text.substr(0, slash)));
    endpoints.addresses.push_back(std::move(address));
    return {};
}

}  // namespace

std::string Address::text() const {
    const bool is_v6 = host.find(':') != std::string::npos;
    return (is_v6 ? "[" + host + "]" : host) + ":" + std::to_string(port);
}

std::optional<Address> ParseNode(std::string_view text) {
    const std::size_t colon = text.rfind(':');
    if (colon == std::string_view::npos) return std::nullopt;
    const auto port = ParsePort(text.substr(colon + 1));
    if (!port) return std::nullopt;
    std::string_view host = text.substr(0, colon);
    if (host.starts_with('[') && host.ends_with(']')) host = host.substr(1, host.size() - 2);
    return Address{std::string(host), *port};
}

Result<Endpoints> ParseUrl(std::string_view url) {
    Endpoints endpoints;
    bool is_first = true;
    for (const std::string_view part : Split(url, ',')) {
        UNIBOX_RETURN_IF_ERROR(ParseServer(TrimSpace(part), is_first, endpoints));
        is_first = false;
    }
    return endpoints;
}

}  // namespace unibox::redis::detail
