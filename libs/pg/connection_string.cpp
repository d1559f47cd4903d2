#include "pg/connection_string.hpp"

#include "config/mask.hpp"

#include <libpq-fe.h>

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
        if (!shown.empty()) shown += ' ';
        shown += option->keyword;
        shown += '=';
        shown += is_secret ? std::string(config::kMasked) : Quoted(option->val);
    }
    return has_secret ? shown : std::string(text);
}

}  // namespace unibox::pg
