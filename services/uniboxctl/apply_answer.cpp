#include "uniboxctl/apply_answer.hpp"

#include "domain/hook_url.hpp"
#include "domain/provider.hpp"

#include <nlohmann/json.hpp>

namespace unibox::ctl {
namespace {

std::string TextOf(store::Change change) {
    switch (change) {
        case store::Change::kCreated:
            return "created";
        case store::Change::kUpdated:
            return "updated";
        default:
            return "unchanged";
    }
}

// Also of members, which have rows of their own.
template <class Plan>
std::string ShownChange(const Plan& plan) {
    const bool others_change =
        plan.write.change == store::Change::kUnchanged && !plan.fields.empty();
    return TextOf(others_change ? store::Change::kUpdated : plan.write.change);
}

// The tables of one answer while they grow.
class Tables {
public:
    explicit Tables(const AnswerOptions& options) : options_(options) {}

    void Add(const AppPlan& app);
    void Add(const TenantPlan& tenant);
    Answer ToAnswer();

private:
    void Add(const TenantPlan& tenant, const ChannelPlan& channel);
    void Add(const TenantPlan& tenant, const KeyPlan& key);
    template <class Message>
    void Add(const TenantPlan& tenant, const RowPlan<Message>& row);
    void AddChanges(
        std::string_view kind, const std::string& name, const std::vector<FieldChange>& fields
    );
    std::string KeyText(const KeyPlan& key) const;
    std::string MadeText(const Secret& made) const;

