// Reads a YAML document strictly: every key must be known, every value has a type, and every
// mistake is told with its line and the path of its field. Private to uniboxctl's tenants file.
// Thread safety: one thread.
#pragma once

#include "base/status.hpp"

#include <yaml-cpp/yaml.h>  // NOLINT: this header is included by two source files only

#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>
#include <vector>

namespace unibox::ctl {

// Collects mistakes; at most kErrorCountMax are kept.
class YamlErrors {
public:
    static constexpr std::size_t kErrorCountMax = 20;
    explicit YamlErrors(std::string file) : file_(std::move(file)) {}
    void Add(int line, std::string_view field, std::string_view text);
    // "tenants.yaml:12: tenants[0].channels[1].provider: unknown provider", one a line; field() is
    // the first one's.
    Status ToStatus() const;

private:
    std::string file_;
    std::string text_;
    std::string first_field_;
    std::size_t count_ = 0;
};

// A mapping in the document.
class YamlMap {
public:
    YamlMap(const YAML::Node& node, std::string path, YamlErrors& errors);

    // Says which keys are allowed; any other is a mistake.
    void AllowOnly(std::initializer_list<std::string_view> keys);
    bool Has(std::string_view key) const;
    // Mistakes give the default.
    std::string Text(std::string_view key, std::string_view default_value = {});
    std::string RequiredText(std::string_view key);
    std::int64_t Integer(
        std::string_view key, std::int64_t default_value, std::int64_t min, std::int64_t max
    );
    bool Flag(std::string_view key, bool default_value);
    std::vector<std::string> TextList(std::string_view key);
    // The mappings of a sequence; nothing when the key is absent.
    std::vector<YamlMap> Maps(std::string_view key);

    // A mistake at the value of `key`, or at the mapping when the key is absent.
    void Error(std::string_view key, std::string_view text);
    int LineOf(std::string_view key) const;  // From 1.
    std::string FieldOf(std::string_view key) const;

private:
    YAML::Node Child(std::string_view key) const;

    YAML::Node node_;
    std::string path_;
    YamlErrors* errors_;
};

}  // namespace unibox::ctl
