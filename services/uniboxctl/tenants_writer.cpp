#include "uniboxctl/tenants_writer.hpp"

#include "domain/provider.hpp"
#include "uniboxctl/file_rows.hpp"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <array>
#include <map>
#include <set>

namespace unibox::ctl {
namespace {

constexpr std::string_view kHead =
    "# Written by uniboxctl export; uniboxctl apply reads it.\n"
    "# Of API keys and channel tokens only hashes are stored, so they are not here: where the\n"
    "# objects are new, apply makes new keys and new webhook URLs, and prints them.\n";

// Words that YAML reads as something else than a text, in one version or another.
constexpr std::array<std::string_view, 9> kReserved = {
    "true", "false", "null", "yes", "no", "on", "off", "y", "n"};

bool IsPlain(const std::string& text) {
    const bool is_word =
        !text.empty() && text.front() >= 'a' && text.front() <= 'z' &&
        std::all_of(text.begin(), text.end(), [](char c) {
            return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
        });
    return is_word && std::find(kReserved.begin(), kReserved.end(), text) == kReserved.end();
}

// A JSON string is a double-quoted one of YAML.
std::string Scalar(const std::string& text) {
    if (IsPlain(text)) return text;
    return nlohmann::json(text).dump(
        -1, ' ', /*ensure_ascii=*/false, nlohmann::json::error_handler_t::replace
    );
}

std::string ValueOf(const Cell& cell) {
    if (const auto* text = std::get_if<std::string>(&cell)) return Scalar(*text);
    if (const auto* flag = std::get_if<bool>(&cell)) return *flag ? "true" : "false";
    if (const auto* list = std::get_if<std::vector<std::string>>(&cell)) {
        std::string text;
        for (const std::string& one : *list) text += (text.empty() ? "" : ", ") + Scalar(one);
        return "[" + text + "]";
    }
    return std::to_string(std::get<std::int64_t>(cell));
}

bool IsEmpty(const Cell& cell) {
    if (const auto* text = std::get_if<std::string>(&cell)) return text->empty();
    if (const auto* flag = std::get_if<bool>(&cell)) return !*flag;
    const auto* list = std::get_if<std::vector<std::string>>(&cell);
    return list != nullptr && list->empty();
}

template <typename T, typename KeyOf>
void SortBy(std::vector<T>& items, const KeyOf& key_of) {
    std::sort(items.begin(), items.end(), [&](const T& a, const T& b) {
        return key_of(a) < key_of(b);
    });
}

class Writer {
public:
    Writer(const std::vector<store::StoredApp>& apps, std::string secrets_folder)
        : apps_(apps), folder_(std::move(secrets_folder)) {}

    WrittenTenants Write(std::vector<store::StoredTenant> tenants);

private:
    // Lines of one list: its key, then for each item a dash and its fields, which are indented.
    void Begin(int depth, std::string_view section) {
        Line(depth, std::string(section) + ":");
        depth_ = depth + 2;
    }
    void Item() { is_first_ = true; }
    void Line(int indent, const std::string& text) {
        written_.yaml += std::string(static_cast<std::size_t>(indent), ' ') + text + "\n";
    }
    void Field(std::string_view key, const Cell& value) {
        const std::string dash = std::exchange(is_first_, false) ? "- " : "  ";
        Line(depth_, fmt::format("{}{}: {}", dash, key, ValueOf(value)));
    }
    void FieldUnlessEmpty(std::string_view key, const Cell& value) {
        if (!IsEmpty(value)) Field(key, value);
    }
    void Secret(std::string_view key, const std::string& file, SecretOfFile secret) {
        secret.path = folder_.empty() ? file : folder_ + "/" + file;
        Field(key, secret.path);
        written_.secrets.push_back(std::move(secret));
    }

    void WriteApps(const std::vector<store::StoredTenant>& tenants);
    void WriteTenant(store::StoredTenant& tenant);
    void WriteChannels(store::StoredTenant& tenant);
    void WriteKeys(store::StoredTenant& tenant);
    template <class Message>
    void WriteRows(const store::StoredTenant& tenant);
    std::vector<std::string> MembersOf(
        const store::StoredTenant& tenant,
        const std::vector<store::Member>& members,
        const Uuid& group
    ) const;
    std::string AppName(const std::optional<Uuid>& app_id) const;

