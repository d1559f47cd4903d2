#include "webhook-ingest/cached_directory.hpp"

#include "crypto/hash.hpp"
#include "obs/log.hpp"
#include "webhook-ingest/flows.hpp"

#include <algorithm>
#include <array>
#include <map>
#include <unordered_map>

namespace unibox::ingest {
namespace {

constexpr std::size_t kRouteKeysPerQueryMax = 1'000;  // store::FindChannelsByRoute's limit.

class StoreDirectory final : public Directory {
public:
    explicit StoreDirectory(pg::Pool& pool) : pool_(pool) {}
    Result<store::ChannelInfo> ChannelByToken(std::string_view token_hash) override {
        return store::FindChannelByToken(pool_, token_hash);
    }
    Result<store::ChannelInfo> ChannelById(TenantId tenant, ChannelId channel) override {
        return store::FindChannel(pool_, tenant, channel);
    }
    Result<std::vector<store::RoutedChannel>> ChannelsByRoute(
        v1::Provider provider, const std::vector<std::string>& route_keys
    ) override {
        return store::FindChannelsByRoute(pool_, provider, route_keys);
    }
    Result<std::vector<store::ProviderApp>> Apps(std::string_view provider) override {
        return store::FindProviderApps(pool_, provider);
    }

private:
    pg::Pool& pool_;
};

// For who asks for one key alone.
template <typename Value>
std::function<void(std::vector<Result<std::shared_ptr<const Value>>>)> OnlyResult(
    std::function<void(Result<std::shared_ptr<const Value>>)> done
) {
    return [done = std::move(done)](std::vector<Result<std::shared_ptr<const Value>>> results) {
        done(std::move(results.front()));
    };
}

async::Asker Stranger(std::string_view address) {
    return {FlowOfNetwork(address), true};
}

std::size_t HashOf(const TokenKey& key) {
    return std::hash<std::string>()(key.token_hash);
}
std::size_t HashOf(const IdKey& key) {
    return MixFlow(
        static_cast<std::uint64_t>(key.tenant.value), std::hash<Uuid>()(key.channel.value)
    );
}
std::size_t HashOf(const RouteKey& key) {
    return MixFlow(static_cast<std::uint64_t>(key.provider), std::hash<std::string>()(key.key));
}

std::span<const Secret> Live(
    std::span<const Secret> secrets, std::int64_t valid_until_ms, std::int64_t now_ms
) {
    if (now_ms < valid_until_ms) return secrets;
    return secrets.first(secrets.size() > 1 ? 1 : 0);
}

}  // namespace

std::unique_ptr<Directory> MakeStoreDirectory(pg::Pool& pool) {
    return std::make_unique<StoreDirectory>(pool);
}

std::size_t ChannelKeyHash::operator()(const ChannelKey& key) const {
    return std::visit([](const auto& kind) { return HashOf(kind); }, key);
}

CachedDirectory::CachedDirectory(
    const async::LookupSettings& settings,
    Directory& directory,
    const crypto::SealedBox& box,
    const async::LookupLanes& lanes,
    const Clock& clock,
    obs::Metrics& metrics
)
    : directory_(directory),
      box_(box),
      clock_(clock),
      metrics_(metrics),
      unseal_failures_(metrics.GetCounter(
          "unibox_ingest_unseal_failures_total", "Secrets that could not be unsealed."
      )),
      channels_(
          settings,
          clock,
          lanes,
          [this](const Channels::Keys& keys) { return LoadChannels(keys); },
          [this](const Channel& channel) { return HasEnded(channel); },
          CountOf("channels")
      ),
      apps_(
          settings,
          clock,
          lanes,
          [this](const AppsOfSources::Keys& sources) { return LoadApps(sources); },
          [this](const ProviderApps& provider) { return HasEnded(provider); },
          CountOf("apps")
      ) {
    WatchCount();
}

bool CachedDirectory::HasEnded(const Channel& channel) const {
    return clock_.UnixMillis() >= channel.secrets_valid_until_ms;
}

bool CachedDirectory::HasEnded(const ProviderApps& provider) const {
    const std::int64_t now_ms = clock_.UnixMillis();
    return std::any_of(provider.apps.begin(), provider.apps.end(), [now_ms](const auto& app) {
        return now_ms >= app.secrets_valid_until_ms;
    });
}

void CachedDirectory::WatchCount() {
    obs::Gauge& known =
        metrics_.GetGauge("unibox_ingest_channels_cached", "Channels in the cache.");
    metrics_.OnCollect([this, &known] {
        known.Set(static_cast<double>(channels_.positive_count()));
    });
}

std::function<void(async::LookupOutcome)> CachedDirectory::CountOf(std::string_view cache) {
    std::array<obs::Counter*, async::kLookupOutcomeCount> counters{};
    for (std::size_t i = 0; i < counters.size(); ++i) {
        counters[i] = &metrics_.GetCounter(
            "unibox_ingest_lookups_total",
            "Look-ups of channels and apps in the caches.",
            {{"cache", std::string(cache)}, {"outcome", async::kLookupOutcomeNames[i]}}
        );
    }
    return [counters](async::LookupOutcome outcome) {
        counters[static_cast<std::size_t>(outcome)]->Add();
    };
}

void CachedDirectory::ByToken(
    std::string_view token, std::string_view address, std::function<void(Result<ChannelPtr>)> done
) {
    channels_.Get(
        {TokenKey{crypto::Sha256(token)}}, Stranger(address), OnlyResult<Channel>(std::move(done))
    );
}

void CachedDirectory::ById(
    TenantId tenant, ChannelId channel, std::function<void(Result<ChannelPtr>)> done
) {
    channels_.Get(
        {IdKey{tenant, channel}}, {FlowOf(tenant), false}, OnlyResult<Channel>(std::move(done))
    );
}

void CachedDirectory::ByRoutes(
    Uuid app,
    const std::vector<RouteKey>& routes,
    std::function<void(std::vector<Result<ChannelPtr>>)> done
) {
    const Channels::Keys keys(routes.begin(), routes.end());
    channels_.Get(keys, {FlowOf(app), false}, std::move(done));
}

void CachedDirectory::Apps(
    const domain::WebhookSource& source, std::function<void(Result<ProviderAppsPtr>)> done
) {
    apps_.Get({&source}, {}, OnlyResult<ProviderApps>(std::move(done)));
}

void CachedDirectory::Forget() {
    channels_.Forget();
    apps_.Forget();
}

std::span<const Secret> CachedDirectory::LiveSecrets(const Channel& channel, std::int64_t now_ms) {
    return Live(channel.secrets, channel.secrets_valid_until_ms, now_ms);
}

AppSecrets CachedDirectory::LiveSecrets(const ProviderApps& provider, std::int64_t now_ms) {
    AppSecrets all;
    std::unordered_map<std::string_view, std::size_t> known;  // Views into `provider`.
    for (const auto& app : provider.apps) {
        bool newest = true;
        for (const Secret& secret : Live(app.secrets, app.secrets_valid_until_ms, now_ms)) {
            const auto [at, is_new] = known.emplace(secret.Reveal(), all.secrets.size());
            if (is_new) {
                all.secrets.push_back(secret);
                all.holders.emplace_back();
            }
            AppSecrets::Holders& holders = all.holders[at->second];
            holders.app_ids.push_back(app.app_id);
            holders.newest |= newest;
            newest = false;
        }
    }
    return all;
}

Result<CachedDirectory::Channels::Found> CachedDirectory::LoadChannels(const Channels::Keys& keys) {
    Channels::Found found;
    std::map<v1::Provider, std::vector<std::string>> routes;
    for (const ChannelKey& key : keys) {
        if (const auto* route = std::get_if<RouteKey>(&key)) {
            routes[route->provider].push_back(route->key);
        } else {
            UNIBOX_RETURN_IF_ERROR(LoadChannel(key, found));
        }
    }
    for (const auto& [provider, route_keys] : routes) {
        UNIBOX_RETURN_IF_ERROR(LoadRoutes(provider, route_keys, found));
    }
    return found;
}

Status CachedDirectory::LoadChannel(const ChannelKey& key, Channels::Found& found) {
    const auto* by_token = std::get_if<TokenKey>(&key);
    const auto* by_id = std::get_if<IdKey>(&key);
    const auto info = by_token != nullptr ? directory_.ChannelByToken(by_token->token_hash)
                                          : directory_.ChannelById(by_id->tenant, by_id->channel);
    if (info.status().code() == Code::kNotFound) return {};
    if (info.ok()) found.emplace(key, ToChannel(*info));
    return info.status();
}

Status CachedDirectory::LoadRoutes(
    v1::Provider provider, const std::vector<std::string>& route_keys, Channels::Found& found
) {
    for (std::size_t at = 0; at < route_keys.size(); at += kRouteKeysPerQueryMax) {
        const std::size_t count = std::min(kRouteKeysPerQueryMax, route_keys.size() - at);
        const auto begin = route_keys.begin() + static_cast<std::ptrdiff_t>(at);
        UNIBOX_ASSIGN_OR_RETURN(
            const auto routed,
            directory_.ChannelsByRoute(
                provider, {begin, begin + static_cast<std::ptrdiff_t>(count)}
            )
        );
        for (const store::RoutedChannel& one : routed) {
            found[RouteKey{provider, one.route_key}] = ToChannel(one.channel);
        }
    }
    return {};
}

ChannelPtr CachedDirectory::ToChannel(const store::ChannelInfo& info) {
    auto channel = std::make_shared<Channel>();
    channel->tenant = info.tenant;
    channel->id = info.channel;
    channel->provider = info.provider;
    channel->route_key = info.route_key;
    channel->public_base_url = info.public_base_url;
    channel->app_id = info.app_id;
    channel->secrets_valid_until_ms = info.secrets_valid_until_ms;
    channel->rate_per_s = info.ingest_rate_per_s;
    channel->burst = info.ingest_burst;
    channel->disabled = info.disabled;
    channel->secrets_incomplete =
        !Unseal(info.sealed_secrets, "channel:" + info.channel.ToString(), &channel->secrets);
    return channel;
}

bool CachedDirectory::Unseal(
    const std::vector<std::string>& sealed,
    const std::string& additional_data,
    std::vector<Secret>* secrets
) {
    bool complete = true;
    for (const std::string& one : sealed) {
        auto opened = box_.Open(one, additional_data);
        if (!opened.ok()) {
            complete = false;
            unseal_failures_.Add();
            obs::Log(
                obs::Level::kError,
                "a secret cannot be unsealed",
                {{"of", additional_data}, {"error", opened.status()}}
            );
        } else if (!opened->empty()) {
            secrets->push_back(std::move(*opened));
        }
    }
    return complete;
}

Result<CachedDirectory::AppsOfSources::Found> CachedDirectory::LoadApps(
    const AppsOfSources::Keys& sources
) {
    AppsOfSources::Found found;
    for (const domain::WebhookSource* source : sources) {
        UNIBOX_ASSIGN_OR_RETURN(const auto apps, directory_.Apps(source->url_name));
        if (apps.empty()) continue;
        auto loaded = std::make_shared<ProviderApps>();
        for (const store::ProviderApp& app : apps) {
            const std::string additional_data = "app:" + app.app_id.ToString();
            auto& own = loaded->apps.emplace_back();
            own.app_id = app.app_id;
            own.secrets_valid_until_ms = app.secrets_valid_until_ms;
            loaded->secrets_incomplete |=
                !Unseal(app.sealed_secrets, additional_data, &own.secrets);
            loaded->verify_tokens_incomplete |=
                !Unseal({app.verify_token_sealed}, additional_data, &loaded->verify_tokens);
        }
        found.emplace(source, std::move(loaded));
    }
    return found;
}

}  // namespace unibox::ingest
