#include "uniboxctl/tenants_file.hpp"

#include "auth/scopes.hpp"
#include "crypto/random.hpp"
#include "domain/hook_url.hpp"
#include "domain/provider.hpp"
#include "domain/tenant_limits.hpp"
#include "store/admin/specs.hpp"
#include "uniboxctl/secret_input.hpp"
#include "uniboxctl/yaml_reader.hpp"

#include <fmt/format.h>

#include <set>

namespace unibox::ctl {
namespace {

constexpr std::size_t kTokenBytesMin = 16;
constexpr std::size_t kTokenBytesMax = 128;
constexpr std::size_t kPathBytesMax = 4096;
constexpr std::size_t kApiLimitsBytesMax = 512;

// Reads one file; remembers what must be unique across it.
class FileReader {
public:
    FileReader(Mistakes& mistakes, std::filesystem::path folder)
        : mistakes_(mistakes), folder_(std::move(folder)) {}

    TenantsFile Read(const YAML::Node& root);

private:
    // Those of a list that have a name which no entry before has.
    template <typename T>
    std::vector<T> Entries(YamlMap& parent, std::string_view key);
    void ReadName(YamlMap& map, Entry& entry, std::set<std::string>& taken);
    Given<Secret> SecretOf(YamlMap& map, const std::string& key);
    Given<Secret> RequiredSecretOf(YamlMap& map, const std::string& key);
    void ReadFields(YamlMap& map, AppEntry& app);
    void ReadFields(YamlMap& map, TenantEntry& tenant);
    void ReadFields(YamlMap& map, ChannelEntry& channel);
    void ReadFields(YamlMap& map, KeyEntry& key);

