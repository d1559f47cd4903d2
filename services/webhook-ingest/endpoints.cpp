#include "webhook-ingest/endpoints.hpp"

#include "base/strings.hpp"
#include "crypto/hash.hpp"
#include "obs/log.hpp"
#include "webhook-ingest/flows.hpp"

#include <array>
#include <map>
#include <unordered_map>

namespace unibox::ingest {
namespace {

constexpr std::size_t kRouteKeysPerQueryMax = 1'000;  // store::FindChannelsByRoute's limit.

// Keys of the channel cache begin with what they are looked up by.
constexpr char kByToken = 'T';
constexpr char kById = 'I';
constexpr char kByRoute = 'R';

std::string RouteCacheKey(const RouteKey& route) {
    return kByRoute + std::to_string(static_cast<int>(route.provider)) + ":" + route.key;
}

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

template <typename Value>
std::function<void(std::vector<Result<std::shared_ptr<const Value>>>)> First(
    std::function<void(Result<std::shared_ptr<const Value>>)> done
) {
    return [done = std::move(done)](std::vector<Result<std::shared_ptr<const Value>>> results) {
        done(std::move(results.front()));
    };
}

async::Asker Stranger(std::string_view address) {
    return {FlowOfNetwork(address), true};
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

Endpoints::Endpoints(
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
          [this](const std::vector<std::string>& keys) { return LoadChannels(keys); },
          [this](const Endpoint& endpoint) {
              return clock_.UnixMillis() >= endpoint.secrets_valid_until_ms;
          },
          CountOf("channels")
      ),
      apps_(
          settings,
          clock,
          lanes,
          [this](const std::vector<std::string>& keys) { return LoadApps(keys); },
          [this](const ProviderApps& provider) {
              const std::int64_t now_ms = clock_.UnixMillis();
              return std::any_of(
                  provider.apps.begin(),
                  provider.apps.end(),
                  [now_ms](const auto& app) { return now_ms >= app.secrets_valid_until_ms; }
              );
          },
          CountOf("apps")
      ) {
    metrics.OnCollect([this,
                       &known = metrics.GetGauge(
                           "unibox_ingest_channels_cached", "Channels in the cache."
                       )] { known.Set(static_cast<double>(channels_.positive_count())); });
}

async::LookupCache<std::string, Endpoint>::Count Endpoints::CountOf(std::string_view cache) {
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

void Endpoints::ByToken(
    std::string_view token, std::string_view address, std::function<void(Result<EndpointPtr>)> done
) {
    channels_.Get(
        {kByToken + crypto::Sha256(token)}, Stranger(address), First<Endpoint>(std::move(done))
    );
}

void Endpoints::ById(
    TenantId tenant, ChannelId channel, std::function<void(Result<EndpointPtr>)> done
) {
    channels_.Get(
        {kById + tenant.ToString() + ":" + channel.ToString()},
        {FlowOf(tenant), false},
        First<Endpoint>(std::move(done))
    );
}

void Endpoints::ByRoutes(
    Uuid app,
    const std::vector<RouteKey>& routes,
    std::function<void(std::vector<Result<EndpointPtr>>)> done
) {
    std::vector<std::string> keys;
    keys.reserve(routes.size());
    for (const RouteKey& route : routes) keys.push_back(RouteCacheKey(route));
    channels_.Get(keys, {FlowOf(app), false}, std::move(done));
}

void Endpoints::Apps(std::string_view provider, std::function<void(Result<ProviderAppsPtr>)> done) {
    apps_.Get({std::string(provider)}, {}, First<ProviderApps>(std::move(done)));
}

void Endpoints::Forget() {
    channels_.Forget();
    apps_.Forget();
}

std::span<const Secret> Endpoints::LiveSecrets(const Endpoint& endpoint, std::int64_t now_ms) {
    return Live(endpoint.secrets, endpoint.secrets_valid_until_ms, now_ms);
}

AppSecrets Endpoints::LiveSecrets(const ProviderApps& provider, std::int64_t now_ms) {
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

Result<Endpoints::ChannelFound> Endpoints::LoadChannels(const std::vector<std::string>& keys) {
    ChannelFound found;
    std::vector<std::string> routes;
    for (const std::string& key : keys) {
        if (key.front() == kByRoute) {
            routes.push_back(key);
            continue;
        }
        Result<store::ChannelInfo> info;
        if (key.front() == kByToken) {
            info = directory_.ChannelByToken(std::string_view(key).substr(1));
        } else {
            const std::size_t colon = key.find(':');
            const auto tenant = ParseInt64(std::string_view(key).substr(1, colon - 1));
            UNIBOX_ASSIGN_OR_RETURN(
                const Uuid channel, Uuid::Parse(std::string_view(key).substr(colon + 1))
            );
            info = directory_.ChannelById(TenantId{tenant.value_or(0)}, ChannelId{channel});
        }
        if (info.ok()) {
            found.emplace(key, ToEndpoint(*info));
        } else if (info.status().code() != Code::kNotFound) {
            return info.status();
        }
    }
    UNIBOX_RETURN_IF_ERROR(LoadRoutes(routes, &found));
    return found;
}

Status Endpoints::LoadRoutes(const std::vector<std::string>& keys, ChannelFound* found) {
    std::map<v1::Provider, std::vector<std::string>> by_provider;
    for (const std::string& key : keys) {
        const std::size_t colon = key.find(':');
        const auto provider = ParseInt64(std::string_view(key).substr(1, colon - 1));
        by_provider[static_cast<v1::Provider>(provider.value_or(0))].push_back(key.substr(colon + 1)
        );
    }
    for (const auto& [provider, all] : by_provider) {
        for (std::size_t at = 0; at < all.size(); at += kRouteKeysPerQueryMax) {
            const std::size_t count = std::min(kRouteKeysPerQueryMax, all.size() - at);
            const auto begin = all.begin() + static_cast<std::ptrdiff_t>(at);
            UNIBOX_ASSIGN_OR_RETURN(
                const auto routed,
                directory_.ChannelsByRoute(
                    provider, {begin, begin + static_cast<std::ptrdiff_t>(count)}
                )
            );
            for (const store::RoutedChannel& one : routed) {
                (*found)[RouteCacheKey({provider, one.route_key})] = ToEndpoint(one.channel);
            }
        }
    }
    return {};
}

EndpointPtr Endpoints::ToEndpoint(const store::ChannelInfo& info) {
    auto endpoint = std::make_shared<Endpoint>();
    endpoint->tenant = info.tenant;
    endpoint->channel = info.channel;
    endpoint->provider = info.provider;
    endpoint->route_key = info.route_key;
    endpoint->public_base_url = info.public_base_url;
    endpoint->app_id = info.app_id;
    endpoint->secrets_valid_until_ms = info.secrets_valid_until_ms;
    endpoint->rate_per_s = info.ingest_rate_per_s;
    endpoint->burst = info.ingest_burst;
    endpoint->disabled = info.disabled;
    endpoint->secrets_incomplete =
        !Unseal(info.sealed_secrets, "channel:" + info.channel.ToString(), &endpoint->secrets);
    return endpoint;
}

bool Endpoints::Unseal(
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

Result<async::LookupCache<std::string, ProviderApps>::Found> Endpoints::LoadApps(
    const std::vector<std::string>& keys
) {
    async::LookupCache<std::string, ProviderApps>::Found found;
    for (const std::string& provider : keys) {
        UNIBOX_ASSIGN_OR_RETURN(const auto apps, directory_.Apps(provider));
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
        found.emplace(provider, std::move(loaded));
    }
    return found;
}

}  // namespace unibox::ingest
