// Fills the fields of a table from a TOML file, the environment and flags.
// Thread safety: ProcessEnvironment as getenv; the rest: one owner.
#pragma once

#include "base/status.hpp"
#include "config/field_table.hpp"

#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace unibox::config {

using Environment = std::map<std::string, std::string, std::less<>>;

// The variables of this process whose names begin with "UNIBOX_".
Environment ProcessEnvironment();

// Reads file, environment and flags ("section.field=value", with or without leading dashes), in
// this order, then secret files, then applies the checks. INVALID_ARGUMENT with field() =
// "section.field" for: a key that no field has (a variable only if the table has its section:
// UNIBOX_POSTGRES_POL_SIZE is refused, UNIBOX_API_KEY is none of ours), a value of the wrong type,
// a value that its check refuses, a file that cannot be read, a certificate (…_cert_file) without
// its key (…_key_file). Never touches the network. No message ever holds the value of a secret or
// URL.
Status Load(
    FieldTable& table,
    const std::optional<std::filesystem::path>& file,
    const Environment& environment,
    const std::vector<std::string>& flags
);

}  // namespace unibox::config