    Mistakes& mistakes_;
    std::filesystem::path folder_;
};

bool IsToken(std::string_view text) {
    if (text.size() < kTokenBytesMin || text.size() > kTokenBytesMax) return false;
    return std::all_of(text.begin(), text.end(), [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
               c == '-' || c == '_';
    });
}

void FileReader::ReadName(YamlMap& map, Entry& entry, std::set<std::string>& taken) {
    const auto name = map.Text("name", store::kNameBytesMax);
    entry.name = name.Or("");
    if (!map.Has("name")) {
        map.Error("name", "is missing");
    } else if (name && !store::IsName(*name)) {
        map.Error("name", std::string(store::kNameRule) + " (display_name is free text)");
    } else if (name && !taken.insert(*name).second) {
        map.Error("name", fmt::format("\"{}\" is there twice", *name));
    }
}

template <typename T>
std::vector<T> FileReader::Entries(YamlMap& parent, std::string_view key) {
    std::vector<T> entries;
    std::set<std::string> names;
    for (YamlMap& map : parent.Maps(key)) {
        T entry;
        entry.path = map.path();
        entry.line = map.line();
        const std::size_t before = mistakes_.count();
        ReadName(map, entry, names);
        const bool has_name = mistakes_.count() == before;
        ReadFields(map, entry);
        entry.has_mistakes = mistakes_.count() != before;
        if (has_name) entries.push_back(std::move(entry));
    }
    return entries;
}

// `key`: the secret itself, or `key`_file: a file that holds it.
Given<Secret> FileReader::SecretOf(YamlMap& map, const std::string& key) {
    const std::string file_key = key + "_file";
    if (map.Has(key) && map.Has(file_key)) {
        map.Error(file_key, fmt::format("give {} or {}, not both", key, file_key));
        return {std::nullopt, map.LineOf(file_key)};
    }
    if (!map.Has(file_key)) {
        const auto text = map.Text(key, kSecretBytesMax);
        return {text ? std::optional(Secret(*text)) : std::nullopt, text.line};
    }
    Given<Secret> given{std::nullopt, map.LineOf(file_key)};
    const auto path = map.Text(file_key, kPathBytesMax);
    if (!path) return given;
    auto secret = ReadSecretFile(folder_ / *path);
    if (secret.ok()) {
        given.value = std::move(*secret);
    } else {
        map.Error(file_key, secret.status().message());
    }
    return given;
}

Given<Secret> FileReader::RequiredSecretOf(YamlMap& map, const std::string& key) {
    auto secret = SecretOf(map, key);
    if (!secret || !secret->empty()) return secret;
    map.Error(key, "is empty: leave the key out to keep what is stored");
    return {std::nullopt, secret.line};
}

void FileReader::ReadFields(YamlMap& map, AppEntry& app) {
    map.AllowOnly({"name", "provider", "secret", "secret_file", "verify_token", "verify_token_file"}
    );
    app.provider = map.Text("provider", store::kNameBytesMax);
    const std::vector<std::string_view> known = domain::SourcesWithApps();
    if (app.provider && std::find(known.begin(), known.end(), *app.provider) == known.end()) {
        map.Error(
            "provider", fmt::format("apps exist for the provider {}", fmt::join(known, ", "))
        );
    }
    app.secret = RequiredSecretOf(map, "secret");
    app.verify_token = RequiredSecretOf(map, "verify_token");
}

void FileReader::ReadFields(YamlMap& map, KeyEntry& key) {
    map.AllowOnly({"name", "scopes", "key", "key_file", "revoked"});
    key.scopes = map.TextList("scopes", store::kNameBytesMax);
    key.revoked = map.Flag("revoked");
    if (key.scopes) {
        for (const std::string& scope : *key.scopes) {
            if (auth::IsScope(scope)) continue;
            map.Error(
                "scopes", fmt::format("unknown scope \"{}\"; known: {}", scope, auth::ScopeList())
            );
        }
        if (key.scopes->empty()) map.Error("scopes", "at least one of " + auth::ScopeList());
    }
    key.key = RequiredSecretOf(map, "key");
    if (key.key && !crypto::LooksLikeApiKey(key.key->Reveal())) {
        map.Error("key", "is no API key; `uniboxctl key generate --kind api` makes one");
    }
}

void FileReader::ReadFields(YamlMap& map, ChannelEntry& channel) {
    map.AllowOnly(
        {"name",
         "display_name",
         "provider",
         "route",
         "app",
         "secret",
         "secret_file",
         "token",
         "token_file",
         "public_base_url",
         "reopen_window_s",
         "disabled"}
    );
    channel.display_name = map.Text("display_name", store::kDisplayNameBytesMax);
    const auto provider = map.Text("provider", store::kNameBytesMax);
    channel.provider.line = provider.line;
    if (provider) {
        const domain::ProviderTraits* row = domain::FindProvider(std::string_view(*provider));
        channel.provider.value = row != nullptr ? row->provider : v1::PROVIDER_UNSPECIFIED;
        if (row == nullptr) {
            map.Error(
                "provider",
                fmt::format(
                    "unknown provider \"{}\"; known: {}",
                    *provider,
                    fmt::join(domain::ProviderNames(), ", ")
                )
            );
        }
    }
    channel.route = map.Text("route", store::kRouteBytesMax);
    channel.app = map.Text("app", store::kNameBytesMax);
    channel.secret = RequiredSecretOf(map, "secret");
    channel.token = SecretOf(map, "token");
    channel.public_base_url = map.Text("public_base_url", store::kUrlBytesMax);
    channel.reopen_window_s = map.Integer("reopen_window_s", 0, store::kReopenWindowSMax);
    channel.disabled = map.Flag("disabled");
    if (channel.token && !channel.token->empty() && !IsToken(channel.token->Reveal())) {
        map.Error("token", "must be 16 to 128 of A-Z, a-z, 0-9, '-' and '_'");
    }
    if (!channel.public_base_url) return;
    channel.public_base_url.value = domain::WithoutFinalSlash(*channel.public_base_url);
    if (!channel.public_base_url->empty() && !domain::IsHttpUrl(*channel.public_base_url)) {
        map.Error("public_base_url", "must be http://host or https://host, maybe with a path");
    }
}

// In the one form that is stored, so that the same limits are never a change.
Given<std::string> LimitsOf(YamlMap& map) {
    auto text = map.Text("api_limits", kApiLimitsBytesMax);
    if (!text) return text;
    const auto limits = domain::TenantLimits::Parse(*text);
    if (limits.ok()) return {limits->ToText(), text.line};
    map.Error("api_limits", limits.status().message());
    return {std::nullopt, text.line};
}

void FileReader::ReadFields(YamlMap& map, TenantEntry& tenant) {
    map.AllowOnly(
        {"name",
         "display_name",
         "ingest_rate_per_s",
         "ingest_burst",
         "api_limits",
         "plan",
         "retention_days",
         "disabled",
         "channels",
         "api_keys"}
    );
    tenant.display_name = map.Text("display_name", store::kDisplayNameBytesMax);
    tenant.ingest_rate_per_s = map.Integer("ingest_rate_per_s", 1, store::kIngestRateMax);
    tenant.ingest_burst = map.Integer("ingest_burst", 1, store::kIngestBurstMax);
    tenant.api_limits = LimitsOf(map);
    tenant.plan = map.Text("plan", store::kNameBytesMax);
    tenant.retention_days = map.Integer("retention_days", 0, store::kRetentionDaysMax);
    tenant.disabled = map.Flag("disabled");
    tenant.channels = Entries<ChannelEntry>(map, "channels");
    tenant.api_keys = Entries<KeyEntry>(map, "api_keys");
}

TenantsFile FileReader::Read(const YAML::Node& node) {
    YamlMap root(node, "", mistakes_);
    root.AllowOnly({"apps", "tenants"});
    TenantsFile file;
    file.apps = Entries<AppEntry>(root, "apps");
    file.tenants = Entries<TenantEntry>(root, "tenants");
    return file;
}

}  // namespace

TenantsFile ParseTenantsFile(
    const std::string& text, const std::filesystem::path& folder, Mistakes& mistakes
) {
    try {
        const std::vector<YAML::Node> documents = YAML::LoadAll(text);
        if (documents.empty() || documents.front().IsNull()) {
            mistakes.Add(1, "", "the file is empty");
            return {};
        }
        if (documents.size() > 1) {
            const int line = std::max(1, documents[1].Mark().line + 1);
            mistakes.Add(
                line, "", "a second document begins here: a file holds one (remove the ---)"
            );
            return {};
        }
        return FileReader(mistakes, folder).Read(documents.front());
    } catch (const YAML::Exception& failure) {
        mistakes.Add(std::max(1, failure.mark.line + 1), "", failure.msg);
        return {};
    }
}

}  // namespace unibox::ctl
