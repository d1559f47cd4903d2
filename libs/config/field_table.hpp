// Settings that describe themselves: a service binds the fields of its Config struct to names,
// descriptions and checks; loading, printing and documenting follow from that.
//
// A field is set by, each overriding the one before: its default (the value bound), the TOML file,
// the environment (UNIBOX_<SECTION>_<FIELD>), a flag (--section.field=value). Units stand last in
// names (_ms, _s, _bytes, _per_s); a text or path that ends in _file must be a readable file, or
// empty, unless it has another check. Thread safety: one owner; the bound fields are plain memory.
#pragma once

#include "base/secret.hpp"
#include "base/status.hpp"

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace unibox::config {

using TextList = std::vector<std::string>;
using Value = std::variant<bool, std::int64_t, double, std::string, TextList>;

// What a value must fulfil. An empty Check accepts everything.
struct Check {
    std::string rule;                         // For people: "1 to 100".
    std::function<bool(const Value&)> holds;  // Called with the type that was bound.
};
Check InRange(std::int64_t min, std::int64_t max);  // Integers and reals.
Check NotEmpty();                                   // Texts and lists.
Check OneOf(TextList allowed);                      // Texts.
Check HostPort();      // "host:port", "[::1]:port"; port 0 = any free one.
Check ReadableFile();  // Paths; a folder is none.
Check ReadableFileOrEmpty();

// What of a text may be printed.
using Mask = std::string (*)(std::string_view);

enum class Kind {
    kPlain,
    kSecretFile,  // The value is a path; the secret is its content.
};
enum class Source { kDefault, kFile, kEnvironment, kFlag };
std::string_view SourceName(Source source);

// One setting, as Print and Document show it.
struct Field {
    std::string section;
    std::string name;
    std::string description;
    std::string unit;  // "ms", "s", "bytes", "1/s" or "".
    Kind kind = Kind::kPlain;
    Check check;
    Value default_value;
    Source source = Source::kDefault;
    std::function<Value()> get;
    std::function<void(const Value&)> set;  // Called with the type of default_value.
    Mask mask = nullptr;                    // Of texts that may hold a secret.
    Secret* secret = nullptr;               // kSecretFile: where the content goes, if anywhere.
    std::string* url_target = nullptr;      // "url_file": where the content goes.

    std::string FullName() const { return section + "." + name; }
    // "UNIBOX_POSTGRES_CONNECTION_COUNT_MAX".
    std::string EnvironmentName() const;
};

class FieldTable;

// The fields of one section: what FieldTable::Section gives. Every struct of settings has a
// `Describe(FieldTable&)` that begins its section itself, so that no field's place depends on what
// was described before.
class SectionFields {
public:
    // The value behind `target` is the default. `target` must outlive the table. A name used twice
    // aborts.
    SectionFields& Add(
        std::string field, std::string* target, std::string description, Check check = {}
    );
    SectionFields& Add(std::string field, int* target, std::string description, Check check = {});
    SectionFields& Add(
        std::string field, std::int64_t* target, std::string description, Check check = {}
    );
    SectionFields& Add(
        std::string field, std::size_t* target, std::string description, Check check = {}
    );
    SectionFields& Add(
        std::string field, double* target, std::string description, Check check = {}
    );
    SectionFields& Add(std::string field, bool* target, std::string description, Check check = {});
    SectionFields& Add(
        std::string field, TextList* target, std::string description, Check check = {}
    );
    SectionFields& Add(
        std::string field, std::filesystem::path* target, std::string description, Check check = {}
    );
    // A secret: the setting is the path of a file and ends in "_file"; its content, without the
    // line end after it, goes to `target`. Empty path = no secret (give ReadableFile() where there
    // must be one). At most 64 KiB.
    SectionFields& AddSecretFile(
        std::string field, Secret* target, std::string description, Check check = {}
    );
    // The same where the reader of the file needs its path (to re-read it, or for a library that
    // wants a file name). Without a check the file need not be there yet: the tool that makes it
    // has the same setting.
    SectionFields& AddSecretPath(
        std::string field, std::filesystem::path* target, std::string description, Check check = {}
    );
    // A URL or connection string that may hold a password. Adds `field`, which `mask` shows, and
    // `field`_file, whose content takes its place.
    SectionFields& AddUrl(
        std::string field, std::string* target, std::string description, Mask mask, Check check = {}
    );

    // What several fields must fulfil together, checked after all have their values: a failure
    // names its field without the section.
    SectionFields& AddRule(std::function<Status()> rule);

private:
    friend class FieldTable;
    SectionFields(FieldTable& table, std::string section)
        : table_(table), section_(std::move(section)) {}

    template <typename Stored, typename Target>
    Field& Bind(std::string field, Target* target, std::string description, Check check);

    FieldTable& table_;
    const std::string section_;
};

class FieldTable {
public:
    struct Rule {
        std::string section;
        std::function<Status()> check;
    };

    // Begins a section, or goes on with one. The first description counts.
    SectionFields Section(std::string name, std::string description = {});

    std::vector<Field>& fields() { return fields_; }
    const std::vector<Field>& fields() const { return fields_; }
    // nullptr if there is none.
    Field* Find(std::string_view section, std::string_view name);
    const std::vector<Rule>& rules() const { return rules_; }
    std::string_view DescriptionOf(std::string_view section) const;
    bool HasSection(std::string_view section) const;

private:
    friend class SectionFields;

    std::vector<std::pair<std::string, std::string>> sections_;  // Name and description, in order.
    std::vector<Field> fields_;
    std::vector<Rule> rules_;
};

}  // namespace unibox::config
