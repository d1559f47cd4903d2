#include "uniboxctl/settings.hpp"

#include "config/load.hpp"

namespace unibox::ctl {

void Settings::Describe(config::FieldTable& table) {
    postgres.Describe(table);
    nats.Describe(table);
    table.Section("secrets", "Secrets at rest.")
        .AddSecretPath(
            "key_file", &secrets_key_file, "File with the key that seals secrets (key generate)."
        );
    table.Section("ingest", "How providers reach webhook-ingest.")
        .Add(
            "public_base_url", &public_base_url, "What providers call, without the path /v1/hooks."
        );
}

Result<Settings> LoadSettings(
    const std::optional<std::filesystem::path>& file, const std::vector<std::string>& overrides
) {
    Settings settings;
    config::FieldTable table;
    settings.Describe(table);
    // The environment of a stack also holds settings of the services: only our own are ours to
    // judge.
    config::Environment environment;
    for (const auto& [name, value] : config::ProcessEnvironment()) {
        for (const config::Field& field : table.fields()) {
            if (field.EnvironmentName() == name) environment.emplace(name, value);
        }
    }
    UNIBOX_RETURN_IF_ERROR(config::Load(table, file, environment, overrides));
    return settings;
}

}  // namespace unibox::ctl
