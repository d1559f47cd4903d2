// uniboxctl apply: makes tenants.yaml true. Repeating it changes nothing.
#include "base/strings.hpp"
#include "channels/adapter.hpp"
#include "crypto/hash.hpp"
#include "crypto/random.hpp"
#include "store/admin.hpp"
#include "store/directory.hpp"
#include "uniboxctl/channel_token.hpp"
#include "uniboxctl/context.hpp"
#include "uniboxctl/tenants_file.hpp"
#include "uniboxctl/verbs.hpp"
#include "uniboxctl/webhook_url.hpp"
#include "wire/subjects.hpp"

#include <CLI/CLI.hpp>
#include <fmt/format.h>

namespace unibox::ctl {
namespace {

struct Options {
    std::string file;
    std::string public_base_url;
    std::int64_t overlap_hours = 24;
};

std::string ChangeText(store::Change change) {
    switch (change) {
        case store::Change::kCreated:
            return "created";
        case store::Change::kUpdated:
            return "updated";
        default:
            return "unchanged";
    }
}

class Applier {
public:
    Applier(Context& context, pg::Pool& pool, const crypto::SealedBox& box, const Options& options)
        : context_(context), pool_(pool), box_(box), options_(options) {}

    Status Apply(const TenantsFile& file);
    void Print() { context_.Print(MakeAnswer()); }
    bool changed() const { return changed_; }

private:
    Status ApplyApp(const AppEntry& entry);
    Result<std::optional<std::string>> SealedVerifyToken(const AppEntry& entry, const Uuid& app_id);
    Status ApplyTenant(const TenantEntry& entry);
    Status ApplyChannel(
        const TenantEntry& tenant_entry, TenantId tenant, const ChannelEntry& entry
    );
    Result<std::string> EnsureToken(
        TenantId tenant,
        const ChannelId& channel,
        store::ChannelSpec spec,
        const ChannelEntry& entry
    );
    Status ApplyKey(const TenantEntry& tenant_entry, TenantId tenant, const KeyEntry& entry);
    std::string Seen(store::Change change);
    std::string BaseUrl(const ChannelEntry& entry) const;
    Answer MakeAnswer();