    const std::vector<store::StoredApp>& apps_;
    const std::string folder_;
    WrittenTenants written_;
    int depth_ = 0;
    bool is_first_ = false;
};

std::string Writer::AppName(const std::optional<Uuid>& app_id) const {
    for (const store::StoredApp& app : apps_) {
        if (app_id && app.app_id == *app_id) return app.spec.slug;
    }
    return "";
}

// By external_id, in order.
std::vector<std::string> Writer::MembersOf(
    const store::StoredTenant& tenant, const std::vector<store::Member>& members, const Uuid& group
) const {
    std::set<Uuid> agents;
    for (const store::Member& member : members) {
        if (member.group == group) agents.insert(member.agent.value);
    }
    std::set<std::string> names;
    for (const auto& agent : tenant.rows.Of<store::AgentSpec>()) {
        if (agents.contains(agent.id)) names.insert(agent.spec.external_id);
    }
    return {names.begin(), names.end()};
}

// Those that serve one of the channels.
void Writer::WriteApps(const std::vector<store::StoredTenant>& tenants) {
    std::map<std::string, const store::StoredApp*> used;
    for (const store::StoredTenant& tenant : tenants) {
        for (const store::StoredChannel& channel : tenant.channels) {
            for (const store::StoredApp& app : apps_) {
                if (channel.spec.app_id == app.app_id) used.emplace(app.spec.slug, &app);
            }
        }
    }
    if (used.empty()) return;
    Begin(0, "apps");
    for (const auto& [name, app] : used) {
        Item();
        Field("name", name);
        Field("provider", app->spec.provider);
        const std::string context = "app:" + app->app_id.ToString();
        const std::string file = "app." + name;
        for (const store::NewSecret& secret : app->live_secrets) {
            if (secret.fingerprint != app->newest_fingerprint) continue;
            Secret("secret_file", file + ".secret", {"", secret.sealed, context});
            break;
        }
        Secret("verify_token_file", file + ".verify", {"", app->verify_token_sealed, context});
    }
}

void Writer::WriteChannels(store::StoredTenant& tenant) {
    if (tenant.channels.empty()) return;
    SortBy(tenant.channels, [](const auto& channel) { return channel.spec.slug; });
    Begin(4, "channels");
    for (const store::StoredChannel& channel : tenant.channels) {
        const store::ChannelSpec& spec = channel.spec;
        Item();
        Field("name", spec.slug);
        Field("display_name", spec.name);
        Field("provider", std::string(domain::ProviderName(spec.provider)));
        FieldUnlessEmpty("route", spec.route_key);
        FieldUnlessEmpty("app", AppName(spec.app_id));
        if (!channel.newest_fingerprint.empty()) {
            const std::string context = store::ChannelSealingContext(channel.channel);
            const std::string file = tenant.spec.slug + "." + spec.slug + ".channel";
            Secret("secret_file", file, {"", channel.newest_sealed, context});
        }
        FieldUnlessEmpty("public_base_url", spec.public_base_url);
        Field("reopen_window_s", std::int64_t{spec.reopen_window_s});
        FieldUnlessEmpty(
            "members", MembersOf(tenant, tenant.channel_members, channel.channel.value)
        );
        FieldUnlessEmpty("disabled", spec.disabled);
    }
}

void Writer::WriteKeys(store::StoredTenant& tenant) {
    std::erase_if(tenant.keys, [](const auto& key) { return key.revoked; });
    if (tenant.keys.empty()) return;
    SortBy(tenant.keys, [](const auto& key) { return key.spec.name; });
    Begin(4, "api_keys");
    for (const store::StoredKey& key : tenant.keys) {
        Item();
        Field("name", key.spec.name);
        Field("scopes", key.spec.scopes);
    }
}

template <class Message>
void Writer::WriteRows(const store::StoredTenant& tenant) {
    using Resource = store::Resource<Message>;
    auto rows = tenant.rows.Of<store::SpecOf<Message>>();
    if (rows.empty()) return;
    const auto shown = [](const auto& row) {
        Message message;
        Resource::Show(row.spec, &message);
        return message;
    };
    SortBy(rows, [&](const auto& row) {
        return std::get<std::string>(CellOf(shown(row), Resource::kName));
    });
    Begin(4, Resource::kSection);
    for (const auto& row : rows) {
        const Message message = shown(row);
        const Cell name = CellOf(message, Resource::kName);
        Item();
        Field(Resource::kName, name);
        for (const std::string_view field : Resource::kSettable) {
            FieldUnlessEmpty(field, CellOf(message, field));
        }
        if constexpr (kHasMembers<Message>) {
            FieldUnlessEmpty("members", MembersOf(tenant, tenant.team_members, row.id));
        }
        if constexpr (kHasSecret<Message>) {
            const std::string file =
                tenant.spec.slug + "." + std::get<std::string>(name) + ".webhook";
            const std::string context = store::WebhookSealingContext(row.id);
            Secret("secret_file", file, {"", row.spec.sealed_secrets.front(), context});
        }
        if constexpr (store::CanBeDisabled<store::SpecOf<Message>>) {
            FieldUnlessEmpty("disabled", row.spec.disabled);
        }
    }
}

void Writer::WriteTenant(store::StoredTenant& tenant) {
    const store::TenantSpec& spec = tenant.spec;
    depth_ = 2;
    Item();
    Field("name", spec.slug);
    Field("display_name", spec.name);
    Field("ingest_rate_per_s", std::int64_t{spec.ingest_rate_per_s});
    Field("ingest_burst", std::int64_t{spec.ingest_burst});
    FieldUnlessEmpty("api_limits", spec.api_limits);
    FieldUnlessEmpty("plan", spec.plan);
    Field("retention_days", std::int64_t{spec.retention_days});
    FieldUnlessEmpty("disabled", spec.disabled);
    WriteChannels(tenant);
    WriteKeys(tenant);
    WriteRows<v1::Agent>(tenant);
    WriteRows<v1::Team>(tenant);
    WriteRows<v1::Label>(tenant);
    WriteRows<v1::AttributeDefinition>(tenant);
    WriteRows<v1::CannedReply>(tenant);
    WriteRows<v1::WebhookEndpoint>(tenant);
}

WrittenTenants Writer::Write(std::vector<store::StoredTenant> tenants) {
    written_.yaml = kHead;
    WriteApps(tenants);
    SortBy(tenants, [](const auto& tenant) { return tenant.spec.slug; });
    Begin(0, "tenants");
    for (store::StoredTenant& tenant : tenants) WriteTenant(tenant);
    return std::move(written_);
}

}  // namespace

WrittenTenants WriteTenantsYaml(
    std::vector<store::StoredTenant> tenants,
    const std::vector<store::StoredApp>& apps,
    const std::string& secrets_folder
) {
    return Writer(apps, secrets_folder).Write(std::move(tenants));
}

}  // namespace unibox::ctl
