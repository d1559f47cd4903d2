// Channels: a part of MakePlan.
#include "crypto/hash.hpp"
#include "store/admin/channel_rules.hpp"
#include "store/admin/specs.hpp"
#include "uniboxctl/planner.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>

namespace unibox::ctl {
namespace {

v1::Provider ProviderOf(const ChannelPlan& channel) {
    return channel.write.spec.provider;
}

template <typename Visit>
void ForEachChannel(const Plan& plan, const Visit& visit) {
    for (const TenantPlan& tenant : plan.tenants) {
        for (const ChannelPlan& channel : tenant.channels) visit(channel);
    }
}

}  // namespace

std::string Planner::AppName(const std::optional<Uuid>& app_id) const {
    if (!app_id) return "";
    for (const auto& [name, app] : apps_) {
        if (app.app_id == *app_id) return name;
    }
    return "(disabled)";
}

std::vector<std::string> Planner::AppsOf(const domain::WebhookSource& source) const {
    std::vector<std::string> names;
    for (const auto& [name, app] : apps_) {
        if (app.provider == source.url_name) names.push_back(name);
    }
    return names;
}

// What the file does not say stays as it is in channel.write.spec.
void Planner::PlanSettings(ChannelPlan& channel, const store::StoredChannel* before) {
    const ChannelEntry& entry = *channel.entry;
    store::ChannelSpec& spec = channel.write.spec;
    if (before == nullptr && !entry.provider) {
        Mistake(entry, entry.line, "provider", "is missing");
    } else if (before != nullptr && entry.provider && *entry.provider != ProviderOf(channel)) {
        const std::string text = fmt::format(
            "the channel is of {}, which cannot be changed: make another channel",
            domain::ProviderName(ProviderOf(channel))
        );
        Mistake(entry, entry.provider.line, "provider", text);
    }
    if (entry.display_name) {
        const bool is_empty = entry.display_name->empty();
        Set(channel.fields, "display_name", spec.name, is_empty ? entry.name : *entry.display_name);
    }
    Set(channel.fields, "route", spec.route_key, entry.route.Or(spec.route_key));
    Set(channel.fields,
        "public_base_url",
        spec.public_base_url,
        entry.public_base_url.Or(spec.public_base_url));
    Set(channel.fields,
        "reopen_window_s",
        spec.reopen_window_s,
        entry.reopen_window_s.Or(spec.reopen_window_s));
    Set(channel.fields, "disabled", spec.disabled, entry.disabled.Or(spec.disabled));
}

// Whose signature the channel's route takes. Never guessed between several: the owner of one app
// could write into the channels of another's.
void Planner::PlanApp(
    ChannelPlan& channel, const store::StoredChannel* before, const domain::ProviderTraits& provider
) {
    const ChannelEntry& entry = *channel.entry;
    std::optional<Uuid> app_id = before != nullptr ? before->spec.app_id : std::nullopt;
    const bool names_one = entry.app && !entry.app->empty();
    const std::vector<std::string> names = AppsOf(provider.source);
    if (!provider.source.has_apps) {
        if (names_one) {
            const auto text = fmt::format("no app serves channels of {}", provider.name);
            Mistake(entry, entry.app.line, "app", text);
        }
    } else if (names_one && std::find(names.begin(), names.end(), *entry.app) != names.end()) {
        app_id = apps_.at(*entry.app).app_id;
    } else if (names_one) {
        Mistake(
            entry,
            entry.app.line,
            "app",
            fmt::format("there is no app {}; known: {}", *entry.app, fmt::join(names, ", "))
        );
    } else if (entry.app && channel.has_secret) {
        app_id.reset();
    } else if (entry.app) {
        Mistake(entry, entry.app.line, "app", "without an app it needs a secret of its own");
    } else if (!app_id && !channel.has_secret && names.size() == 1) {
        app_id = apps_.at(names.front()).app_id;
    } else if (!app_id && !channel.has_secret && names.size() > 1) {
        const auto text = fmt::format("say which app serves it, one of {}", fmt::join(names, ", "));
        Mistake(entry, entry.line, "app", text);
    }
    std::string shown = AppName(channel.write.spec.app_id);
    Set(channel.fields, "app", shown, AppName(app_id));
    channel.write.spec.app_id = app_id;
}

void Planner::PlanSecret(
    ChannelPlan& channel, const store::StoredChannel* before, const domain::ProviderTraits& provider
) {
    const ChannelEntry& entry = *channel.entry;
    const bool has_one = before != nullptr && !before->newest_fingerprint.empty();
    channel.has_secret = has_one || entry.secret;
    if (!channel.has_secret && !provider.source.has_apps) {
        Mistake(entry, entry.line, "secret", "is missing, and so is secret_file");
    } else if (!channel.has_secret && channel.write.spec.route_key.empty()) {
        const int line = entry.route ? entry.route.line : entry.line;
        Mistake(entry, line, "route", fmt::format("is missing: {}", provider.route));
    }
    if (!entry.secret) return;
    const Status usable = store::CheckChannelSecret(provider, *entry.secret);
    if (!usable.ok()) Mistake(entry, entry.secret.line, "secret", usable.message());
    const std::string fingerprint = box_.Fingerprint(*entry.secret);
    if (has_one && before->newest_fingerprint == fingerprint) return;
    channel.secret = has_one ? store::Change::kUpdated : store::Change::kCreated;
    channel.write.secret = store::NewSecret{
        box_.Seal(*entry.secret, store::ChannelSealingContext(channel.write.channel)), fingerprint};
}

// A channel with a secret of its own has a URL of its own.
void Planner::PlanToken(ChannelPlan& channel, const store::StoredChannel* before) {
    const ChannelEntry& entry = *channel.entry;
    std::optional<std::string>& hash = channel.write.spec.token_hash;
    if (!channel.has_secret) {
        if (entry.token && !entry.token->empty()) {
            Mistake(entry, entry.token.line, "token", "is of no use without a secret of its own");
        }
        return;
    }
    const bool names_one = entry.token && !entry.token->empty();
    const std::string token = names_one ? std::string(entry.token->Reveal())
                                        : store::DerivedChannelToken(box_, channel.write.channel);
    const std::string wanted = crypto::Sha256(token);
    if (hash && *hash != wanted && !entry.token) return;  // Made with an earlier key: it stays.
    channel.token = token;
    if (hash == wanted) return;
    if (before != nullptr && hash) SetSecret(channel.fields, "token");
    if (before != nullptr && !hash) {
        channel.fields.push_back({"token", std::string(), std::string("made")});
    }
    hash = wanted;
}

ChannelPlan Planner::PlanChannel(const ChannelEntry& entry, const store::StoredChannel* before) {
    ChannelPlan channel;
    channel.entry = &entry;
    store::ChannelSpec& spec = channel.write.spec;
    if (before != nullptr) {
        channel.write.channel = before->channel;
        channel.write.before = before->spec;
        channel.write.old_route_key = before->spec.route_key;
        channel.write.old_token_hash = before->spec.token_hash.value_or("");
        spec = before->spec;
    } else {
        channel.write.channel = ChannelId{NewUuidV7(now_ms_)};
        spec.slug = entry.name;
        spec.name = entry.name;
        spec.provider = entry.provider.Or(v1::PROVIDER_UNSPECIFIED);
    }
    if (entry.has_mistakes) return channel;
    PlanSettings(channel, before);
    const domain::ProviderTraits* provider = domain::FindProvider(ProviderOf(channel));
    if (provider == nullptr) {
        const std::string_view text = "was written by a later version of uniboxctl";
        if (before != nullptr) Mistake(entry, entry.line, "provider", text);
        return channel;
    }
    PlanSecret(channel, before, *provider);
    PlanApp(channel, before, *provider);
    PlanToken(channel, before);
    channel.write.change = ChangeOf(before == nullptr, channel.fields);
    return channel;
}

void Planner::CheckRoutes(const Plan& plan) {
    std::map<store::RouteKey, const ChannelPlan*> taken;
    std::map<Uuid, const ChannelPlan*> in_file;
    ForEachChannel(plan, [&](const ChannelPlan& channel) {
        in_file.emplace(channel.write.channel.value, &channel);
    });
    ForEachChannel(plan, [&](const ChannelPlan& channel) {
        const ChannelEntry& entry = *channel.entry;
        const store::RouteKey route{channel.write.spec.provider, channel.write.spec.route_key};
        if (entry.has_mistakes || route.route_key.empty()) return;
        const auto [other, is_free] = taken.emplace(route, &channel);
        if (!is_free) {
            const bool is_here = static_cast<bool>(entry.route);
            const Entry& at = is_here ? entry : *other->second->entry;
            const int line = is_here ? entry.route.line : other->second->entry->route.line;
            Mistake(at, line, "route", "another channel of this file has it already");
            return;
        }
        const auto holder = stored_.routes.find(route);
        if (holder == stored_.routes.end()) return;
        if (holder->second.object == channel.write.channel.value) return;
        if (in_file.contains(holder->second.object)) return;  // It gives it up, or was told above.
        const std::string text = fmt::format(
            "the route {} belongs to the channel {}",
            route.route_key,
            stored_.name_of(holder->second)
        );
        Mistake(entry, entry.route.line, "route", text);
    });
}

void Planner::CheckTokens(const Plan& plan) {
    std::set<std::string> taken;
    std::map<Uuid, const ChannelPlan*> in_file;
    ForEachChannel(plan, [&](const ChannelPlan& channel) {
        in_file.emplace(channel.write.channel.value, &channel);
    });
    ForEachChannel(plan, [&](const ChannelPlan& channel) {
        const ChannelEntry& entry = *channel.entry;
        const std::optional<std::string>& hash = channel.write.spec.token_hash;
        if (entry.has_mistakes || !hash) return;
        if (!taken.insert(*hash).second) {
            const int line = entry.token ? entry.token.line : entry.line;
            Mistake(entry, line, "token", "another channel of this file has it already");
            return;
        }
        const auto holder = stored_.tokens.find(*hash);
        if (holder == stored_.tokens.end()) return;
        if (holder->second.object == channel.write.channel.value) return;
        if (in_file.contains(holder->second.object)) return;
        const std::string text = "it belongs to the channel " + stored_.name_of(holder->second);
        Mistake(entry, entry.token.line, "token", text);
    });
}

}  // namespace unibox::ctl
