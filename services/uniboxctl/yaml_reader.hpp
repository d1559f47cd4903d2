// Reads a YAML document strictly: every key must be known, every value has a type, and every
// mistake is told with its line and the path of its field. Private to uniboxctl's tenants file.
// Thread safety: one thread.
#pragma once

#include "uniboxctl/given.hpp"
#include "uniboxctl/mistakes.hpp"

#include <yaml-cpp/yaml.h>  // NOLINT: this header is included by two source files only

#include <cstdint>
#include <limits>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace unibox::ctl {

// A mapping in the document. A value that is a mistake counts as absent.
class YamlMap {
public:
    static constexpr std::size_t kAny = std::numeric_limits<std::size_t>::max();

    YamlMap(const YAML::Node& node, std::string path, Mistakes& mistakes);

    // Says which keys are allowed; any other is a mistake, and so is a key without a value: it
    // could mean to keep what is stored or to clear it.
    void AllowOnly(std::span<const std::string_view> keys);
    bool Has(std::string_view key) const;
    // Well-formed UTF-8 without control characters, at most `bytes_max` bytes.
    Given<std::string> Text(std::string_view key, std::size_t bytes_max = kAny);
    // Whatever it holds.
    Given<std::string> RawText(std::string_view key);
    Given<std::int32_t> Integer(std::string_view key);
    Given<bool> Flag(std::string_view key);
    Given<std::vector<std::string>> TextList(std::string_view key, std::size_t bytes_max = kAny);
    // The mappings of a sequence; nothing when the key is absent.
    std::vector<YamlMap> Maps(std::string_view key);

    // A mistake at the value of `key`, or at the mapping when the key is absent.
    void Error(std::string_view key, std::string_view text);
    int LineOf(std::string_view key) const;  // From 1.
    int line() const;
    const std::string& path() const { return path_; }
    std::string FieldOf(std::string_view key) const;

private:
    YAML::Node Child(std::string_view key) const;
    // The text, or nothing after a mistake.
    std::optional<std::string> Clean(
        std::string_view key, const YAML::Node& node, std::size_t bytes_max
    );

    YAML::Node node_;
    std::string path_;
    Mistakes* mistakes_;
};

}  // namespace unibox::ctl
