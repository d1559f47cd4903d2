// Who a webhook belongs to and which secrets it may be signed with: channels by token, by route or
// by id, provider apps. Look-ups go to a Directory (PostgreSQL) through caches; secrets
// are unsealed when they are loaded.
// Thread safety: any thread. Callbacks run on the calling thread, on a thread of the lanes, or on
// that of another call whose look-up took the place of this one.
#pragma once

#include "async/lookup_cache.hpp"
#include "base/clock.hpp"
#include "base/ids.hpp"
#include "base/secret.hpp"
#include "crypto/sealed_box.hpp"
#include "domain/provider.hpp"
#include "obs/metrics.hpp"
#include "store/directory/lookups.hpp"
#include "unibox/v1/common.pb.h"

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace unibox::ingest {

// The blocking look-ups behind the caches. NOT_FOUND where the store says so.
class Directory {
public:
    virtual ~Directory() = default;
    virtual Result<store::ChannelInfo> ChannelByToken(std::string_view token_hash) = 0;
    virtual Result<store::ChannelInfo> ChannelById(TenantId tenant, ChannelId channel) = 0;
    virtual Result<std::vector<store::RoutedChannel>> ChannelsByRoute(
        v1::Provider provider, const std::vector<std::string>& route_keys
    ) = 0;
    virtual Result<std::vector<store::ProviderApp>> Apps(std::string_view provider) = 0;
};

// The directory of the store; `pool` must outlive it.
std::unique_ptr<Directory> MakeStoreDirectory(pg::Pool& pool);

struct Channel {
    TenantId tenant;
    ChannelId id;
    v1::Provider provider = v1::PROVIDER_UNSPECIFIED;
    std::string route_key;
    std::string public_base_url;
    std::optional<Uuid> app_id;   // Whose webhooks reach it by its route; absent: nobody's.
    std::vector<Secret> secrets;  // Newest first; those that could be unsealed.
    bool secrets_incomplete = false;
    std::int64_t secrets_valid_until_ms = 0;
    std::int64_t rate_per_s = 0;
    std::int64_t burst = 0;
    bool disabled = false;
};
using ChannelPtr = std::shared_ptr<const Channel>;

// All apps of one provider: which of them sent a webhook is only known by the secret that matches.
// Incomplete: one could not be unsealed, so that no match proves nothing.
struct ProviderApps {
    struct App {
        Uuid app_id;
        std::vector<Secret> secrets;  // As a Channel's.
        std::int64_t secrets_valid_until_ms = 0;
    };
    std::vector<App> apps;
    bool secrets_incomplete = false;
    std::vector<Secret> verify_tokens;
    bool verify_tokens_incomplete = false;
};
// The secrets of several apps, each once: all apps that have it signed what it verifies. An app may
// be written down twice, under an old name too; nothing tells which of the two was meant.
struct AppSecrets {
    struct Holders {
        std::vector<Uuid> app_ids;  // In the order of the apps; never empty.
        bool newest = false;        // Of at least one of them.
    };
    std::vector<Secret> secrets;
    std::vector<Holders> holders;  // Of secrets[i].
};
using ProviderAppsPtr = std::shared_ptr<const ProviderApps>;

// By what a channel is found.
struct TokenKey {
    std::string token_hash;
    bool operator==(const TokenKey&) const = default;
};
struct IdKey {
    TenantId tenant;
    ChannelId channel;
    bool operator==(const IdKey&) const = default;
};
struct RouteKey {
    v1::Provider provider = v1::PROVIDER_UNSPECIFIED;
    std::string key;
    auto operator<=>(const RouteKey&) const = default;
};
using ChannelKey = std::variant<TokenKey, IdKey, RouteKey>;

struct ChannelKeyHash {
    std::size_t operator()(const ChannelKey& key) const;
};

class CachedDirectory {
public:
    // All references must outlive the object; the lanes must be stopped before it dies.
    CachedDirectory(
        const async::LookupSettings& settings,
        Directory& directory,
        const crypto::SealedBox& box,
        const async::LookupLanes& lanes,
        const Clock& clock,
        obs::Metrics& metrics
    );

    // Results: NOT_FOUND, or UNAVAILABLE and the like when it cannot be known now.
    // The address is the client's, who has proven nothing yet.
    void ByToken(
        std::string_view token,
        std::string_view address,
        std::function<void(Result<ChannelPtr>)> done
    );
    void ById(TenantId tenant, ChannelId channel, std::function<void(Result<ChannelPtr>)> done);
    // `app`: whose signature the routes came with.
    void ByRoutes(
        Uuid app,
        const std::vector<RouteKey>& routes,
        std::function<void(std::vector<Result<ChannelPtr>>)> done
    );
    void Apps(
        const domain::WebhookSource& source, std::function<void(Result<ProviderAppsPtr>)> done
    );

    // Something was changed in the directory: everything must be confirmed before it is served.
    void Forget();

    // The secrets of a channel, or of each app, that may still be used: when the first of them
    // has ended and no newer answer could be had, only the newest of several.
    static std::span<const Secret> LiveSecrets(const Channel& channel, std::int64_t now_ms);
    static AppSecrets LiveSecrets(const ProviderApps& apps, std::int64_t now_ms);

private:
    using Channels = async::LookupCache<ChannelKey, Channel, ChannelKeyHash>;
    using AppsOfSources = async::LookupCache<const domain::WebhookSource*, ProviderApps>;

    Result<Channels::Found> LoadChannels(const Channels::Keys& keys);
    Status LoadChannel(const ChannelKey& key, Channels::Found& found);
    Status LoadRoutes(
        v1::Provider provider, const std::vector<std::string>& route_keys, Channels::Found& found
    );
    Result<AppsOfSources::Found> LoadApps(const AppsOfSources::Keys& sources);
    // Whether secrets may have ended, so that they must be asked for again.
    bool HasEnded(const Channel& channel) const;
    bool HasEnded(const ProviderApps& provider) const;
    std::function<void(async::LookupOutcome)> CountOf(std::string_view cache);
    void WatchCount();
    ChannelPtr ToChannel(const store::ChannelInfo& info);
    // False: not all of them could be unsealed.
    bool Unseal(
        const std::vector<std::string>& sealed,
        const std::string& additional_data,
        std::vector<Secret>* secrets
    );

    Directory& directory_;
    const crypto::SealedBox& box_;
    const Clock& clock_;
    obs::Metrics& metrics_;
    obs::Counter& unseal_failures_;
    Channels channels_;
    AppsOfSources apps_;
};

}  // namespace unibox::ingest
