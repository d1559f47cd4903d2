// uniboxctl apply: makes tenants.yaml true. Repeating it changes nothing.
#include "base/strings.hpp"
#include "channels/adapter.hpp"
#include "crypto/hash.hpp"
#include "crypto/random.hpp"
#include "store/admin.hpp"
#include "store/directory.hpp"
#include "uniboxctl/channel_token.hpp"
#include "uniboxctl/context.hpp"
#include "uniboxctl/hook_url.hpp"
#include "uniboxctl/tenants_file.hpp"
#include "uniboxctl/verbs.hpp"
#include "wire/subjects.hpp"

#include <CLI/CLI.hpp>
#include <fmt/format.h>

namespace unibox::ctl {
namespace {

constexpr std::string_view kMeta = "meta";  // Whose apps serve channels of many tenants.

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

// A channel of the file and what it became.
struct PlacedChannel {
    const TenantEntry* tenant_entry = nullptr;
    const ChannelEntry* entry = nullptr;
    TenantId tenant;
    store::ChannelSpec spec;
    store::ChannelPut put;

    Status Failed(Status status) const {
        return std::move(status).WithContext(
            fmt::format("tenant {}: channel {}", tenant_entry->name, entry->name)
        );
    }
};

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
    Result<std::optional<Uuid>> AppOf(
        const ChannelEntry& entry, const std::optional<Uuid>& present
    );
    Status PlaceChannels(const TenantEntry& entry, TenantId tenant);
    Status Place(PlacedChannel& channel);
    Status MoveRoutes();
    Status Finish(PlacedChannel& channel);
    Result<std::string> EnsureToken(PlacedChannel& channel);
    Status ApplyKey(const TenantEntry& tenant_entry, TenantId tenant, const KeyEntry& entry);
    Status RevokeKey(const TenantEntry& tenant_entry, TenantId tenant, const KeyEntry& entry);
    Status MakeKey(const TenantEntry& tenant_entry, TenantId tenant, const KeyEntry& entry);
    std::string Seen(store::Change change);
    std::string BaseUrl(const ChannelEntry& entry) const;
    Answer MakeAnswer();

    Context& context_;
    pg::Pool& pool_;
    const crypto::SealedBox& box_;
    const Options& options_;
    bool changed_ = false;
    std::vector<store::ProviderApp> known_apps_;  // Also those that the file does not name.
    std::vector<PlacedChannel> placed_;
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
    if (!entry.public_base_url.empty()) return entry.public_base_url;
    if (!options_.public_base_url.empty()) return options_.public_base_url;
    return context_.settings().public_base_url;
}

// API keys come last: a new one is shown once, so nothing that can fail stands behind it.
Status Applier::Apply(const TenantsFile& file) {
    for (const AppEntry& entry : file.apps) {
        Status done = ApplyApp(entry);
        UNIBOX_RETURN_IF_ERROR(std::move(done).WithContext("app " + entry.name));
    }
    UNIBOX_ASSIGN_OR_RETURN(known_apps_, store::FindProviderApps(pool_, kMeta));
    std::vector<TenantId> tenants;
    for (const TenantEntry& entry : file.tenants) {
        const store::TenantSpec spec{
            entry.name,
            entry.display_name,
            entry.ingest_rate_per_s,
            entry.ingest_burst,
            entry.disabled};
        const auto put = store::PutTenant(pool_, spec);
        Status done = put.status();
        UNIBOX_RETURN_IF_ERROR(std::move(done).WithContext("tenant " + entry.name));
        tenants_.Add({entry.name, put->tenant.value, Seen(put->change)});
        tenants.push_back(put->tenant);
        UNIBOX_RETURN_IF_ERROR(PlaceChannels(entry, put->tenant));
    }
    UNIBOX_RETURN_IF_ERROR(MoveRoutes());
    for (PlacedChannel& channel : placed_) {
        UNIBOX_RETURN_IF_ERROR(channel.Failed(Finish(channel)));
    }
    for (std::size_t i = 0; i < tenants.size(); ++i) {
        const TenantEntry& entry = file.tenants[i];
        for (const KeyEntry& key : entry.api_keys) {
            Status done = ApplyKey(entry, tenants[i], key);
            const std::string where = fmt::format("tenant {}: API key {}", entry.name, key.name);
            UNIBOX_RETURN_IF_ERROR(std::move(done).WithContext(where));
        }
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
         UrlToEnter(BaseUrl({}), entry.provider)}
    );
    return {};
}