    Context& context_;
    pg::Pool& pool_;
    const crypto::SealedBox& box_;
    const Options& options_;
    bool changed_ = false;
    Table apps_{{"app", "provider", "change", "secret", "webhook_url"}};
    Table tenants_{{"tenant", "tenant_id", "change"}};
    Table channels_{
        {"tenant", "channel", "provider", "channel_id", "change", "secret", "webhook_url"}};
    Table keys_{{"tenant", "name", "scopes", "change", "key"}};
};

std::string Applier::Seen(store::Change change) {
    changed_ = changed_ || change != store::Change::kUnchanged;
    return ChangeText(change);
}

std::string Applier::BaseUrl(const ChannelEntry& entry) const {
    std::string url = entry.public_base_url;
    if (url.empty()) url = options_.public_base_url;
    if (url.empty()) url = context_.settings().public_base_url;
    return url;
}

Status Applier::Apply(const TenantsFile& file) {
    for (const AppEntry& entry : file.apps) {
        Status done = ApplyApp(entry);
        UNIBOX_RETURN_IF_ERROR(std::move(done).WithContext("app " + entry.name));
    }
    for (const TenantEntry& entry : file.tenants) {
        Status done = ApplyTenant(entry);
        UNIBOX_RETURN_IF_ERROR(std::move(done).WithContext("tenant " + entry.name));
    }
    return {};
}

// The token as it must be stored, or nothing when the stored one opens to the same text.
Result<std::optional<std::string>> Applier::SealedVerifyToken(
    const AppEntry& entry, const Uuid& app_id
) {
    const std::string sealed_for = "app:" + app_id.ToString();
    UNIBOX_ASSIGN_OR_RETURN(const auto known, store::FindProviderApps(pool_, entry.provider));
    for (const store::ProviderApp& app : known) {
        if (app.app_id != app_id) continue;
        const auto opened = box_.Open(app.verify_token_sealed, sealed_for);
        if (opened.ok() && opened->Reveal() == entry.verify_token.Reveal()) {
            return std::optional<std::string>();
        }
    }
    return std::optional(box_.Seal(entry.verify_token, sealed_for));
}

Status Applier::ApplyApp(const AppEntry& entry) {
    Uuid app_id = NewUuidV7(NowMs());
    const auto found = store::FindApp(pool_, entry.name);
    if (found.ok()) {
        app_id = found->app_id;
    } else if (found.status().code() != Code::kNotFound) {
        return found.status();
    }
    UNIBOX_ASSIGN_OR_RETURN(const auto verify_token, SealedVerifyToken(entry, app_id));
    UNIBOX_ASSIGN_OR_RETURN(
        const auto change, store::PutApp(pool_, app_id, {entry.name, entry.provider}, verify_token)
    );
    const store::NewSecret secret{
        box_.Seal(entry.secret, "app:" + app_id.ToString()), box_.Fingerprint(entry.secret)};
    UNIBOX_ASSIGN_OR_RETURN(
        const auto rotated,
        store::PutAppSecret(pool_, app_id, secret, options_.overlap_hours * 3'600'000)
    );
    apps_.Add(
        {entry.name,
         entry.provider,
         Seen(change),
         Seen(rotated),
         UrlToEnter(BaseUrl({}), entry.provider, "")}
    );
    return {};
}

Status Applier::ApplyTenant(const TenantEntry& entry) {
    const store::TenantSpec spec{
        entry.name,
        entry.display_name,
        entry.ingest_rate_per_s,
        entry.ingest_burst,
        entry.disabled};
    UNIBOX_ASSIGN_OR_RETURN(const auto put, store::PutTenant(pool_, spec));
    tenants_.Add({entry.name, put.tenant.value, Seen(put.change)});
    for (const ChannelEntry& channel : entry.channels) {
        Status done = ApplyChannel(entry, put.tenant, channel);
        UNIBOX_RETURN_IF_ERROR(std::move(done).WithContext("channel " + channel.name));
    }
    for (const KeyEntry& key : entry.api_keys) {
        Status done = ApplyKey(entry, put.tenant, key);
        UNIBOX_RETURN_IF_ERROR(std::move(done).WithContext("API key " + key.name));
    }
    return {};
}

// Gives the channel its token when it has none, or the one that the file names. Returns the token,
// or "" when another one is in force that only its hash is known of.
Result<std::string> Applier::EnsureToken(
    TenantId tenant, const ChannelId& channel, store::ChannelSpec spec, const ChannelEntry& entry
) {
    const std::string token = entry.token.empty() ? DerivedChannelToken(box_, channel)
                                                  : std::string(entry.token.Reveal());
    const std::string hash = crypto::Sha256(token);
    const auto owner = store::FindChannelByToken(pool_, hash);
    if (owner.ok() && owner->channel == channel) return token;
    if (owner.ok()) {
        return Status(Code::kAlreadyExists, "another channel has this token").WithField("token");
    }
    if (owner.status().code() != Code::kNotFound) return owner.status();
    UNIBOX_ASSIGN_OR_RETURN(const auto row, store::FindChannelBySlug(pool_, tenant, entry.name));
    if (row.spec.token_hash.has_value() && entry.token.empty()) return std::string();
    spec.token_hash = hash;
    UNIBOX_ASSIGN_OR_RETURN(const auto put, store::PutChannel(pool_, tenant, spec));
    Seen(put.change);
    return token;
}

Status Applier::ApplyChannel(
    const TenantEntry& tenant_entry, TenantId tenant, const ChannelEntry& entry
) {
    store::ChannelSpec spec;
    spec.slug = entry.name;
    spec.name = entry.display_name;
    spec.provider = static_cast<std::int16_t>(entry.provider);
    spec.route_key = entry.route;
    spec.public_base_url = entry.public_base_url;
    spec.reopen_window_s = entry.reopen_window_s;
    spec.disabled = entry.disabled;
    UNIBOX_ASSIGN_OR_RETURN(const auto put, store::PutChannel(pool_, tenant, spec));

    std::string shown_token;
    std::string secret_change = "of the app";
    if (!entry.secret.empty()) {
        const store::NewSecret secret{
            box_.Seal(entry.secret, "channel:" + put.channel.ToString()),
            box_.Fingerprint(entry.secret)};
        const std::int64_t overlap_ms = options_.overlap_hours * 3'600'000;
        UNIBOX_ASSIGN_OR_RETURN(
            const auto rotated,
            store::PutChannelSecret(pool_, tenant, put.channel, secret, overlap_ms)
        );
        secret_change = Seen(rotated);
        UNIBOX_ASSIGN_OR_RETURN(
            const std::string token, EnsureToken(tenant, put.channel, spec, entry)
        );
        shown_token = token.empty() ? "(as it was made with an earlier key)" : token;
    }
    channels_.Add(
        {tenant_entry.name,
         entry.name,
         std::string(channels::ProviderName(entry.provider)),
         put.channel.ToString(),
         Seen(put.change),
         secret_change,
         UrlToEnter(BaseUrl(entry), channels::UrlNameOf(entry.provider), shown_token)}
    );
    return {};
}

Status Applier::ApplyKey(const TenantEntry& tenant_entry, TenantId tenant, const KeyEntry& entry) {
    const std::string scopes = fmt::format("{}", fmt::join(entry.scopes, " "));
    if (entry.revoked) {
        const Status revoked = store::RevokeApiKey(pool_, tenant, entry.name);
        if (!revoked.ok() && revoked.code() != Code::kNotFound) return revoked;
        keys_.Add({tenant_entry.name, entry.name, scopes, std::string("revoked"), std::string()});
        return {};
    }
    const Secret key = entry.key.empty() ? crypto::NewApiKey() : entry.key;
    const store::ApiKeySpec spec{entry.name, crypto::Sha256(key.Reveal()), entry.scopes};
    UNIBOX_ASSIGN_OR_RETURN(const auto change, store::PutApiKey(pool_, tenant, spec));
    std::string shown = "(shown when it was made)";
    if (!entry.key.empty()) shown = "(from the file)";
    if (change == store::Change::kCreated && entry.key.empty()) shown = std::string(key.Reveal());
    keys_.Add({tenant_entry.name, entry.name, scopes, Seen(change), shown});
    return {};
}

Answer Applier::MakeAnswer() {
    Answer answer;
    if (apps_.size() > 0) answer.Add("apps", apps_);
    answer.Add("tenants", tenants_).Add("channels", channels_).Add("api_keys", keys_);
    return answer;
}

// So that webhook-ingest forgets what it cached; without NATS its caches age out by themselves.
void TellServices(Context& context) {
    auto nats = context.Nats();
    Status told = nats.status();
    if (nats.ok()) told = (*nats)->Publish(wire::kChannelsChanged, "");
    if (told.ok()) told = (*nats)->Flush(Millis(2000));
    if (!told.ok()) {
        context.Note(
            "note: the services could not be told (" + told.message() +
            "); they see the change when their caches expire"
        );
    }
}

Status Apply(Context& context, const Options& options) {
    UNIBOX_ASSIGN_OR_RETURN(const TenantsFile file, ReadTenantsFile(options.file));
    UNIBOX_ASSIGN_OR_RETURN(const crypto::SealedBox* box, context.Box());
    UNIBOX_ASSIGN_OR_RETURN(pg::Pool * pool, context.Database());
    Applier applier(context, *pool, *box, options);
    const Status applied = applier.Apply(file);
    applier.Print();  // Also after a failure: new keys are shown only once.
    if (applier.changed()) TellServices(context);
    return applied;
}

}  // namespace

void AddApply(CLI::App& app, Action& action) {
    auto* verb = app.add_subcommand("apply", "Makes a tenants.yaml true; safe to repeat");
    const auto options = std::make_shared<Options>();
    verb->add_option("-f,--file", options->file, "The file; - is standard input")->required();
    verb->add_option(
        "--public-base-url",
        options->public_base_url,
        "What providers call, without /v1/hooks (else ingest.public_base_url)"
    );
    verb->add_option(
            "--overlap-hours", options->overlap_hours, "How long a replaced secret stays live"
    )
        ->check(CLI::Range(0, 720))
        ->capture_default_str();
    verb->footer(
        "Prints the webhook URL of each channel and each new API key, the key only this once.\n"
        "A Twilio URL ends in #rc=5&rp=all, which tells Twilio to retry: paste it whole.\n"
        "What the file does not name stays as it is; disabled: true and revoked: true take away.\n"
        "Example: uniboxctl apply -f tenants.yaml --public-base-url https://hooks.example.com"
    );
    verb->callback([options, &action] {
        action = [options](Context& context) { return Apply(context, *options); };
    });
}

}  // namespace unibox::ctl
