// How uniboxctl reaches the installation: the same sections as the services' settings.
// Thread safety: a value.
#pragma once

#include "config/field_table.hpp"
#include "nats/settings.hpp"
#include "pg/settings.hpp"

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace unibox::ctl {

struct Settings {
    pg::Settings postgres;
    nats::Settings nats;
    std::filesystem::path secrets_key_file;
    std::string public_base_url = "http://127.0.0.1:8080";

    void Describe(config::FieldTable& table);
};

// From a TOML file, UNIBOX_<SECTION>_<FIELD> and "section.field=value" texts, in this order.
// INVALID_ARGUMENT names the setting.
Result<Settings> LoadSettings(
    const std::optional<std::filesystem::path>& file, const std::vector<std::string>& overrides
);

}  // namespace unibox::ctl
