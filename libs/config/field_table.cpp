#include "config/field_table.hpp"

#include "base/assert.hpp"
#include "base/strings.hpp"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <limits>
#include <system_error>
#include <utility>

namespace unibox::config {
namespace {

std::string UnitOf(std::string_view name) {
    constexpr std::array<std::pair<std::string_view, std::string_view>, 10> kUnits = {{
        {"_us", "µs"},
        {"_ms", "ms"},
        {"_ms_max", "ms"},
        {"_ms_min", "ms"},
        {"_bytes", "bytes"},
        {"_bytes_max", "bytes"},
        {"_per_s", "1/s"},
        {"_s", "s"},
        {"_s_max", "s"},
        {"_percent", "%"},
    }};
    for (const auto& [suffix, unit] : kUnits) {
        if (name.ends_with(suffix)) return std::string(unit);
    }
    return {};
}

bool IsHostPort(const Value& value) {
    const std::string& text = std::get<std::string>(value);
    const auto colon = text.rfind(':');
    if (colon == std::string::npos || colon == 0) return false;
    const std::string_view port_text = std::string_view(text).substr(colon + 1);
    const auto port = ParseInt64(port_text);
    const std::string_view host = std::string_view(text).substr(0, colon);
    const bool bare_ipv6 = host.find(':') != std::string_view::npos && !host.starts_with('[');
    return port && port_text[0] != '-' && *port >= 0 && *port <= 65535 && !bare_ipv6;
}

bool IsReadableFile(const Value& value) {
    const std::string& path = std::get<std::string>(value);
    std::error_code ignored;
    return access(path.c_str(), R_OK) == 0 && !std::filesystem::is_directory(path, ignored);
}

template <typename Target>
Target Narrow(std::int64_t value) {
    UNIBOX_ASSERT(std::in_range<Target>(value));  // Load refused it before.
    return static_cast<Target>(value);
}

template <typename Target>
Check RangeOfType(Check check) {
    if (check.holds) return check;
    const auto min = std::numeric_limits<Target>::min();
    const auto max = std::numeric_limits<Target>::max();
    const bool wide = std::cmp_greater_equal(max, std::numeric_limits<std::int64_t>::max());
    if (std::is_unsigned_v<Target>) {
        Check made = InRange(0, std::numeric_limits<std::int64_t>::max());
        made.rule = "0 or more";
        return made;
    }
    if (wide) return {};
    Check made = InRange(static_cast<std::int64_t>(min), static_cast<std::int64_t>(max));
    made.rule.clear();  // The type's own range tells a reader nothing.
    return made;
}

}  // namespace

Check InRange(std::int64_t min, std::int64_t max) {
    return {std::to_string(min) + " to " + std::to_string(max), [min, max](const Value& value) {
                if (const auto* real = std::get_if<double>(&value)) {
                    return *real >= static_cast<double>(min) && *real <= static_cast<double>(max);
                }
                const std::int64_t number = std::get<std::int64_t>(value);
                return number >= min && number <= max;
            }};
}

Check NotEmpty() {
    return {"not empty", [](const Value& value) {
                if (const auto* list = std::get_if<TextList>(&value)) return !list->empty();
                return !std::get<std::string>(value).empty();
            }};
}

Check OneOf(TextList allowed) {
    std::string rule;
    for (const auto& text : allowed) rule += (rule.empty() ? "" : ", ") + text;
    return {"one of " + rule, [allowed = std::move(allowed)](const Value& value) {
                return std::find(allowed.begin(), allowed.end(), std::get<std::string>(value)) !=
                       allowed.end();
            }};
}

Check HostPort() {
    return {"host:port", IsHostPort};
}

Check ReadableFile() {
    return {"a readable file", IsReadableFile};
}

Check ReadableFileOrEmpty() {
    return {"a readable file or empty", [](const Value& value) {
                return std::get<std::string>(value).empty() || IsReadableFile(value);
            }};
}

std::string_view SourceName(Source source) {
    constexpr std::array<std::string_view, 4> kNames = {"default", "file", "environment", "flag"};
    return kNames[static_cast<std::size_t>(source)];
}

std::string Field::EnvironmentName() const {
    return ToUpperAscii("UNIBOX_" + section + "_" + name);
}

SectionFields FieldTable::Section(std::string name, std::string description) {
    if (!HasSection(name)) sections_.emplace_back(name, std::move(description));
    return {*this, std::move(name)};
}

SectionFields& SectionFields::AddRule(std::function<Status()> rule) {
    table_.rules_.push_back({section_, std::move(rule)});
    return *this;
}

template <typename Stored, typename Target>
Field& SectionFields::Bind(
    std::string field, Target* target, std::string description, Check check
) {
    UNIBOX_ASSERT(table_.Find(section_, field) == nullptr);
    Field made;
    made.section = section_;
    made.unit = UnitOf(field);
    made.name = std::move(field);
    made.description = std::move(description);
    made.check = std::move(check);
    if constexpr (std::is_same_v<Stored, std::int64_t>) {
        made.get = [target] { return Value(static_cast<std::int64_t>(*target)); };
        made.set = [target](const Value& value) {
            *target = Narrow<Target>(std::get<std::int64_t>(value));
        };
    } else if constexpr (std::is_same_v<Target, std::filesystem::path>) {
        made.get = [target] { return Value(target->string()); };
        made.set = [target](const Value& value) { *target = std::get<std::string>(value); };
    } else {
        made.get = [target] { return Value(std::in_place_type<Stored>, *target); };
        made.set = [target](const Value& value) { *target = std::get<Stored>(value); };
    }
    made.default_value = made.get();
    const bool is_text = std::holds_alternative<std::string>(made.default_value);
    if (is_text && made.name.ends_with("_file") && !made.check.holds) {
        made.check = ReadableFileOrEmpty();
    }
    return table_.fields_.emplace_back(std::move(made));
}

SectionFields& SectionFields::Add(
    std::string field, std::string* target, std::string description, Check check
) {
    Bind<std::string>(std::move(field), target, std::move(description), std::move(check));
    return *this;
}
SectionFields& SectionFields::Add(
    std::string field, int* target, std::string description, Check check
) {
    Bind<std::int64_t>(
        std::move(field), target, std::move(description), RangeOfType<int>(std::move(check))
    );
    return *this;
}
SectionFields& SectionFields::Add(
    std::string field, std::int64_t* target, std::string description, Check check
) {
    Bind<std::int64_t>(std::move(field), target, std::move(description), std::move(check));
    return *this;
}
SectionFields& SectionFields::Add(
    std::string field, std::size_t* target, std::string description, Check check
) {
    Bind<std::int64_t>(
        std::move(field), target, std::move(description), RangeOfType<std::size_t>(std::move(check))
    );
    return *this;
}
SectionFields& SectionFields::Add(
    std::string field, double* target, std::string description, Check check
) {
    Bind<double>(std::move(field), target, std::move(description), std::move(check));
    return *this;
}
SectionFields& SectionFields::Add(
    std::string field, bool* target, std::string description, Check check
) {
    Bind<bool>(std::move(field), target, std::move(description), std::move(check));
    return *this;
}
SectionFields& SectionFields::Add(
    std::string field, TextList* target, std::string description, Check check
) {
    Bind<TextList>(std::move(field), target, std::move(description), std::move(check));
    return *this;
}
SectionFields& SectionFields::Add(
    std::string field, std::filesystem::path* target, std::string description, Check check
) {
    Bind<std::string>(std::move(field), target, std::move(description), std::move(check));
    return *this;
}

SectionFields& SectionFields::AddSecretFile(
    std::string field, Secret* target, std::string description, Check check
) {
    UNIBOX_ASSERT(field.ends_with("_file"));
    auto path = std::make_shared<std::string>();
    Field& made =
        Bind<std::string>(std::move(field), path.get(), std::move(description), std::move(check));
    made.kind = Kind::kSecretFile;
    made.secret = target;
    made.get = [path] { return Value(*path); };
    made.set = [path](const Value& value) { *path = std::get<std::string>(value); };
    return *this;
}

SectionFields& SectionFields::AddSecretPath(
    std::string field, std::filesystem::path* target, std::string description, Check check
) {
    UNIBOX_ASSERT(field.ends_with("_file"));
    Field& made = Bind<std::string>(std::move(field), target, std::move(description), {});
    made.check = std::move(check);
    made.kind = Kind::kSecretFile;
    return *this;
}

SectionFields& SectionFields::AddUrl(
    std::string field, std::string* target, std::string description, Mask mask, Check check
) {
    Bind<std::string>(field, target, std::move(description), std::move(check)).mask = mask;
    auto path = std::make_shared<std::string>();
    Field& made = Bind<std::string>(
        field + "_file", path.get(), "File whose content takes the place of `" + field + "`.", {}
    );
    made.kind = Kind::kSecretFile;
    made.get = [path] { return Value(*path); };
    made.set = [path](const Value& value) { *path = std::get<std::string>(value); };
    made.url_target = target;
    return *this;
}

Field* FieldTable::Find(std::string_view section, std::string_view name) {
    for (Field& field : fields_) {
        if (field.section == section && field.name == name) return &field;
    }
    return nullptr;
}

std::string_view FieldTable::DescriptionOf(std::string_view section) const {
    for (const auto& [name, description] : sections_) {
        if (name == section) return description;
    }
    return {};
}

bool FieldTable::HasSection(std::string_view section) const {
    return std::any_of(sections_.begin(), sections_.end(), [&](const auto& known) {
        return known.first == section;
    });
}

}  // namespace unibox::config
