#include "config/mask.hpp"

#include "base/strings.hpp"

#include <algorithm>
#include <optional>

namespace unibox::config {
namespace {

constexpr std::string_view kMask = "****";
constexpr std::string_view kBlanks = " \t\n\v\f\r";  // libpq's isspace().

bool ContainsOnly(std::string_view text, std::string_view allowed) {
    return text.find_first_not_of(allowed) == std::string_view::npos;
}

bool IsSecretName(std::string_view name) {
    // A name in escapes is one that we do not read.
    return name == "password" || name == "sslpassword" || name.find('%') != std::string_view::npos;
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

bool AreServers(std::string_view list) {
    const auto parts = Split(list, ',');
    return std::all_of(parts.begin(), parts.end(), [](std::string_view part) {
        return IsServer(TrimSpace(part));
    });
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

// Values of secret parameters in "...?name=value&name=value".
std::string MaskParameters(std::string_view uri) {
    std::string out;
    while (!uri.empty()) {
        const auto mark = uri.find_first_of("?&");
        if (mark == std::string_view::npos) break;
        out += uri.substr(0, mark + 1);
        uri.remove_prefix(mark + 1);
        const auto equals = uri.find_first_of("=?&");
        if (equals == std::string_view::npos || uri[equals] != '=') continue;
        if (!IsSecretName(uri.substr(0, equals))) continue;
        out += uri.substr(0, equals + 1);
        out += kMask;
        uri.remove_prefix(std::min(uri.find('&', equals), uri.size()));
    }
    return out += uri;
}

// A password in it may hold any character, so what stands before the last @ is never cut.
std::string MaskPostgresUri(std::string_view text) {
    std::string uri = MaskParameters(text);
    const std::size_t start = SchemeLength(uri);
    const std::string scheme = uri.substr(0, start);
    const std::string_view rest = std::string_view(uri).substr(start);
    const auto at = rest.rfind('@');
    if (at == std::string_view::npos) {
        const bool servers = AreServers(rest.substr(0, rest.find_first_of("/?")));
        return servers ? uri : scheme + std::string(kMask);
    }
    const auto colon = rest.find(':');
    if (colon > at) return uri;
    return scheme + std::string(rest.substr(0, colon + 1)) + std::string(kMask) +
           std::string(rest.substr(at));
}

std::string MaskServer(std::string_view element) {
    const std::size_t start = element.find_first_not_of(' ');
    if (start == std::string_view::npos) return std::string(element);
    const std::size_t scheme = start + SchemeLength(element.substr(start));
    const std::string_view rest = element.substr(scheme);
    const auto at = rest.rfind('@');
    if (at == std::string_view::npos) {
        return IsServer(TrimSpace(rest)) ? std::string(element) : std::string(kMask);
    }
    const auto colon = rest.find(':');
    const std::size_t shown = colon < at ? colon + 1 : 0;  // The user's name, if there is one.
    return std::string(element.substr(0, scheme + shown)) + std::string(kMask) +
           std::string(rest.substr(at));
}

std::string MaskServers(std::string_view list) {
    std::string out;
    for (const std::string_view element : Split(list, ',')) out += MaskServer(element) + ",";
    out.pop_back();
    return out;
}

std::size_t SkipBlanks(std::string_view text, std::size_t at) {
    return std::min(text.find_first_not_of(kBlanks, at), text.size());
}

// Where the value that begins at `at` ends, as libpq's conninfo_parse finds it; nothing if its
// quote does not end.
std::optional<std::size_t> EndOfValue(std::string_view text, std::size_t at) {
    const bool quoted = at < text.size() && text[at] == '\'';
    for (at += quoted ? 1 : 0; at < text.size(); ++at) {
        if (quoted && text[at] == '\'') return at + 1;
        if (!quoted && kBlanks.find(text[at]) != std::string_view::npos) return at;
        if (text[at] == '\\') ++at;  // What follows belongs to the value, whatever it is.
    }
    return quoted ? std::nullopt : std::optional(text.size());
}

// Nothing if libpq would not read `text` as keyword = value pairs.
std::optional<std::string> MaskKeywords(std::string_view text) {
    std::size_t at = SkipBlanks(text, 0);
    std::string out(text.substr(0, at));
    while (at < text.size()) {
        const std::size_t name_end = std::min(text.find_first_of(" \t\n\v\f\r=", at), text.size());
        const std::string_view name = text.substr(at, name_end - at);
        if (name.empty() || !ContainsOnly(name, "abcdefghijklmnopqrstuvwxyz_")) return {};
        const std::size_t equals = SkipBlanks(text, name_end);
        if (equals == text.size() || text[equals] != '=') return {};
        const std::size_t value = SkipBlanks(text, equals + 1);
        const auto end = EndOfValue(text, value);
        if (!end) return {};
        const std::string_view shown = text.substr(value, *end - value);
        // An @ where none belongs: rather "token=x@host" than a keyword.
        const bool strange = shown.find('@') != std::string_view::npos && name != "user";
        out += text.substr(at, value - at);
        out += IsSecretName(name) || strange ? kMask : shown;
        at = SkipBlanks(text, *end);
        out += text.substr(*end, at - *end);
    }
    return out;
}

}  // namespace

std::string MaskPasswords(std::string_view text) {
    if (text.starts_with("postgresql://") || text.starts_with("postgres://")) {
        return MaskPostgresUri(text);
    }
    const bool keywords = text.find('=') != std::string_view::npos && SchemeLength(text) == 0;
    if (!keywords) return MaskServers(text);
    return MaskKeywords(text).value_or(std::string(kMask));
}

}  // namespace unibox::config
