// uniboxctl tenants: which there are, and their settings.
#include "store/admin/objects.hpp"
#include "uniboxctl/context.hpp"
#include "uniboxctl/options.hpp"
#include "uniboxctl/verbs.hpp"

#include <CLI/CLI.hpp>

namespace unibox::ctl {
namespace {

constexpr std::int64_t kTenantsPerPage = 500;

struct Options {
    std::int64_t count_max = 1000;
    std::int64_t after = 0;
};

Status List(Context& context, const Options& options) {
    UNIBOX_ASSIGN_OR_RETURN(pg::Pool * pool, context.Database());
    Table table(
        {"tenant",
         "tenant_id",
         "display_name",
         "ingest_rate_per_s",
         "ingest_burst",
         "api_limits",
         "state"}
    );
    TenantId after{options.after};
    const auto count_max = static_cast<std::size_t>(options.count_max);
    for (bool more = true; more && table.size() < count_max;) {
        const auto left = static_cast<std::int64_t>(count_max - table.size());
        const auto wanted = static_cast<std::int32_t>(std::min(left, kTenantsPerPage));
        UNIBOX_ASSIGN_OR_RETURN(const auto tenants, store::ListTenants(*pool, after, wanted));
        for (const store::TenantRow& row : tenants) {
            after = row.tenant;
            table.Add(
                {row.spec.slug,
                 row.tenant.value,
                 row.spec.name,
                 std::int64_t{row.spec.ingest_rate_per_s},
                 std::int64_t{row.spec.ingest_burst},
                 row.spec.api_limits,
                 std::string(row.spec.disabled ? "disabled" : "enabled")}
            );
        }
        more = tenants.size() == static_cast<std::size_t>(wanted);
    }
    context.Print(Answer().Add("tenants", std::move(table)));
    return {};
}

}  // namespace

void AddTenants(CLI::App& app, Action& action) {
    auto* verb = app.add_subcommand("tenants", "Lists tenants with their settings");
    const auto options = std::make_shared<Options>();
    verb->add_option("--after", options->after, "Only those with a higher tenant id")
        ->check(WholeNumber(0));
    verb->add_option("--limit", options->count_max, "Stop after so many")
        ->check(WholeNumber(1, 1'000'000))
        ->capture_default_str();
    verb->footer("Example: uniboxctl tenants --limit 100 --after 4711");
    verb->callback([options, &action] {
        action = [options](Context& context) { return List(context, *options); };
    });
}

}  // namespace unibox::ctl
