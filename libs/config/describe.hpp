// Settings as text. Secrets never appear: of a secret file its path is shown, of a connection
// string what mask.hpp leaves. Thread safety: pure functions.
#pragma once

#include "config/field_table.hpp"

#include <string>
#include <string_view>

namespace unibox::config {

// The values in force as a TOML file that Load accepts again (masked URLs apart), each with
// description and source.
std::string Print(const FieldTable& table);

// One section of docs/config.md in markdown: a table of all fields with variable, default, unit,
// rule and description.
std::string Document(const FieldTable& table, std::string_view service);

// The value as TOML, masked where it must be.
std::string ValueText(const Field& field, const Value& value);

}  // namespace unibox::config
