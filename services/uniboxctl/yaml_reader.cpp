#include "uniboxctl/yaml_reader.hpp"

#include "base/strings.hpp"

#include <fmt/format.h>

namespace unibox::ctl {
namespace {

int LineOfNode(const YAML::Node& node) {
    return node.Mark().line + 1;
}

}  // namespace

void YamlErrors::Add(int line, std::string_view field, std::string_view text) {
    if (count_++ == 0) first_field_ = field;
    if (count_ > kErrorCountMax) return;
    const std::string separator = field.empty() ? "" : ": ";
    text_ +=
        fmt::format("{}{}:{}: {}{}{}", count_ > 1 ? "\n" : "", file_, line, field, separator, text);
}

Status YamlErrors::ToStatus() const {
    if (count_ == 0) return {};
    return InvalidArgument(text_).WithReason("BAD_TENANTS_FILE").WithField(first_field_);
}

YamlMap::YamlMap(const YAML::Node& node, std::string path, YamlErrors& errors)
    : node_(node), path_(std::move(path)), errors_(&errors) {
    if (!node_.IsMap()) {
        errors_->Add(LineOfNode(node_), path_, "must be a mapping (key: value lines)");
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

int YamlMap::LineOf(std::string_view key) const {
    return LineOfNode(Has(key) ? Child(key) : node_);
}

std::string YamlMap::FieldOf(std::string_view key) const {
    return path_.empty() ? std::string(key) : path_ + "." + std::string(key);
}

void YamlMap::Error(std::string_view key, std::string_view text) {
    errors_->Add(LineOf(key), FieldOf(key), text);
}

void YamlMap::AllowOnly(std::initializer_list<std::string_view> keys) {
    std::vector<std::string> seen;
    for (const auto& entry : node_) {
        const std::string key = entry.first.IsScalar() ? entry.first.Scalar() : "?";
        if (std::find(keys.begin(), keys.end(), key) == keys.end()) {
            errors_->Add(
                LineOfNode(entry.first),
                FieldOf(key),
                fmt::format("unknown key; known are: {}", fmt::join(keys, ", "))
            );
        }
        if (std::find(seen.begin(), seen.end(), key) != seen.end()) {
            errors_->Add(LineOfNode(entry.first), FieldOf(key), "is there twice");
        }
        seen.push_back(key);
    }
}

std::string YamlMap::Text(std::string_view key, std::string_view default_value) {
    if (!Has(key)) return std::string(default_value);
    const YAML::Node child = Child(key);
    if (!child.IsScalar()) {
        Error(key, "must be a text");
        return std::string(default_value);
    }
    return child.Scalar();
}

std::string YamlMap::RequiredText(std::string_view key) {
    std::string text = Text(key);
    if (text.empty()) Error(key, "is missing or empty");
    return text;
}

std::int64_t YamlMap::Integer(
    std::string_view key, std::int64_t default_value, std::int64_t min, std::int64_t max
) {
    if (!Has(key)) return default_value;
    const YAML::Node child = Child(key);
    const auto value = ParseInt64(child.IsScalar() ? child.Scalar() : "");
    if (!value || *value < min || *value > max) {
        Error(key, fmt::format("must be a whole number from {} to {}", min, max));
        return default_value;
    }
    return *value;
}

bool YamlMap::Flag(std::string_view key, bool default_value) {
    if (!Has(key)) return default_value;
    const std::string text = Text(key);
    if (text == "true") return true;
    if (text != "false") Error(key, "must be true or false");
    return false;
}

std::vector<std::string> YamlMap::TextList(std::string_view key) {
    std::vector<std::string> list;
    if (!Has(key)) return list;
    const YAML::Node child = Child(key);
    if (!child.IsSequence()) {
        Error(key, "must be a list of texts");
        return list;
    }
    for (const YAML::Node& item : child) {
        if (item.IsScalar()) {
            list.push_back(item.Scalar());
        } else {
            Error(key, "must be a list of texts");
        }
    }
    return list;
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
        maps.emplace_back(child[i], fmt::format("{}[{}]", FieldOf(key), i), *errors_);
    }
    return maps;
}

}  // namespace unibox::ctl
