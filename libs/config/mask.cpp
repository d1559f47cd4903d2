#include "config/mask.hpp"

#include "base/strings.hpp"

#include <algorithm>

namespace unibox::config {
namespace {

bool ContainsOnly(std::string_view text, std::string_view allowed) {
    return text.find_first_not_of(allowed) == std::string_view::npos;
}

// "host", "host:port", "[::1]:port": no password is hidden in it.
bool IsServer(std::string_view text) {
    constexpr std::string_view kHost =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-_%/";
    std::string_view port;
    if (text.starts_with('[')) {
        const auto end = text.find(']');
        if (end == std::string_view::npos) return false;
        if (!ContainsOnly(text.substr(1, end - 1), "0123456789abcdefABCDEF.:%")) return false;
        port = text.substr(end + 1);
        if (!port.empty() && port[0] != ':') return false;
    } else {
        const auto colon = std::min(text.find(':'), text.size());
        if (!ContainsOnly(text.substr(0, colon), kHost)) return false;
        port = text.substr(colon);
    }
    if (!port.empty()) port.remove_prefix(1);
    return ContainsOnly(port.substr(0, port.find('/')), "0123456789");
}

// Length of "scheme://" at the beginning; 0 if there is none.
std::size_t SchemeLength(std::string_view text) {
    const auto mark = text.find("://");
    if (mark == std::string_view::npos || mark == 0) return 0;
    const bool word = ContainsOnly(
        text.substr(0, mark), "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789+.-"
    );
    return word ? mark + 3 : 0;
}

std::string MaskServer(std::string_view element) {
    const std::size_t start = element.find_first_not_of(' ');
    if (start == std::string_view::npos) return std::string(element);
    const std::size_t scheme = start + SchemeLength(element.substr(start));
    const std::string_view rest = element.substr(scheme);
    const auto at = rest.rfind('@');
    if (at == std::string_view::npos) {
        return IsServer(TrimSpace(rest)) ? std::string(element) : std::string(kMasked);
    }
    const auto colon = rest.find(':');
    const std::size_t shown = colon < at ? colon + 1 : 0;  // The user's name, if there is one.
    return std::string(element.substr(0, scheme + shown)) + std::string(kMasked) +
           std::string(rest.substr(at));
}

}  // namespace

std::string MaskServers(std::string_view list) {
    std::string out;
    for (const std::string_view element : Split(list, ',')) out += MaskServer(element) + ",";
    out.pop_back();
    return out;
}

}  // namespace unibox::config