// Whose signature the channel's route takes. Never guessed between several: the owner of one app
// could write into the channels of another's.
Result<std::optional<Uuid>> Applier::AppOf(
    const ChannelEntry& entry, const std::optional<Uuid>& present
) {
    if (channels::UrlNameOf(entry.provider) != kMeta) return std::optional<Uuid>();
    std::vector<std::string> names;
    for (const store::ProviderApp& app : known_apps_) {
        if (app.slug == entry.app) return std::optional(app.app_id);
        names.push_back(app.slug);
    }
    if (!entry.app.empty()) {
        return InvalidArgument("there is no app " + entry.app).WithField("app");
    }
    if (present || !entry.secret.empty() || names.empty()) return present;
    if (names.size() == 1) return std::optional(known_apps_.front().app_id);
    return InvalidArgument(fmt::format("say which app serves it, one of {}", fmt::join(names, ", "))
    )
        .WithField("app");
}

Status Applier::PlaceChannels(const TenantEntry& entry, TenantId tenant) {
    for (const ChannelEntry& channel_entry : entry.channels) {
        PlacedChannel channel;
        channel.tenant_entry = &entry;
        channel.entry = &channel_entry;
        channel.tenant = tenant;
        UNIBOX_RETURN_IF_ERROR(channel.Failed(Place(channel)));
        placed_.push_back(std::move(channel));
    }
    return {};
}

// All but its route, which another channel may still have: a channel keeps the one that it has, a
// new one begins without.
Status Applier::Place(PlacedChannel& channel) {
    const ChannelEntry& entry = *channel.entry;
    store::ChannelSpec& spec = channel.spec;
    spec.slug = entry.name;
    spec.name = entry.display_name;
    spec.provider = static_cast<std::int16_t>(entry.provider);
    spec.public_base_url = entry.public_base_url;
    spec.reopen_window_s = entry.reopen_window_s;
    spec.disabled = entry.disabled;
    const auto before = store::FindChannelBySlug(pool_, channel.tenant, entry.name);
    if (before.ok()) {
        spec.route_key = before->spec.route_key;
        spec.app_id = before->spec.app_id;
    } else if (before.status().code() != Code::kNotFound) {
        return before.status();
    }
    UNIBOX_ASSIGN_OR_RETURN(spec.app_id, AppOf(entry, spec.app_id));
    UNIBOX_ASSIGN_OR_RETURN(channel.put, store::PutChannel(pool_, channel.tenant, spec));
    Seen(channel.put.change);
    return {};
}

// Those of all tenants at once, so that channels can exchange them.
Status Applier::MoveRoutes() {
    std::vector<store::RouteMove> moves;
    std::vector<PlacedChannel*> moving;
    for (PlacedChannel& channel : placed_) {
        if (channel.spec.route_key == channel.entry->route) continue;
        moves.push_back(
            {channel.tenant, channel.put.channel, channel.spec.provider, channel.entry->route}
        );
        moving.push_back(&channel);
    }
    UNIBOX_RETURN_IF_ERROR(store::MoveRoutes(pool_, moves));
    for (PlacedChannel* channel : moving) {
        channel->spec.route_key = channel->entry->route;
        if (channel->put.change == store::Change::kUnchanged) {
            channel->put.change = store::Change::kUpdated;
        }
        Seen(channel->put.change);
    }
    return {};
}

// Gives the channel its token when it has none, or the one that the file names. Returns the token,
// or "" when another one is in force that only its hash is known of.
Result<std::string> Applier::EnsureToken(PlacedChannel& channel) {
    const ChannelEntry& entry = *channel.entry;
    const std::string token = entry.token.empty() ? DerivedChannelToken(box_, channel.put.channel)
                                                  : std::string(entry.token.Reveal());
    const std::string hash = crypto::Sha256(token);
    const auto owner = store::FindChannelByToken(pool_, hash);
    if (owner.ok() && owner->channel == channel.put.channel) return token;
    if (owner.ok()) {
        const auto name = store::NameOfChannel(pool_, owner->tenant, owner->channel);
        return Status(
                   Code::kAlreadyExists,
                   "this token belongs to the channel " + (name.ok() ? *name : "of another tenant")
        )
            .WithField("token");
    }
    if (owner.status().code() != Code::kNotFound) return owner.status();
    UNIBOX_ASSIGN_OR_RETURN(
        const auto row, store::FindChannelBySlug(pool_, channel.tenant, entry.name)
    );
    if (row.spec.token_hash.has_value() && entry.token.empty()) return std::string();
    store::ChannelSpec spec = channel.spec;
    spec.token_hash = hash;
    UNIBOX_ASSIGN_OR_RETURN(const auto put, store::PutChannel(pool_, channel.tenant, spec));
    Seen(put.change);
    return token;
}

