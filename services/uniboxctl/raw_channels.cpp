// For whom an event of a kept webhook is: as webhook-ingest would choose, and what the operator
// knows better.
#include "uniboxctl/raw_channels.hpp"

#include "channels/account_routes.hpp"
#include "channels/address.hpp"
#include "store/admin/objects.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <set>

namespace unibox::ctl {
namespace {

bool IsSignedBy(const event::v1::RawWebhook& webhook, const std::optional<Uuid>& app_id) {
    const auto& signers = webhook.app_ids();
    return app_id && std::find(signers.begin(), signers.end(), app_id->ToBytes()) != signers.end();
}

Status OtherApp(
    pg::Pool& pool,
    const event::v1::RawWebhook& webhook,
    const std::string& route_key,
    const std::optional<Uuid>& app_id
) {
    if (!app_id) return NotFound("the channel of the route " + route_key + " has no app");
    UNIBOX_ASSIGN_OR_RETURN(const auto apps, store::FindProviderApps(pool, webhook.provider()));
    for (const store::ProviderApp& app : apps) {
        if (app.app_id != *app_id) continue;
        return NotFound(fmt::format(
            "another app has the route {}: {}. If it signed the webhook, replay it with --app {}",
            route_key,
            app.slug,
            app.slug
        ));
    }
    return NotFound("another app has the route " + route_key);
}

Result<store::ChannelInfo> ChannelOfRecord(
    pg::Pool& pool, const event::v1::RawWebhook& webhook, channels::ProviderEvent& event
) {
    UNIBOX_ASSIGN_OR_RETURN(const Uuid id, Uuid::FromBytes(webhook.channel_id()));
    UNIBOX_ASSIGN_OR_RETURN(
        auto channel, store::FindChannel(pool, TenantId{webhook.tenant_id()}, ChannelId{id})
    );
    if (channel.disabled) return NotFound("the channel is disabled");
    if (channels::TakesByUrl(channel.provider, channel.route_key, &event)) return channel;
    return NotFound("the channel does not have the route " + event.route_key);
}

// Whose numbers --route names. A webhook may tell of several accounts, also of different tenants.
Result<std::string> AccountOf(
    const AccountRoutesGiven& given, const std::vector<channels::ProviderEvent>& events
) {
    std::set<std::string> accounts;
    for (const channels::ProviderEvent& event : events) {
        if (channels::AccountRoutes::IsNotice(event)) accounts.insert(event.account_key);
    }
    if (accounts.contains(given.account)) return given.account;
    if (given.account.empty() && accounts.size() == 1) return *accounts.begin();
    if (accounts.empty()) {
        return FailedPrecondition("nothing in it is about an account whose numbers are not known")
            .WithField("route");
    }
    return FailedPrecondition(fmt::format(
                                  "say with --account whose numbers the routes are, one of {}",
                                  fmt::join(accounts, ", ")
                              ))
        .WithField("account");
}

}  // namespace

Result<store::ChannelInfo> ChannelOf(
    pg::Pool& pool, const event::v1::RawWebhook& webhook, channels::ProviderEvent& event
) {
    if (!webhook.channel_id().empty()) return ChannelOfRecord(pool, webhook, event);
    if (channels::AccountRoutes::IsNotice(event)) {
        return NotFound(fmt::format(
            "it is about the account {}, and does not name its numbers: replay it with --route for "
            "each of them that has a channel",
            event.account_key
        ));
    }
    if (event.route_key.empty()) return NotFound("it names no route, and came by no channel's URL");
    Status why = NotFound("no channel has the route " + event.route_key);
    for (const v1::Provider provider : {event.provider, event.alternative_provider}) {
        if (provider == v1::PROVIDER_UNSPECIFIED) continue;
        UNIBOX_ASSIGN_OR_RETURN(
            auto routed, store::FindChannelsByRoute(pool, provider, {event.route_key})
        );
        if (routed.empty()) continue;
        store::ChannelInfo& channel = routed.front().channel;
        if (!IsSignedBy(webhook, channel.app_id)) {
            return OtherApp(pool, webhook, event.route_key, channel.app_id);
        }
        if (!channel.disabled) {
            event.provider = provider;
            return std::move(channel);
        }
        why = NotFound("the channel of the route " + event.route_key + " is disabled");
    }
    return why;
}

Status SetApp(pg::Pool& pool, const std::string& name, event::v1::RawWebhook* webhook) {
    if (!webhook->channel_id().empty()) {
        return FailedPrecondition("the webhook came by a channel's own URL: no app signed it")
            .WithField("app");
    }
    UNIBOX_ASSIGN_OR_RETURN(const store::AppRow app, store::FindApp(pool, name));
    if (app.spec.provider != webhook->provider()) {
        return FailedPrecondition(fmt::format(
                                      "{} is an app of {}, the webhook is of {}",
                                      name,
                                      app.spec.provider,
                                      webhook->provider()
                                  ))
            .WithField("app");
    }
    webhook->clear_app_ids();
    webhook->add_app_ids(app.app_id.ToBytes());
    return {};
}

Status ResolveAccounts(
    const event::v1::RawWebhook& webhook,
    const AccountRoutesGiven& given,
    std::vector<channels::ProviderEvent>& events
) {
    const bool by_url = !webhook.channel_id().empty();
    if (!by_url) channels::AccountRoutes().Resolve(events);
    if (given.routes.empty()) return {};
    if (by_url) {
        return FailedPrecondition("it came by a channel's own URL, and is for that channel")
            .WithField("route");
    }
    UNIBOX_ASSIGN_OR_RETURN(const std::string account, AccountOf(given, events));
    std::vector<channels::ProviderEvent> resolved;
    for (channels::ProviderEvent& event : events) {
        if (!channels::AccountRoutes::IsNotice(event) || event.account_key != account) {
            resolved.push_back(std::move(event));
            continue;
        }
        for (const std::string& route : given.routes) {
            resolved.push_back(event);
            resolved.back().route_key = route;
        }
    }
    events = std::move(resolved);
    return {};
}

}  // namespace unibox::ctl
