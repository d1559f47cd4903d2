#include "uniboxctl/yaml_reader.hpp"

#include "base/strings.hpp"
#include "base/utf8.hpp"

#include <fmt/format.h>

namespace unibox::ctl {
namespace {

int LineOfNode(const YAML::Node& node) {
    return node.Mark().line + 1;
}

// What is wrong with a text, or "".
std::string_view FaultOf(std::string_view text) {
    while (!text.empty()) {
        const std::size_t length = Utf8SequenceLength(text);
        if (length == 0) return "is not UTF-8";
        if (IsControlCharacter(text.substr(0, length)))
            return "must not contain control characters or line ends";
        text.remove_prefix(length);
    }
    return "";
}

}  // namespace

YamlMap::YamlMap(const YAML::Node& node, std::string path, Mistakes& mistakes)
    : node_(node), path_(std::move(path)), mistakes_(&mistakes) {
    if (!node_.IsMap()) {
        mistakes_->Add(LineOfNode(node_), path_, "must be a mapping (key: value lines)");
        node_ = YAML::Node(YAML::NodeType::Map);
    }
}

YAML::Node YamlMap::Child(std::string_view key) const {
    const YAML::Node& node = node_;  // The const operator[] does not insert.
    return node[std::string(key)];
}

bool YamlMap::Has(std::string_view key) const {
    const YAML::Node child = Child(key);
    return child.IsDefined() && !child.IsNull();
}

int YamlMap::line() const {
    return LineOfNode(node_);
}

int YamlMap::LineOf(std::string_view key) const {
    return LineOfNode(Has(key) ? Child(key) : node_);
}

std::string YamlMap::FieldOf(std::string_view key) const {
    return path_.empty() ? std::string(key) : path_ + "." + std::string(key);
}

void YamlMap::Error(std::string_view key, std::string_view text) {
    mistakes_->Add(LineOf(key), FieldOf(key), text);
}

void YamlMap::AllowOnly(std::span<const std::string_view> keys) {
    std::vector<std::string> seen;
    for (const auto& entry : node_) {
        // It is shown, so it must not move the terminal.
        const bool is_text = entry.first.IsScalar() && FaultOf(entry.first.Scalar()).empty();
        const std::string key = is_text ? entry.first.Scalar() : "?";
        if (std::find(keys.begin(), keys.end(), key) == keys.end()) {
            mistakes_->Add(
                LineOfNode(entry.first),
                FieldOf(key),
                fmt::format("unknown key; known are: {}", fmt::join(keys, ", "))
            );
        }
        if (std::find(seen.begin(), seen.end(), key) != seen.end()) {
            mistakes_->Add(LineOfNode(entry.first), FieldOf(key), "is there twice");
        }
        seen.push_back(key);
        // What names an entry comes first; without a value it is told as missing.
        const bool names_it = key == keys.front() && (key == "name" || key == "external_id");
        if (entry.second.IsNull() && !names_it) {
            mistakes_->Add(
                LineOfNode(entry.first),
                FieldOf(key),
                "has no value: leave the key out to keep what is stored; \"\" is an empty text"
            );
        }
    }
}

std::optional<std::string> YamlMap::Clean(
    std::string_view key, const YAML::Node& node, std::size_t bytes_max
) {
    if (!node.IsScalar()) {
        Error(key, "must be a text");
        return std::nullopt;
    }
    const std::string& text = node.Scalar();
    const std::string_view fault = FaultOf(text);
    if (!fault.empty()) {
        Error(key, fault);
        return std::nullopt;
    }
    if (text.size() > bytes_max) {
        Error(key, fmt::format("has {} bytes; at most {} are allowed", text.size(), bytes_max));
        return std::nullopt;
    }
    return text;
}

Given<std::string> YamlMap::Text(std::string_view key, std::size_t bytes_max) {
    Given<std::string> given{std::nullopt, LineOf(key)};
    if (Has(key)) given.value = Clean(key, Child(key), bytes_max);
    return given;
}

Given<std::string> YamlMap::RawText(std::string_view key) {
    Given<std::string> given{std::nullopt, LineOf(key)};
    if (!Has(key)) return given;
    const YAML::Node child = Child(key);
    if (child.IsScalar()) {
        given.value = child.Scalar();
    } else {
        Error(key, "must be a text");
    }
    return given;
}

Given<std::int32_t> YamlMap::Integer(std::string_view key) {
    Given<std::int32_t> given{std::nullopt, LineOf(key)};
    if (!Has(key)) return given;
    constexpr std::int32_t kMin = std::numeric_limits<std::int32_t>::min();
    constexpr std::int32_t kMax = std::numeric_limits<std::int32_t>::max();
    const YAML::Node child = Child(key);
    const auto value = ParseInt64(child.IsScalar() ? child.Scalar() : "");
    if (value && *value >= kMin && *value <= kMax) {
        given.value = static_cast<std::int32_t>(*value);
    } else {
        Error(key, "must be a whole number");
    }
    return given;
}

Given<bool> YamlMap::Flag(std::string_view key) {
    Given<bool> given{std::nullopt, LineOf(key)};
    if (!Has(key)) return given;
    const YAML::Node child = Child(key);
    const std::string text = child.IsScalar() ? child.Scalar() : "";
    if (text == "true" || text == "false") {
        given.value = text == "true";
    } else {
        Error(key, "must be true or false");
    }
    return given;
}

Given<std::vector<std::string>> YamlMap::TextList(std::string_view key, std::size_t bytes_max) {
    Given<std::vector<std::string>> given{std::nullopt, LineOf(key)};
    if (!Has(key)) return given;
    const YAML::Node child = Child(key);
    if (!child.IsSequence()) {
        Error(key, "must be a list of texts");
        return given;
    }
    std::vector<std::string> list;
    for (const YAML::Node& item : child) {
        auto text = Clean(key, item, bytes_max);
        if (!text) return given;
        list.push_back(std::move(*text));
    }
    given.value = std::move(list);
    return given;
}

std::vector<YamlMap> YamlMap::Maps(std::string_view key) {
    std::vector<YamlMap> maps;
    if (!Has(key)) return maps;
    const YAML::Node child = Child(key);
    if (!child.IsSequence()) {
        Error(key, "must be a list (lines that begin with '-')");
        return maps;
    }
    for (std::size_t i = 0; i < child.size(); ++i) {
        maps.emplace_back(child[i], fmt::format("{}[{}]", FieldOf(key), i), *mistakes_);
    }
    return maps;
}

}  // namespace unibox::ctl
