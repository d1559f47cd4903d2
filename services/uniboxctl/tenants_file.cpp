#include "uniboxctl/tenants_file.hpp"

#include "auth/scopes.hpp"
#include "crypto/random.hpp"
#include "domain/hook_url.hpp"
#include "domain/provider.hpp"
#include "domain/tenant_limits.hpp"
#include "store/admin/objects.hpp"
#include "store/admin/specs.hpp"
#include "uniboxctl/secret_input.hpp"
#include "uniboxctl/yaml_reader.hpp"

#include <fmt/format.h>
#include <google/protobuf/descriptor.h>

#include <algorithm>
#include <set>
#include <span>

namespace unibox::ctl {
namespace {

constexpr std::size_t kTokenBytesMin = 16;
constexpr std::size_t kTokenBytesMax = 128;
constexpr std::size_t kPathBytesMax = 4096;

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
    // The same of what is described by messages.
    template <class Message>
    std::vector<RowEntry<Message>> Rows(YamlMap& parent);
    template <class Message>
    void ReadRow(YamlMap& map, RowEntry<Message>& entry, std::set<std::string>& taken);
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

// As the file gives them; whether they may be is for the rules of the API.
void ReadMessage(
    YamlMap& map,
    std::span<const std::string_view> fields,
    google::protobuf::Message& given,
    LinesOfFields& lines
) {
    const auto& reflection = *given.GetReflection();
    for (const std::string_view name : fields) {
        if (!map.Has(name)) continue;
        const auto* field = given.GetDescriptor()->FindFieldByName(std::string(name));
        lines.emplace(name, map.LineOf(name));
        if (field->is_repeated()) {
            for (const std::string& text : map.TextList(name).Or({})) {
                reflection.AddString(&given, field, text);
            }
            continue;
        }
        const std::string text = map.RawText(name).Or("");
        if (field->enum_type() == nullptr) {
            reflection.SetString(&given, field, text);
            continue;
        }
        std::vector<std::string> known;
        for (const auto& [number, word] : WordsOf(given, name)) {
            known.push_back(word);
            if (word == text) reflection.SetEnumValue(&given, field, number);
        }
        if (reflection.GetEnumValue(given, field) != 0) continue;
        map.Error(name, fmt::format("must be one of {}", fmt::join(known, ", ")));
    }
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

template <class Message>
std::vector<RowEntry<Message>> FileReader::Rows(YamlMap& parent) {
    std::vector<RowEntry<Message>> entries;
    std::set<std::string> names;
    for (YamlMap& map : parent.Maps(store::Resource<Message>::kSection)) {
        RowEntry<Message>& entry = entries.emplace_back();
        entry.path = map.path();
        entry.line = map.line();
        const std::size_t before = mistakes_.count();
        ReadRow(map, entry, names);
        entry.has_mistakes = mistakes_.count() != before;
        if (entry.name.empty()) entries.pop_back();
    }
    return entries;
}

template <class Message>
void FileReader::ReadRow(YamlMap& map, RowEntry<Message>& entry, std::set<std::string>& taken) {
    using Resource = store::Resource<Message>;
    map.AllowOnly(KeysOf(Resource::kSection));
    const auto name = map.Text(Resource::kName);
    entry.name = name.Or("");
    if (!map.Has(Resource::kName)) {
        map.Error(Resource::kName, "is missing");
    } else if (name && name->empty()) {
        map.Error(Resource::kName, "is empty");
    } else if (name && !taken.insert(*name).second) {
        map.Error(Resource::kName, fmt::format("\"{}\" is there twice", *name));
    }
    ReadMessage(map, Resource::kSettable, entry.given, entry.lines);
    entry.disabled = map.Flag("disabled");
    entry.deleted = map.Flag("deleted");
    if (kHasMembers<Message>) entry.members = map.TextList("members", store::kExternalIdBytesMax);
    if (kHasSecret<Message>) entry.secret = RequiredSecretOf(map, "secret");
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
    map.AllowOnly(KeysOf("apps"));
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
    map.AllowOnly(KeysOf("api_keys"));
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

// In the one form that is stored, so that the same limits are never a change.
Given<std::string> LimitsOf(YamlMap& map) {
    auto text = map.Text("api_limits");
    if (!text) return text;
    const auto limits = domain::TenantLimits::Parse(*text);
    return limits.ok() ? Given<std::string>{limits->ToText(), text.line} : text;
}

// The rules are those of the API; what the file does not say cannot be wrong.
template <class Spec>
void Judge(YamlMap& map, const Spec& spec) {
    for (const Status& fault : store::FaultsOf(spec)) {
        map.Error(fault.field(), TextWithoutField(fault));
    }
}

store::TenantSpec Judged(const TenantEntry& tenant) {
    store::TenantSpec spec;
    spec.slug = "name";  // Told by ReadName.
    const bool is_named = tenant.display_name && !tenant.display_name->empty();
    spec.name = is_named ? *tenant.display_name : spec.slug;
    spec.ingest_rate_per_s = tenant.ingest_rate_per_s.Or(spec.ingest_rate_per_s);
    spec.ingest_burst = tenant.ingest_burst.Or(spec.ingest_burst);
    spec.api_limits = tenant.api_limits.Or("");
    spec.plan = tenant.plan.Or("");
    spec.retention_days = tenant.retention_days.Or(0);
    return spec;
}

store::ChannelSpec Judged(const ChannelEntry& channel) {
    store::ChannelSpec spec;
    spec.slug = "name";
    const bool is_named = channel.display_name && !channel.display_name->empty();
    spec.name = is_named ? *channel.display_name : spec.slug;
    spec.route_key = channel.route.Or("");
    spec.public_base_url = channel.public_base_url.Or("");
    spec.reopen_window_s = channel.reopen_window_s.Or(spec.reopen_window_s);
    return spec;
}

void FileReader::ReadFields(YamlMap& map, ChannelEntry& channel) {
    map.AllowOnly(KeysOf("channels"));
    channel.display_name = map.Text("display_name");
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
    channel.route = map.Text("route");
    channel.app = map.Text("app", store::kNameBytesMax);
    channel.secret = RequiredSecretOf(map, "secret");
    channel.token = SecretOf(map, "token");
    channel.public_base_url = map.Text("public_base_url");
    channel.reopen_window_s = map.Integer("reopen_window_s");
    channel.members = map.TextList("members", store::kExternalIdBytesMax);
    channel.disabled = map.Flag("disabled");
    if (channel.token && !channel.token->empty() && !IsToken(channel.token->Reveal())) {
        map.Error("token", "must be 16 to 128 of A-Z, a-z, 0-9, '-' and '_'");
    }
    if (channel.public_base_url) {
        channel.public_base_url.value = domain::WithoutFinalSlash(*channel.public_base_url);
    }
    Judge(map, Judged(channel));
}

void FileReader::ReadFields(YamlMap& map, TenantEntry& tenant) {
    map.AllowOnly(KeysOf("tenants"));
    tenant.display_name = map.Text("display_name");
    tenant.ingest_rate_per_s = map.Integer("ingest_rate_per_s");
    tenant.ingest_burst = map.Integer("ingest_burst");
    tenant.api_limits = LimitsOf(map);
    tenant.plan = map.Text("plan");
    tenant.retention_days = map.Integer("retention_days");
    tenant.disabled = map.Flag("disabled");
    Judge(map, Judged(tenant));
    tenant.channels = Entries<ChannelEntry>(map, "channels");
    tenant.api_keys = Entries<KeyEntry>(map, "api_keys");
    ForEachRowKind(tenant.rows, [&]<class Message>(std::vector<RowEntry<Message>>& entries) {
        entries = Rows<Message>(map);
    });
}

TenantsFile FileReader::Read(const YAML::Node& node) {
    YamlMap root(node, "", mistakes_);
    root.AllowOnly(KeysOf(""));
    TenantsFile file;
    file.apps = Entries<AppEntry>(root, "apps");
    file.tenants = Entries<TenantEntry>(root, "tenants");
    return file;
}

}  // namespace

bool TenantEntry::says_rows() const {
    bool says = std::any_of(channels.begin(), channels.end(), [](const ChannelEntry& channel) {
        return static_cast<bool>(channel.members);
    });
    ForEachRowKind(rows, [&](const auto& entries) { says = says || !entries.empty(); });
    return says;
}

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