Status Applier::Finish(PlacedChannel& channel) {
    const ChannelEntry& entry = *channel.entry;
    std::string token;
    std::string secret_change = "of the app";
    if (!entry.secret.empty()) {
        const store::NewSecret secret{
            box_.Seal(entry.secret, "channel:" + channel.put.channel.ToString()),
            box_.Fingerprint(entry.secret)};
        const std::int64_t overlap_ms = options_.overlap_hours * 3'600'000;
        UNIBOX_ASSIGN_OR_RETURN(
            const auto rotated,
            store::PutChannelSecret(pool_, channel.tenant, channel.put.channel, secret, overlap_ms)
        );
        secret_change = Seen(rotated);
        UNIBOX_ASSIGN_OR_RETURN(token, EnsureToken(channel));
        if (token.empty()) token = "(as it was made with an earlier key)";
    }
    channels_.Add(
        {channel.tenant_entry->name,
         entry.name,
         std::string(channels::ProviderName(entry.provider)),
         channel.put.channel.ToString(),
         ChangeText(channel.put.change),
         secret_change,
         UrlToEnter(BaseUrl(entry), channels::UrlNameOf(entry.provider), token)}
    );
    return {};
}

std::string ScopesText(const KeyEntry& entry) {
    return fmt::format("{}", fmt::join(entry.scopes, " "));
}

Status Applier::ApplyKey(const TenantEntry& tenant_entry, TenantId tenant, const KeyEntry& entry) {
    return entry.revoked ? RevokeKey(tenant_entry, tenant, entry)
                         : MakeKey(tenant_entry, tenant, entry);
}

Status Applier::RevokeKey(const TenantEntry& tenant_entry, TenantId tenant, const KeyEntry& entry) {
    const auto revoked = store::RevokeApiKey(pool_, tenant, entry.name);
    std::string change = "absent";
    if (revoked.ok()) {
        change = Seen(*revoked) == "unchanged" ? "unchanged" : "revoked";
    } else if (revoked.status().code() != Code::kNotFound) {
        return revoked.status();
    }
    keys_.Add({tenant_entry.name, entry.name, ScopesText(entry), change, std::string()});
    return revoked.status();
}

// The server may have stored it although we were not told.
bool OutcomeIsUnknown(const Status& status) {
    const Code code = status.code();
    return code == Code::kUnavailable || code == Code::kDeadlineExceeded || code == Code::kUnknown;
}

// A key that is made here is shown as soon as it is stored, for nobody can read it again.
Status Applier::MakeKey(const TenantEntry& tenant_entry, TenantId tenant, const KeyEntry& entry) {
    const bool given = !entry.key.empty();
    const Secret key = given ? entry.key : crypto::NewApiKey();
    const std::string shown(key.Reveal());
    const std::string label = fmt::format("API key {} of {}", entry.name, tenant_entry.name);
    const store::ApiKeySpec spec{
        entry.name, crypto::Sha256(shown), entry.scopes, /*only_if_new=*/!given};
    const auto put = store::PutApiKey(pool_, tenant, spec);
    const auto add_row = [&](std::string change, std::string text) {
        keys_.Add({tenant_entry.name, entry.name, ScopesText(entry), change, text});
    };
    if (!put.ok()) {
        if (given || !OutcomeIsUnknown(put.status())) return put.status();
        add_row("unknown", shown);
        context_.Note(
            "note: it is not known whether the " + label +
            " was stored. Apply the file again: if it is unchanged then, the key is the one shown "
            "here as unknown; if it is created, use the new one"
        );
        return put.status();
    }
    const std::string change = Seen(*put);
    if (given) {
        add_row(change, "(from the file)");
    } else if (*put != store::Change::kCreated) {
        add_row(change, "(shown when it was made)");
    } else {
        context_.NoteForPeople(label + ": " + shown);
        add_row(change, shown);
    }
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
    Status applied = applier.Apply(file);
    applier.Print();  // Also after a failure: what it shows is done.
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
    )
        ->check(CLI::Validator(
            [](const std::string& url) {
                return std::string(IsHttpUrl(url) ? "" : "must be http://… or https://…");
            },
            "URL"
        ));
    verb->add_option(
            "--overlap-hours", options->overlap_hours, "How long a replaced secret stays live"
    )
        ->check(CLI::Range(0, 720))
        ->capture_default_str();
    verb->footer(
        "Prints the webhook URL of each channel and each new API key, the key only this once: at "
        "once\n"
        "for people, in the answer for programs.\n"
        "A Twilio URL ends in #rc=5&rp=all, which tells Twilio to retry: paste it whole.\n"
        "What the file does not name stays as it is; disabled: true and revoked: true take away.\n"
        "Example: uniboxctl apply -f tenants.yaml --public-base-url https://hooks.example.com"
    );
    verb->callback([options, &action] {
        action = [options](Context& context) { return Apply(context, *options); };
    });
}

}  // namespace unibox::ctl
