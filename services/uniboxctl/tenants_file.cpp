#include "uniboxctl/tenants_file.hpp"

#include "channels/adapter.hpp"
#include "channels/sign.hpp"
#include "crypto/random.hpp"
#include "uniboxctl/hook_url.hpp"
#include "uniboxctl/secret_input.hpp"
#include "uniboxctl/yaml_reader.hpp"

#include <fmt/format.h>

#include <set>

namespace unibox::ctl {
namespace {

constexpr std::size_t kNameBytesMax = 63;
constexpr std::size_t kTokenBytesMin = 16;
constexpr std::size_t kTokenBytesMax = 128;

// Reads one file; remembers what must be unique across it.
class FileReader {
public:
    FileReader(YamlErrors& errors, std::filesystem::path folder)
        : errors_(errors), folder_(std::move(folder)) {}

    TenantsFile Read(const YAML::Node& root);

private:
    std::string Name(YamlMap& map, std::set<std::string>& taken);
    Secret SecretOf(YamlMap& map, const std::string& key);
    AppEntry App(YamlMap map);
    TenantEntry Tenant(YamlMap map);
    ChannelEntry Channel(YamlMap map, std::set<std::string>& names);
    void CheckChannelSecret(YamlMap& map, const ChannelEntry& channel);
    KeyEntry ApiKey(YamlMap map, std::set<std::string>& names);

