#include "pg/connection_string.hpp"

#include "base/strings.hpp"
#include "config/mask.hpp"

#include <libpq-fe.h>

#include <algorithm>
#include <memory>

namespace unibox::pg {
namespace {

using Options = std::unique_ptr<PQconninfoOption, decltype(&PQconninfoFree)>;

Options Parse(std::string_view text) {
    const bool has_nul = text.find('\0') != std::string_view::npos;
    return {
        has_nul ? nullptr : PQconninfoParse(std::string(text).c_str(), nullptr), PQconninfoFree};
}

bool IsSecret(const PQconninfoOption& option) {
    return option.dispchar[0] == '*';
}

// Whether it looks like a piece of a password that libpq did not take for one.
bool IsStrange(const PQconninfoOption& option) {
    const std::string_view name = option.keyword;
    const std::string_view value = option.val;
    if (name == "port") return value.find_first_not_of("0123456789,") != std::string_view::npos;
    return name != "user" && value.find('@') != std::string_view::npos;
}

std::string Quoted(std::string_view value) {
    const bool plain = value.find_first_of(" \t\n\v\f\r'\\") == std::string_view::npos;
    if (plain && !value.empty()) return std::string(value);
    std::string quoted = "'";
    for (const char c : value) {
        if (c == '\'' || c == '\\') quoted += '\\';
        quoted += c;
    }
    return quoted + "'";
}

std::string ValueOf(const Options& options, std::string_view name) {
    if (options == nullptr) return {};
    for (const PQconninfoOption* option = options.get(); option->keyword != nullptr; ++option) {
        if (name == option->keyword && option->val != nullptr) return option->val;
    }
    return {};
}

bool IsPerHost(std::string_view name) {
    return name == "host" || name == "hostaddr" || name == "port";
}

// One port may stand for all hosts.
std::string_view OneOf(std::string_view list, std::size_t index) {
    const auto values = Split(list, ',');
    return values.size() == 1 ? values[0] : values[std::min(index, values.size() - 1)];
}

void AppendKeyword(std::string_view name, std::string_view value, std::string& out) {
    if (!out.empty()) out += ' ';
    out.append(name).append("=").append(Quoted(value));
}

}  // namespace

bool IsConnectionString(std::string_view text) {
    return !text.empty() && Parse(text) != nullptr;
}

std::string MaskConnectionString(std::string_view text) {
    if (text.empty()) return {};
    const Options options = Parse(text);
    if (options == nullptr) return std::string(config::kMasked);
    bool has_secret = false;
    std::string shown;
    for (const PQconninfoOption* option = options.get(); option->keyword != nullptr; ++option) {
        if (option->val == nullptr) continue;
        const bool is_secret = IsSecret(*option);
        if (!is_secret && IsStrange(*option)) return std::string(config::kMasked);
        has_secret = has_secret || is_secret;
        AppendKeyword(option->keyword, is_secret ? config::kMasked : option->val, shown);
    }
    return has_secret ? shown : std::string(text);
}

std::vector<std::string> ConnectionStringPerHost(std::string_view text) {
    const Options options = Parse(text);
    const std::string hosts = ValueOf(options, "host");
    const std::string addresses = ValueOf(options, "hostaddr");
    const std::size_t count = Split(addresses.empty() ? hosts : addresses, ',').size();
    const bool compared = ValueOf(options, "target_session_attrs") == "prefer-standby";
    if (count < 2 || compared) return {std::string(text)};
    std::vector<std::string> urls(count);
    for (const PQconninfoOption* option = options.get(); option->keyword != nullptr; ++option) {
        if (option->val == nullptr) continue;
        for (std::size_t i = 0; i < count; ++i) {
            const std::string_view value =
                IsPerHost(option->keyword) ? OneOf(option->val, i) : std::string_view(option->val);
            AppendKeyword(option->keyword, value, urls[i]);
        }
    }
    return urls;
}

std::string FirstServer(std::string_view text) {
    const Options options = Parse(text);
    if (options == nullptr) return {};
    const std::string hosts = ValueOf(options, "host");
    const std::string host(OneOf(hosts.empty() ? ValueOf(options, "hostaddr") : hosts, 0));
    const std::string port(OneOf(ValueOf(options, "port"), 0));
    return (host.empty() ? "localhost" : host) + ":" + (port.empty() ? "5432" : port);
}

}  // namespace unibox::pg