    const AnswerOptions& options_;
    Table apps_{{"app", "provider", "change", "secret", "webhook_url"}};
    Table tenants_{{"tenant", "tenant_id", "change"}};
    Table channels_{
        {"tenant", "channel", "provider", "channel_id", "change", "secret", "webhook_url"}};
    Table keys_{{"tenant", "name", "scopes", "change", "key"}};
    Table rows_{{"tenant", "kind", "name", "change"}};
    Table webhook_secrets_{{"tenant", "webhook_endpoint", "secret"}};
    Table changes_{{"kind", "name", "field", "old", "new"}};
};

void Tables::AddChanges(
    std::string_view kind, const std::string& name, const std::vector<FieldChange>& fields
) {
    for (const FieldChange& change : fields) {
        changes_.Add({std::string(kind), name, change.field, change.old_value, change.new_value});
    }
}

// "" for what a later version has written.
std::string WebhookUrl(
    const domain::WebhookSource* source, const std::string& base, const std::string& token
) {
    return source != nullptr ? domain::UrlToEnter(base, *source, token) : std::string();
}

// A rotated secret is a change as any other.
std::vector<FieldChange> WithSecret(std::vector<FieldChange> fields, store::Change secret) {
    if (secret == store::Change::kUpdated) SetSecret(fields, "secret");
    return fields;
}

void Tables::Add(const AppPlan& app) {
    const std::string& provider = app.write.spec.provider;
    const std::string& name = app.entry->name;
    apps_.Add(
        {name,
         provider,
         TextOf(app.write.change),
         TextOf(app.secret),
         WebhookUrl(domain::FindWebhookSource(provider), options_.public_base_url, "")}
    );
    if (app.write.change == store::Change::kCreated) return;
    AddChanges("app", name, WithSecret(app.fields, app.secret));
}

void Tables::Add(const TenantPlan& tenant, const ChannelPlan& channel) {
    const store::ChannelSpec& spec = channel.write.spec;
    const auto* provider = domain::FindProvider(spec.provider);
    const bool is_new = channel.write.change == store::Change::kCreated;
    std::string token = channel.token;
    if (channel.has_secret && token.empty()) token = "(as it was made with an earlier key)";
    if (is_new && options_.dry_run && channel.has_secret) token = "(token)";
    const std::string& base =
        spec.public_base_url.empty() ? options_.public_base_url : spec.public_base_url;
    const std::string of_secret = channel.has_secret ? TextOf(channel.secret) : "of the app";
    channels_.Add(
        {tenant.entry->name,
         channel.entry->name,
         std::string(provider != nullptr ? provider->name : ""),
         is_new && options_.dry_run ? std::string("(new)") : channel.write.channel.ToString(),
         ShownChange(channel),
         of_secret,
         WebhookUrl(provider != nullptr ? &provider->source : nullptr, base, token)}
    );
    if (is_new) return;
    const std::string name = tenant.entry->name + "/" + channel.entry->name;
    AddChanges("channel", name, WithSecret(channel.fields, channel.secret));
}

std::string Tables::KeyText(const KeyPlan& key) const {
    if (key.revoked) return "(revoked)";
    if (key.entry->key) return "(from the file)";
    if (key.write.change != store::Change::kCreated) return "(shown when it was made)";
    return MadeText(key.made);
}

std::string Tables::MadeText(const Secret& made) const {
    if (options_.dry_run) return "(new)";
    if (!options_.keys_file.empty()) return "(in " + options_.keys_file + ")";
    return std::string(made.Reveal());
}

template <class Message>
void Tables::Add(const TenantPlan& tenant, const RowPlan<Message>& row) {
    const std::string kind = store::Resource<Message>::kField;
    const std::string change = row.write.remove ? "deleted" : ShownChange(row);
    rows_.Add({tenant.entry->name, kind, row.entry->name, change});
    if (row.write.change != store::Change::kCreated) {
        AddChanges(kind, tenant.entry->name + "/" + row.entry->name, row.fields);
    }
    if (row.made.empty()) return;
    webhook_secrets_.Add({tenant.entry->name, row.entry->name, MadeText(row.made)});
}

void Tables::Add(const TenantPlan& tenant, const KeyPlan& key) {
    const std::string change = key.write.revoke ? "revoked" : TextOf(key.write.change);
    keys_.Add({tenant.entry->name, key.entry->name, key.write.spec.scopes, change, KeyText(key)});
    const std::string name = tenant.entry->name + "/" + key.entry->name;
    if (key.write.change != store::Change::kCreated) AddChanges("api_key", name, key.fields);
}

void Tables::Add(const TenantPlan& tenant) {
    const bool is_new = tenant.write.change == store::Change::kCreated;
    Cell id = tenant.write.tenant.value;
    if (is_new && options_.dry_run) id = std::string("(new)");
    tenants_.Add({tenant.entry->name, id, TextOf(tenant.write.change)});
    if (!is_new) AddChanges("tenant", tenant.entry->name, tenant.fields);
    for (const ChannelPlan& channel : tenant.channels) Add(tenant, channel);
    for (const KeyPlan& key : tenant.keys) Add(tenant, key);
    ForEachRowKind(tenant.rows, [&](const auto& rows) {
        for (const auto& row : rows) Add(tenant, row);
    });
}

Answer Tables::ToAnswer() {
    Answer answer;
    if (apps_.size() > 0) answer.Add("apps", std::move(apps_));
    answer.Add("tenants", std::move(tenants_));
    answer.Add("channels", std::move(channels_));
    answer.Add("api_keys", std::move(keys_));
    if (rows_.size() > 0) answer.Add("rows", std::move(rows_));
    if (webhook_secrets_.size() > 0) answer.Add("webhook_secrets", std::move(webhook_secrets_));
    answer.Add("changes", std::move(changes_));
    if (options_.dry_run) answer.Add("dry_run", true);
    return answer;
}

}  // namespace

Answer AnswerOf(const Plan& plan, const AnswerOptions& options) {
    Tables tables(options);
    for (const AppPlan& app : plan.apps) tables.Add(app);
    for (const TenantPlan& tenant : plan.tenants) tables.Add(tenant);
    return tables.ToAnswer();
}

std::string NewKeyLines(const Plan& plan) {
    std::string lines;
    for (const TenantPlan& tenant : plan.tenants) {
        for (const KeyPlan& key : tenant.keys) {
            if (key.made.empty()) continue;
            const nlohmann::ordered_json line{
                {"tenant", tenant.entry->name},
                {"name", key.entry->name},
                {"scopes", key.write.spec.scopes},
                {"key", key.made.Reveal()}};
            lines += line.dump() + "\n";
        }
        for (const auto& row : std::get<RowPlans<v1::WebhookEndpoint>>(tenant.rows)) {
            if (row.made.empty()) continue;
            const nlohmann::ordered_json line{
                {"tenant", tenant.entry->name},
                {"webhook_endpoint", row.entry->name},
                {"secret", row.made.Reveal()}};
            lines += line.dump() + "\n";
        }
    }
    return lines;
}

}  // namespace unibox::ctl