    YamlErrors& errors_;
    std::filesystem::path folder_;
    std::set<std::string> app_names_;
    std::set<std::string> tenant_names_;
    std::set<std::string> routes_;
};

bool IsName(const std::string& text) {
    if (text.size() > kNameBytesMax) return false;
    return std::all_of(text.begin(), text.end(), [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
    });
}

bool IsToken(std::string_view text) {
    if (text.size() < kTokenBytesMin || text.size() > kTokenBytesMax) return false;
    return std::all_of(text.begin(), text.end(), [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
               c == '-' || c == '_';
    });
}

std::string FileReader::Name(YamlMap& map, std::set<std::string>& taken) {
    std::string name = map.RequiredText("name");
    if (!IsName(name)) {
        map.Error("name", "must be 1 to 63 of a-z, 0-9, '-' and '_' (display_name is free text)");
    } else if (!name.empty() && !taken.insert(name).second) {
        map.Error("name", fmt::format("\"{}\" is there twice", name));
    }
    return name;
}

// `key`: the secret itself, or `key`_file: a file that holds it.
Secret FileReader::SecretOf(YamlMap& map, const std::string& key) {
    const std::string file_key = key + "_file";
    if (map.Has(key) && map.Has(file_key)) {
        map.Error(file_key, fmt::format("give {} or {}, not both", key, file_key));
        return {};
    }
    if (!map.Has(file_key)) return Secret(map.Text(key));
    auto secret = ReadSecretFile(folder_ / map.Text(file_key));
    if (!secret.ok()) {
        map.Error(file_key, secret.status().message());
        return {};
    }
    return *secret;
}

AppEntry FileReader::App(YamlMap map) {
    map.AllowOnly({"name", "provider", "secret", "secret_file", "verify_token", "verify_token_file"}
    );
    AppEntry app;
    app.name = Name(map, app_names_);
    app.provider = map.RequiredText("provider");
    if (app.provider != "meta" && !app.provider.empty()) {
        map.Error("provider", "apps exist for the provider meta");
    }
    app.secret = SecretOf(map, "secret");
    if (app.secret.empty()) map.Error("secret", "is missing: the app secret, or secret_file");
    app.verify_token = SecretOf(map, "verify_token");
    if (app.verify_token.empty())
        map.Error("verify_token", "is missing, and so is verify_token_file");
    return app;
}

KeyEntry FileReader::ApiKey(YamlMap map, std::set<std::string>& names) {
    map.AllowOnly({"name", "scopes", "key", "key_file", "revoked"});
    KeyEntry entry;
    entry.name = Name(map, names);
    entry.scopes = map.TextList("scopes");
    entry.revoked = map.Flag("revoked", false);
    for (const std::string& scope : entry.scopes) {
        if (scope != "inbox:read" && scope != "ingest:write") {
            map.Error(
                "scopes",
                fmt::format("unknown scope \"{}\"; known: inbox:read, ingest:write", scope)
            );
        }
    }
    if (entry.scopes.empty()) map.Error("scopes", "at least one of inbox:read, ingest:write");
    entry.key = SecretOf(map, "key");
    if (!entry.key.empty() && !crypto::LooksLikeApiKey(entry.key.Reveal())) {
        map.Error("key", "is no API key; `uniboxctl key generate --kind api` makes one");
    }
    return entry;
}

// What the adapter refuses to sign with it could never verify.
void FileReader::CheckChannelSecret(YamlMap& map, const ChannelEntry& channel) {
    const bool through_app = channels::UrlNameOf(channel.provider) == "meta";
    if (!channel.app.empty() && !through_app) {
        map.Error("app", "only channels of Meta are served through an app");
    }
    if (channel.secret.empty()) {
        if (!through_app) map.Error("secret", "is missing, and so is secret_file");
        if (through_app && channel.route.empty()) {
            map.Error("route", "is missing: the phone number id, page id or account id");
        }
        return;
    }
    const channels::SignInput probe{channel.secret, "", "https://localhost/", 0, "probe"};
    const auto usable = channels::Sign(channels::ProviderName(channel.provider), probe);
    if (!usable.ok()) map.Error("secret", usable.status().message());
}

ChannelEntry FileReader::Channel(YamlMap map, std::set<std::string>& names) {
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
    ChannelEntry channel;
    channel.name = Name(map, names);
    channel.display_name = map.Text("display_name", channel.name);
    const std::string provider = map.RequiredText("provider");
    channel.provider = channels::ProviderOf(provider);
    channel.route = map.Text("route");
    channel.app = map.Text("app");
    channel.secret = SecretOf(map, "secret");
    channel.token = SecretOf(map, "token");
    channel.public_base_url = WithoutFinalSlash(map.Text("public_base_url"));
    channel.reopen_window_s =
        static_cast<std::int32_t>(map.Integer("reopen_window_s", 604'800, 0, 365 * 86'400));
    channel.disabled = map.Flag("disabled", false);
    if (channel.provider == v1::PROVIDER_UNSPECIFIED) {
        const std::string_view known = "telegram, whatsapp, messenger, instagram, twilio, standard";
        map.Error("provider", fmt::format("unknown provider \"{}\"; known: {}", provider, known));
    } else {
        CheckChannelSecret(map, channel);
    }
    if (!channel.route.empty() && !routes_.insert(provider + ":" + channel.route).second) {
        map.Error("route", "another channel of this file has it already");
    }
    if (!channel.token.empty() && !IsToken(channel.token.Reveal())) {
        map.Error("token", "must be 16 to 128 of A-Z, a-z, 0-9, '-' and '_'");
    }
    if (!channel.public_base_url.empty() && !IsHttpUrl(channel.public_base_url)) {
        map.Error("public_base_url", "must be http://host or https://host, maybe with a path");
    }
    return channel;
}

TenantEntry FileReader::Tenant(YamlMap map) {
    map.AllowOnly(
        {"name",
         "display_name",
         "ingest_rate_per_s",
         "ingest_burst",
         "disabled",
         "channels",
         "api_keys"}
    );
    TenantEntry tenant;
    tenant.name = Name(map, tenant_names_);
    tenant.display_name = map.Text("display_name", tenant.name);
    tenant.ingest_rate_per_s =
        static_cast<std::int32_t>(map.Integer("ingest_rate_per_s", 200, 1, 1'000'000));
    tenant.ingest_burst =
        static_cast<std::int32_t>(map.Integer("ingest_burst", 1000, 1, 10'000'000));
    tenant.disabled = map.Flag("disabled", false);
    std::set<std::string> channel_names;
    for (YamlMap& channel : map.Maps("channels")) {
        tenant.channels.push_back(Channel(std::move(channel), channel_names));
    }
    std::set<std::string> key_names;
    for (YamlMap& key : map.Maps("api_keys")) {
        tenant.api_keys.push_back(ApiKey(std::move(key), key_names));
    }
    return tenant;
}

TenantsFile FileReader::Read(const YAML::Node& node) {
    YamlMap root(node, "", errors_);
    root.AllowOnly({"apps", "tenants"});
    TenantsFile file;
    for (YamlMap& app : root.Maps("apps")) file.apps.push_back(App(std::move(app)));
    for (YamlMap& tenant : root.Maps("tenants")) file.tenants.push_back(Tenant(std::move(tenant)));
    return file;
}

}  // namespace

Result<TenantsFile> ParseTenantsFile(
    const std::string& text, const std::string& name, const std::filesystem::path& folder
) {
    YamlErrors errors(name);
    TenantsFile file;
    try {
        const YAML::Node root = YAML::Load(text);
        if (root.IsNull()) return InvalidArgument(name + ": the file is empty");
        file = FileReader(errors, folder).Read(root);
    } catch (const YAML::Exception& failure) {
        errors.Add(failure.mark.line + 1, "", failure.msg);
    }
    UNIBOX_RETURN_IF_ERROR(errors.ToStatus());
    return file;
}

Result<TenantsFile> ReadTenantsFile(const std::filesystem::path& path) {
    UNIBOX_ASSIGN_OR_RETURN(const std::string text, ReadWholeFile(path, kTenantsFileBytesMax));
    const auto folder = path == "-" ? std::filesystem::current_path() : path.parent_path();
    return ParseTenantsFile(text, path.filename().string(), folder);
}

}  // namespace unibox::ctl
