// uniboxctl audit: who changed what.
#include "store/admin/audit.hpp"

#include "base/strings.hpp"
#include "base/time_text.hpp"
#include "store/admin/objects.hpp"
#include "uniboxctl/context.hpp"
#include "uniboxctl/options.hpp"
#include "uniboxctl/verbs.hpp"

#include <CLI/CLI.hpp>

#include <algorithm>

namespace unibox::ctl {
namespace {

constexpr std::size_t kDateSize = 10;  // 2026-11-30

struct Options {
    std::string tenant;
    std::string since;
    std::int64_t count_max = 100;
};

// A date, a time in RFC 3339 (without a zone: UTC), or how long ago: 90m, 24h, 7d. 0: none of them.
std::int64_t SinceMs(const std::string& text) {
    if (text.empty()) return 0;
    const auto number = ParseInt64(std::string_view(text).substr(0, text.size() - 1));
    if (number && *number >= 0 && *number <= 100'000) {
        const std::int64_t minute_ms = 60'000;
        switch (text.back()) {
            case 'm':
                return NowMs() - *number * minute_ms;
            case 'h':
                return NowMs() - *number * 60 * minute_ms;
            case 'd':
                return NowMs() - *number * 24 * 60 * minute_ms;
            default:
                return 0;
        }
    }
    const std::string time = text.size() == kDateSize ? text + "T00:00:00Z" : text;
    return std::max<std::int64_t>(ParseRfc3339(time, Rfc3339::kLenient).value_or(0), 0);
}

Cell JsonCell(const std::string& json) {
    return Json{json.empty() ? "null" : json};
}

Status List(Context& context, const Options& options) {
    UNIBOX_ASSIGN_OR_RETURN(pg::Pool * pool, context.Database());
    store::AuditFilter filter;
    filter.since_ms = SinceMs(options.since);
    filter.count_max = static_cast<std::int32_t>(options.count_max);
    if (!options.tenant.empty()) {
        UNIBOX_ASSIGN_OR_RETURN(const auto tenant, store::FindTenant(*pool, options.tenant));
        filter.tenant = tenant.tenant;
    }
    UNIBOX_ASSIGN_OR_RETURN(const auto rows, store::ListAudit(*pool, filter));
    Table table(
        {"id",
         "at",
         "actor",
         "verb",
         "tenant_id",
         "kind",
         "name",
         "old",
         "new",
         "outcome",
         "object",
         "request_id",
         "db_user",
         "client"}
    );
    for (const store::AuditRow& row : rows) {
        const auto& tenant = row.entry.tenant;
        table.Add(
            {row.id,
             TimeText(row.at_ms),
             row.actor,
             row.verb,
             tenant ? Cell(tenant->value) : Cell(Json{"null"}),
             row.entry.kind,
             row.name.empty() ? row.entry.object : row.name,
             JsonCell(row.entry.old_json),
             JsonCell(row.entry.new_json),
             row.entry.outcome,
             row.entry.object,
             row.request_id,
             row.db_user,
             row.client}
        );
    }
    context.Print(Answer().Add("audit", std::move(table)));
    return {};
}

}  // namespace

void AddAudit(CLI::App& app, Action& action) {
    auto* verb = app.add_subcommand("audit", "Who changed what: tenants, channels, streams, …");
    verb->require_subcommand(1);
    const auto options = std::make_shared<Options>();
    auto* list = verb->add_subcommand("list", "The newest first");
    list->add_option("--tenant", options->tenant, "Of this tenant alone");
    list->add_option("--since", options->since, "A date, a time (UTC), or how long ago: 24h, 7d")
        ->check(CLI::Validator(
            [](const std::string& text) {
                if (SinceMs(text) > 0) return std::string();
                return "\"" + text + "\" must be like 2026-11-30, 2026-11-30T08:00:00Z or 24h";
            },
            "TIME"
        ));
    list->add_option("--limit", options->count_max, "At most so many")
        ->check(WholeNumber(1, 100'000))
        ->capture_default_str();
    verb->footer(
        "A row for each object that was changed, kept for 12 months at least. Of secrets it says "
        "only\n"
        "that they changed.\n"
        "Example: uniboxctl audit list --tenant demo --since 7d"
    );
    list->callback([options, &action] {
        action = [options](Context& context) { return List(context, *options); };
    });
}

}  // namespace unibox::ctl
