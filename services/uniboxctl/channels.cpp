// uniboxctl channels: what exists.
#include "crypto/hash.hpp"
#include "domain/hook_url.hpp"
#include "domain/provider.hpp"
#include "store/admin/channel_rules.hpp"
#include "store/admin/objects.hpp"
#include "uniboxctl/context.hpp"
#include "uniboxctl/options.hpp"
#include "uniboxctl/verbs.hpp"

#include <CLI/CLI.hpp>

namespace unibox::ctl {
namespace {

constexpr std::int32_t kTenantsPerPage = 500;

struct Options {
    std::string tenant;
    std::int64_t count_max = 1000;
};

// The URL, as far as it can be known: the token is stored as a hash alone.
std::string WebhookUrl(
    Context& context, const store::ChannelRow& row, const domain::ProviderTraits& provider
) {
    const std::string& own = row.spec.public_base_url;
    std::string token;
    if (row.spec.token_hash.has_value()) {
        const auto box = context.Box();
        if (box.ok()) token = store::DerivedChannelToken(**box, row.channel);
        if (crypto::Sha256(token) != *row.spec.token_hash) token = "(token)";
    }
    return domain::UrlToEnter(
        own.empty() ? context.settings().public_base_url : own, provider.source, token
    );
}

Status AddRows(Context& context, pg::Pool& pool, TenantId tenant, Table& table) {
    UNIBOX_ASSIGN_OR_RETURN(const auto rows, store::ListChannels(pool, tenant));
    for (const store::ChannelRow& row : rows) {
        // nullptr: a later version has written it.
        const auto* provider = domain::FindProvider(row.spec.provider);
        table.Add(
            {row.tenant_slug,
             row.spec.slug,
             std::string(provider != nullptr ? provider->name : ""),
             row.channel.ToString(),
             row.spec.route_key,
             row.app_slug,
             std::int64_t{row.live_secret_count},
             std::string(row.spec.disabled ? "disabled" : "enabled"),
             provider != nullptr ? WebhookUrl(context, row, *provider) : std::string()}
        );
    }
    return {};
}

Status List(Context& context, const Options& options) {
    UNIBOX_ASSIGN_OR_RETURN(pg::Pool * pool, context.Database());
    Table table(
        {"tenant",
         "channel",
         "provider",
         "channel_id",
         "route",
         "app",
         "live_secrets",
         "state",
         "webhook_url"}
    );
    if (!options.tenant.empty()) {
        UNIBOX_ASSIGN_OR_RETURN(const auto tenant, store::FindTenant(*pool, options.tenant));
        UNIBOX_RETURN_IF_ERROR(AddRows(context, *pool, tenant.tenant, table));
        context.Print(Answer().Add("channels", std::move(table)));
        return {};
    }
    TenantId after{0};
    const auto count_max = static_cast<std::size_t>(options.count_max);
    for (bool more = true; more && table.size() < count_max;) {
        UNIBOX_ASSIGN_OR_RETURN(
            const auto tenants, store::ListTenants(*pool, after, kTenantsPerPage)
        );
        for (const store::TenantRow& tenant : tenants) {
            if (table.size() >= count_max) break;
            UNIBOX_RETURN_IF_ERROR(AddRows(context, *pool, tenant.tenant, table));
            after = tenant.tenant;
        }
        more = tenants.size() == static_cast<std::size_t>(kTenantsPerPage);
    }
    context.Print(Answer().Add("channels", std::move(table)));
    return {};
}

}  // namespace

void AddChannels(CLI::App& app, Action& action) {
    auto* verb = app.add_subcommand("channels", "Lists channels with their webhook URLs");
    const auto options = std::make_shared<Options>();
    verb->add_option("--tenant", options->tenant, "Only this tenant's");
    verb->add_option("--limit", options->count_max, "Stop after about so many")
        ->check(WholeNumber(1, 1'000'000))
        ->capture_default_str();
    verb->footer("Example: uniboxctl channels --tenant demo --output json");
    verb->callback([options, &action] {
        action = [options](Context& context) { return List(context, *options); };
    });
}

}  // namespace unibox::ctl
