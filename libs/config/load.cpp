#include "config/load.hpp"

#include "base/strings.hpp"
#include "config/secret_file.hpp"

#include <unistd.h>

#include <toml++/toml.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <iterator>
#include <string_view>
#include <utility>

namespace unibox::config {
namespace {

constexpr std::string_view kPrefix = "UNIBOX_";

Status Refuse(const std::string& name, const std::string& why) {
    return InvalidArgument(name + ": " + why).WithReason("CONFIG_INVALID").WithField(name);
}

Status UnknownKey(const std::string& name, const std::string& where) {
    return InvalidArgument(name + ": unknown setting (" + where + ")")
        .WithReason("CONFIG_UNKNOWN_KEY")
        .WithField(name);
}

std::string_view TypeName(const Value& value) {
    constexpr std::array<std::string_view, 5> kNames = {
        "true or false", "a whole number", "a number", "a text", "a list of texts"};
    return kNames[value.index()];
}

std::optional<double> ParseDouble(std::string_view text) {
    double number = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (error != std::errc() || end != text.data() + text.size()) return {};
    return number;
}

TextList ParseList(std::string_view text) {
    TextList list;
    for (const auto part : Split(text, ',')) {
        if (const auto trimmed = TrimSpace(part); !trimmed.empty()) list.emplace_back(trimmed);
    }
    return list;
}

// A value of the type of `like` from the text of a variable or flag.
std::optional<Value> FromText(std::string_view text, const Value& like) {
    switch (like.index()) {
        case 0:
            if (text == "true" || text == "1") return Value(true);
            if (text == "false" || text == "0") return Value(false);
            return {};
        case 1: {
            const auto number = ParseInt64(text);
            return number ? std::optional<Value>(*number) : std::nullopt;
        }
        case 2: {
            const auto number = ParseDouble(text);
            return number ? std::optional<Value>(*number) : std::nullopt;
        }
        case 3:
            return Value(std::string(text));
        default:
            return Value(ParseList(text));
    }
}

// The same from a TOML node.
std::optional<Value> FromToml(const toml::node& node, const Value& like) {
    switch (like.index()) {
        case 0:
            return node.is_boolean() ? std::optional<Value>(**node.as_boolean()) : std::nullopt;
        case 1:
            return node.is_integer() ? std::optional<Value>(**node.as_integer()) : std::nullopt;
        case 2:
            if (node.is_integer()) return Value(static_cast<double>(**node.as_integer()));
            return node.is_floating_point() ? std::optional<Value>(**node.as_floating_point())
                                            : std::nullopt;
        case 3:
            return node.is_string() ? std::optional<Value>(**node.as_string()) : std::nullopt;
        default:
            break;
    }
    const toml::array* array = node.as_array();
    if (array == nullptr) return {};
    TextList list;
    for (const toml::node& element : *array) {
        if (!element.is_string()) return {};
        list.push_back(**element.as_string());
    }
    return Value(std::move(list));
}

Status Assign(Field& field, std::optional<Value> value, Source source) {
    if (!value)
        return Refuse(field.FullName(), "must be " + std::string(TypeName(field.default_value)));
    if (field.check.holds && !field.check.holds(*value)) {
        return Refuse(
            field.FullName(),
            "must be " + (field.check.rule.empty() ? "in range" : field.check.rule)
        );
    }
    field.set(*value);
    field.source = source;
    return {};
}

Status LoadTable(FieldTable& table, const toml::table& document, const std::string& path) {
    for (const auto& [section_key, section_node] : document) {
        const std::string section(section_key.str());
        const toml::table* section_table = section_node.as_table();
        if (section_table == nullptr || !table.HasSection(section))
            return UnknownKey(section, path);
        for (const auto& [key, node] : *section_table) {
            const std::string name(key.str());
            Field* field = table.Find(section, name);
            if (field == nullptr) {
                const auto line = node.source().begin.line;
                return UnknownKey(section + "." + name, path + " line " + std::to_string(line));
            }
            UNIBOX_RETURN_IF_ERROR(
                Assign(*field, FromToml(node, field->default_value), Source::kFile)
            );
        }
    }
    return {};
}

Status LoadFile(FieldTable& table, const std::filesystem::path& path) {
    try {
        return LoadTable(table, toml::parse_file(path.string()), path.string());
    } catch (const toml::parse_error& error) {
        std::string where = path.string();
        if (error.source().begin) where += " line " + std::to_string(error.source().begin.line);
        return InvalidArgument(where + ": " + std::string(error.description()))
            .WithReason("CONFIG_INVALID")
            .WithField("config");
    }
}

// Kubernetes sets such variables for each service of the namespace (for a service "unibox-http":
// UNIBOX_HTTP_SERVICE_HOST, UNIBOX_HTTP_PORT_8080_TCP_ADDR …). They are no settings.
bool IsServiceLink(std::string_view name) {
    return name.ends_with("_SERVICE_HOST") ||
           name.find("_SERVICE_PORT") != std::string_view::npos || name.ends_with("_PORT") ||
           name.find("_PORT_") != std::string_view::npos;
}

// Addresses that an installation hands to its users' programs, UNIBOX_GATEWAY_URL, _GRPC and
// _ADMIN_URL for one, and their key. Some begin like a section of ours; where one of them is a
// setting (UNIBOX_NATS_URL), it is read as that.
bool IsPublishedAddress(std::string_view name) {
    if (name == "UNIBOX_API_KEY") return true;
    name.remove_prefix(kPrefix.size());
    for (const std::string_view kind : {"_ADMIN_URL", "_URL", "_GRPC"}) {
        if (!name.ends_with(kind)) continue;
        const std::string_view server = name.substr(0, name.size() - kind.size());
        return server.find('_') == server.npos;
    }
    return false;
}

bool IsNoSetting(std::string_view name) {
    return IsPublishedAddress(name) || IsServiceLink(name);
}

Status LoadEnvironment(FieldTable& table, const Environment& environment) {
    std::map<std::string, Field*, std::less<>> by_variable;
    std::set<std::string> prefixes;
    for (Field& field : table.fields()) {
        const std::string variable = field.EnvironmentName();
        prefixes.insert(variable.substr(0, kPrefix.size() + field.section.size() + 1));
        by_variable.emplace(variable, &field);
    }
    for (const auto& [name, text] : environment) {
        if (const auto found = by_variable.find(name); found != by_variable.end()) {
            Field& field = *found->second;
            UNIBOX_RETURN_IF_ERROR(
                Assign(field, FromText(text, field.default_value), Source::kEnvironment)
            );
            continue;
        }
        for (const std::string& prefix : prefixes) {
            if (name.starts_with(prefix) && !IsNoSetting(name))
                return UnknownKey(name, "environment");
        }
    }
    return {};
}

Status LoadFlags(FieldTable& table, const std::vector<std::string>& flags) {
    for (const std::string& flag : flags) {
        std::string_view text = flag;
        text.remove_prefix(std::min(text.find_first_not_of('-'), text.size()));
        const auto equals = text.find('=');
        const std::string name(text.substr(0, equals));
        const auto dot = name.find('.');
        Field* field =
            dot == std::string::npos
                ? nullptr
                : table.Find(name.substr(0, dot), std::string_view(name).substr(dot + 1));
        if (field == nullptr) return UnknownKey(name, "flag");
        if (equals == std::string_view::npos)
            return Refuse(name, "the flag needs a value: --" + name + "=…");
        UNIBOX_RETURN_IF_ERROR(
            Assign(*field, FromText(text.substr(equals + 1), field->default_value), Source::kFlag)
        );
    }
    return {};
}

Status ReadSecret(Field& field) {
    if (field.secret == nullptr && field.url_target == nullptr) return {};
    const std::string path = std::get<std::string>(field.get());
    if (path.empty()) return {};
    auto secret = ReadSecretFile(path);
    if (!secret.ok()) return Refuse(field.FullName(), secret.status().message());
    if (field.url_target != nullptr) {
        *field.url_target = secret->Reveal();
    } else {
        *field.secret = std::move(secret).value();
    }
    return {};
}

// A certificate is of no use without its key, nor the other way round.
Status CheckCertificate(FieldTable& table, const Field& certificate) {
    constexpr std::string_view kSuffix = "_cert_file";
    if (!certificate.name.ends_with(kSuffix)) return {};
    const std::string stem = certificate.name.substr(0, certificate.name.size() - kSuffix.size());
    const Field* key = table.Find(certificate.section, stem + "_key_file");
    if (key == nullptr) return {};
    const auto is_empty = [](const Field& field) {
        return std::get<std::string>(field.get()).empty();
    };
    if (is_empty(certificate) == is_empty(*key)) return {};
    return Refuse(key->FullName(), "belongs together with " + certificate.FullName());
}

// Defaults are checked too: a setting that must be given has an empty default and NotEmpty().
Status CheckAll(FieldTable& table) {
    for (const Field& field : table.fields()) {
        UNIBOX_RETURN_IF_ERROR(CheckCertificate(table, field));
        if (field.check.holds && !field.check.holds(field.get())) {
            return Refuse(field.FullName(), "must be " + field.check.rule);
        }
    }
    for (const FieldTable::Rule& rule : table.rules()) {
        const Status status = rule.check();
        if (!status.ok()) return Refuse(rule.section + "." + status.field(), status.message());
    }
    return {};
}

}  // namespace

Environment ProcessEnvironment() {
    Environment environment;
    for (char** entry = environ; *entry != nullptr; ++entry) {
        const std::string_view text = *entry;
        const auto equals = text.find('=');
        if (text.starts_with(kPrefix) && equals != std::string_view::npos) {
            environment.emplace(text.substr(0, equals), text.substr(equals + 1));
        }
    }
    return environment;
}

Status Load(
    FieldTable& table,
    const std::optional<std::filesystem::path>& file,
    const Environment& environment,
    const std::vector<std::string>& flags
) {
    if (file) UNIBOX_RETURN_IF_ERROR(LoadFile(table, *file));
    UNIBOX_RETURN_IF_ERROR(LoadEnvironment(table, environment));
    UNIBOX_RETURN_IF_ERROR(LoadFlags(table, flags));
    for (Field& field : table.fields()) UNIBOX_RETURN_IF_ERROR(ReadSecret(field));
    return CheckAll(table);
}

}  // namespace unibox::config
