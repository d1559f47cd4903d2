// Where customers write to the tenant, and the secrets that their providers sign with.
#include "base/strings.hpp"
#include "crypto/hash.hpp"
#include "domain/hook_url.hpp"
#include "domain/provider.hpp"
#include "gateway/admin/methods.hpp"
#include "gateway/admin/resource_rows.hpp"
#include "gateway/page_token.hpp"
#include "store/admin/channel_rules.hpp"
#include "store/admin/objects.hpp"

#include <array>

namespace unibox::gateway {
namespace {

constexpr std::array<std::string_view, 5> kSettable = {
    "display_name", "public_base_url", "reopen_window_s", "route", "app"};
constexpr std::string_view kList = "channel";
constexpr std::size_t kSecretBytesMax = 64 * 1024;
constexpr std::int32_t kReopenWindowSDefault = 604'800;
constexpr std::int32_t kOverlapHoursDefault = 24;
constexpr std::int32_t kOverlapHoursMax = 720;

Status NotFoundAs(Status status) {
    if (status.code() != Code::kNotFound) return status;
    return std::move(status).WithReason("CHANNEL_NOT_FOUND");
}

void Show(const store::ChannelRow& row, v1::Channel* channel) {
    channel->Clear();
    channel->set_id(row.channel.ToString());
    channel->set_name(row.spec.slug);
    channel->set_display_name(row.spec.name);
    channel->set_provider(row.spec.provider);
    channel->set_route(row.spec.route_key);
    channel->set_app(row.app_slug);
    channel->set_public_base_url(row.spec.public_base_url);
    channel->set_reopen_window_s(row.spec.reopen_window_s);
    channel->set_live_secret_count(row.live_secret_count);
    *channel->mutable_create_time() = TimestampOf(row.created_at_ms);
    if (row.disabled_at_ms) *channel->mutable_disable_time() = TimestampOf(*row.disabled_at_ms);
    SetEtag(channel);
}

Status ToSpec(const v1::Channel& channel, store::ChannelSpec* spec) {
    spec->name = OrName(channel.display_name(), spec->slug);
    spec->route_key = channel.route();
    spec->public_base_url = domain::WithoutFinalSlash(channel.public_base_url());
    spec->reopen_window_s = channel.reopen_window_s();
    return store::CheckSpec(*spec);
}

// An app's events go to whoever has the route, so neither is a tenant's own to claim.
Status CheckOperators(
    const AdminCall& call, const store::ChannelSpec& before, const store::ChannelSpec& after
) {
    if (before.route_key != after.route_key) {
        UNIBOX_RETURN_IF_ERROR(call.MayAsOperator("channel.route"));
    }
    if (before.app_id != after.app_id) {
        UNIBOX_RETURN_IF_ERROR(call.MayAsOperator("channel.app"));
    }
    return {};
}

// "": none.
Result<std::optional<Uuid>> AppOf(
    const AdminCall& call, const std::string& name, const domain::ProviderTraits& provider
) {
    if (name.empty()) return std::optional<Uuid>();
    const auto app = store::FindApp(call.access(), name);
    if (!app.ok() && app.status().code() != Code::kNotFound) return app.status();
    const bool serves =
        app.ok() && !app->disabled && app->spec.provider == provider.source.url_name;
    if (!serves) return WrongField("channel.app", "an app that serves channels of the provider");
    return std::optional(app->app_id);
}

Result<const domain::ProviderTraits*> ProviderOf(v1::Provider provider) {
    const auto* traits = domain::FindProvider(provider);
    if (traits == nullptr) return WrongField("channel.provider", "one of the providers");
    return traits;
}

Status CheckSecret(const domain::ProviderTraits& provider, const std::string& secret) {
    if (secret.empty() || secret.size() > kSecretBytesMax) {
        return WrongField("secret", "1 to 65536 bytes");
    }
    return store::CheckChannelSecret(provider, Secret(secret));
}

std::string UrlOf(const v1::Channel& channel, const std::string& token) {
    const auto* provider = domain::FindProvider(channel.provider());
    if (provider == nullptr || token.empty()) return "";
    return domain::UrlToEnter(channel.public_base_url(), provider->source, token);
}

// What a call needs to make a secret live, and the URL that belongs to it.
struct SealedSecret {
    store::NewSecret secret;
    std::string token;
};
Result<SealedSecret> SealFor(
    const AdminCall& call, const ChannelId& channel, const std::string& secret
) {
    UNIBOX_ASSIGN_OR_RETURN(const auto* box, call.Box());
    const Secret text(secret);
    return SealedSecret{
        {box->Seal(text, store::ChannelSealingContext(channel)), box->Fingerprint(text)},
        store::DerivedChannelToken(*box, channel)};
}

Status List(
    const AdminCall& call,
    const v1::ListChannelsRequest& request,
    v1::ListChannelsResponse& response
) {
    UNIBOX_ASSIGN_OR_RETURN(const std::int32_t count_max, PageSizeOf(request.page_size()));
    UNIBOX_ASSIGN_OR_RETURN(const Uuid after, PlaceOf(call.tenant(), kList, request.page_token()));
    UNIBOX_ASSIGN_OR_RETURN(
        auto rows,
        store::ListChannelPage(call.access(), call.tenant(), ChannelId{after}, count_max + 1)
    );
    const auto page = static_cast<std::size_t>(count_max);
    const bool has_more = rows.size() > page;
    if (has_more) rows.resize(page);
    for (const auto& row : rows) Show(row, response.add_channels());
    if (has_more) {
        response.set_next_page_token(TokenAfter(call.tenant(), kList, rows.back().channel.value));
    }
    return {};
}

Status Read(const AdminCall& call, const ChannelId& id, v1::Channel& response) {
    const auto row = store::GetChannel(call.access(), call.tenant(), id);
    if (!row.ok()) return NotFoundAs(row.status());
    Show(*row, &response);
    return {};
}

Status Get(const AdminCall& call, const v1::GetChannelRequest& request, v1::Channel& response) {
    UNIBOX_ASSIGN_OR_RETURN(const auto id, ParseId<ChannelId>("id", request.id()));
    return Read(call, id, response);
}

// The spec of a new channel; its secret comes on top.
Result<store::ChannelSpec> NewSpec(const AdminCall& call, const v1::Channel& wanted) {
    UNIBOX_ASSIGN_OR_RETURN(const auto* provider, ProviderOf(wanted.provider()));
    store::ChannelSpec spec;
    spec.slug = wanted.name();
    spec.provider = wanted.provider();
    v1::Channel filled = wanted;
    if (wanted.reopen_window_s() == 0) filled.set_reopen_window_s(kReopenWindowSDefault);
    UNIBOX_RETURN_IF_ERROR(WithFieldOf("channel", ToSpec(filled, &spec)));
    UNIBOX_ASSIGN_OR_RETURN(spec.app_id, AppOf(call, wanted.app(), *provider));
    UNIBOX_RETURN_IF_ERROR(CheckOperators(call, {}, spec));
    return spec;
}

Status Create(
    const AdminCall& call,
    const v1::CreateChannelRequest& request,
    v1::CreateChannelResponse& response
) {
    UNIBOX_ASSIGN_OR_RETURN(auto spec, NewSpec(call, request.channel()));
    UNIBOX_ASSIGN_OR_RETURN(const auto* provider, ProviderOf(spec.provider));
    const ChannelId id{call.NewId()};
    std::optional<store::NewSecret> secret;
    std::string token;
    if (!request.secret().empty() || !spec.app_id) {
        UNIBOX_RETURN_IF_ERROR(CheckSecret(*provider, request.secret()));
        UNIBOX_ASSIGN_OR_RETURN(auto sealed, SealFor(call, id, request.secret()));
        secret = std::move(sealed.secret);
        token = std::move(sealed.token);
        spec.token_hash = crypto::Sha256(token);
    } else if (spec.route_key.empty()) {
        return WrongField("channel.route", "given: " + std::string(provider->route));
    }
    const Status made = store::CreateChannel(call.access(), call.tenant(), id, spec, secret);
    if (!made.ok()) return WithFieldOf("channel", made);
    UNIBOX_RETURN_IF_ERROR(Read(call, id, *response.mutable_channel()));
    response.set_webhook_url(UrlOf(response.channel(), token));
    return {};
}

// `change` of the channel as it stands, once its etag was compared.
Status Change(
    const AdminCall& call,
    const std::string& id_text,
    std::string_view id_field,
    const std::string& etag,
    v1::Channel& response,
    const std::function<Status(v1::Channel& current, store::ChannelSpec& spec)>& change
) {
    UNIBOX_ASSIGN_OR_RETURN(const auto id, ParseId<ChannelId>(id_field, id_text));
    const auto row = store::ChangeChannel(
        call.access(),
        call.tenant(),
        id,
        [&](store::ChannelRow& stored) -> Status {
            v1::Channel current;
            Show(stored, &current);
            UNIBOX_RETURN_IF_ERROR(CheckEtag(etag, current.etag()));
            return change(current, stored.spec);
        }
    );
    if (!row.ok()) return NotFoundAs(row.status());
    Show(*row, &response);
    return {};
}

Status Update(
    const AdminCall& call, const v1::UpdateChannelRequest& request, v1::Channel& response
) {
    // Looked up before the channel is locked: the pool is small.
    std::optional<Uuid> app;
    const bool sets_app = Sets(request.channel(), request.update_mask(), "app");
    if (sets_app) {
        v1::Channel stored;
        UNIBOX_ASSIGN_OR_RETURN(
            const auto id, ParseId<ChannelId>("channel.id", request.channel().id())
        );
        UNIBOX_RETURN_IF_ERROR(Read(call, id, stored));
        UNIBOX_ASSIGN_OR_RETURN(const auto* provider, ProviderOf(stored.provider()));
        UNIBOX_ASSIGN_OR_RETURN(app, AppOf(call, request.channel().app(), *provider));
    }
    const auto set = [&](v1::Channel& current, store::ChannelSpec& spec) -> Status {
        const store::ChannelSpec before = spec;
        UNIBOX_RETURN_IF_ERROR(
            ApplyMask(request.channel(), request.update_mask(), kSettable, &current)
        );
        UNIBOX_RETURN_IF_ERROR(WithFieldOf("channel", ToSpec(current, &spec)));
        if (sets_app) spec.app_id = app;
        if (!spec.app_id && current.live_secret_count() == 0) {
            return WrongField("channel.app", "set for a channel without a secret of its own");
        }
        return CheckOperators(call, before, spec);
    };
    return Change(call, request.channel().id(), "channel.id", request.etag(), response, set);
}

template <class Request>
Status Switch(const AdminCall& call, const Request& request, bool disabled, v1::Channel& response) {
    const auto set = [disabled](v1::Channel&, store::ChannelSpec& spec) {
        spec.disabled = disabled;
        return Status();
    };
    return Change(call, request.id(), "id", request.etag(), response, set);
}
Status Disable(
    const AdminCall& call, const v1::DisableChannelRequest& request, v1::Channel& response
) {
    return Switch(call, request, true, response);
}
Status Enable(
    const AdminCall& call, const v1::EnableChannelRequest& request, v1::Channel& response
) {
    return Switch(call, request, false, response);
}

Status Rotate(
    const AdminCall& call,
    const v1::RotateChannelSecretRequest& request,
    v1::RotateChannelSecretResponse& response
) {
    UNIBOX_ASSIGN_OR_RETURN(const auto id, ParseId<ChannelId>("id", request.id()));
    const std::int32_t hours =
        request.overlap_hours() == 0 ? kOverlapHoursDefault : request.overlap_hours();
    if (hours < 0 || hours > kOverlapHoursMax) return WrongField("overlap_hours", "0 to 720");
    UNIBOX_ASSIGN_OR_RETURN(const auto sealed, SealFor(call, id, request.secret()));
    v1::Channel stored;
    UNIBOX_RETURN_IF_ERROR(Read(call, id, stored));
    UNIBOX_ASSIGN_OR_RETURN(const auto* provider, ProviderOf(stored.provider()));
    UNIBOX_RETURN_IF_ERROR(CheckSecret(*provider, request.secret()));
    // First the secret: a channel with a URL of its own has one.
    const auto put = store::PutChannelSecret(
        call.access(), call.tenant(), id, sealed.secret, std::chrono::hours(hours)
    );
    if (!put.ok()) return NotFoundAs(put.status());
    const std::string hash = crypto::Sha256(sealed.token);
    bool has_own_token = false;
    const auto enter = [&](v1::Channel&, store::ChannelSpec& spec) {
        if (!spec.token_hash) spec.token_hash = hash;
        has_own_token = spec.token_hash == hash;
        return Status();
    };
    v1::Channel& channel = *response.mutable_channel();
    UNIBOX_RETURN_IF_ERROR(Change(call, request.id(), "id", "", channel, enter));
    if (has_own_token) response.set_webhook_url(UrlOf(channel, sealed.token));
    return {};
}

Status DropOld(
    const AdminCall& call, const v1::DropOldChannelSecretsRequest& request, v1::Channel& response
) {
    UNIBOX_ASSIGN_OR_RETURN(const auto id, ParseId<ChannelId>("id", request.id()));
    const auto dropped = store::DropOldChannelSecrets(call.access(), call.tenant(), id);
    if (!dropped.ok()) return NotFoundAs(dropped.status());
    return Read(call, id, response);
}

}  // namespace

std::vector<Method> ChannelMethods(const Admin& admin) {
    constexpr auto kReads = auth::kScopeAdminRead;
    constexpr auto kWrites = auth::kScopeAdminWrite;
    constexpr auto kSets = Repetition::kIdempotent;
    return {
        AdminRow("ListChannels", kReads, Repetition::kReads, admin, List),
        AdminRow("GetChannel", kReads, Repetition::kReads, admin, Get),
        AdminRow("CreateChannel", kWrites, Repetition::kActsAgain, admin, Create),
        AdminRow("UpdateChannel", kWrites, kSets, admin, Update),
        AdminRow("DisableChannel", kWrites, kSets, admin, Disable),
        AdminRow("EnableChannel", kWrites, kSets, admin, Enable),
        AdminRow("RotateChannelSecret", kWrites, kSets, admin, Rotate),
        AdminRow("DropOldChannelSecrets", kWrites, kSets, admin, DropOld)};
}

}  // namespace unibox::gateway
