// uniboxctl migrate: brings the schema to this build's.
#include "store/schema/migrate.hpp"

#include "uniboxctl/context.hpp"
#include "uniboxctl/options.hpp"
#include "uniboxctl/verbs.hpp"

#include <CLI/CLI.hpp>

namespace unibox::ctl {
namespace {

// A migration may rewrite a table; only lock waits are short.
constexpr std::int64_t kStatementTimeoutMs = 3'600'000;

struct Options {
    std::string folder;
    std::int64_t lock_timeout_ms = 2000;
};

Status Migrate(Context& context, const Options& options) {
    pg::Settings settings = context.settings().postgres;
    settings.statement_timeout_ms = kStatementTimeoutMs;
    settings.io_timeout_ms = kStatementTimeoutMs;
    UNIBOX_ASSIGN_OR_RETURN(auto session, pg::Session::Create(settings, context.metrics()));
    std::vector<store::Migration> migrations = store::EmbeddedMigrations();
    if (!options.folder.empty()) {
        UNIBOX_ASSIGN_OR_RETURN(migrations, store::ReadMigrations(options.folder));
    }
    store::MigrateOptions how;
    how.lock_timeout = Millis(options.lock_timeout_ms);
    UNIBOX_ASSIGN_OR_RETURN(const auto report, store::Migrate(*session, migrations, how));
    Table applied({"migration"});
    for (const std::string& name : report.applied) applied.Add({name});
    context.Print(Answer()
                      .Add("applied", std::move(applied))
                      .Add("version", std::int64_t{report.version})
                      .Add("partitions_made", std::int64_t{report.partitions_made}));
    return {};
}

}  // namespace

void AddMigrate(CLI::App& app, Action& action) {
    auto* verb = app.add_subcommand("migrate", "Applies the missing migrations; safe to repeat");
    const auto options = std::make_shared<Options>();
    verb->add_option(
        "--folder", options->folder, "Migrations of this folder, not the built-in ones"
    );
    verb->add_option("--lock-timeout-ms", options->lock_timeout_ms, "Longest wait for a table lock")
        ->check(WholeNumber(100, 600'000))
        ->capture_default_str();
    verb->footer(
        "postgres.url must lead to a superuser, or to the database's owner with CREATEROLE.\n"
        "Example: UNIBOX_POSTGRES_URL_FILE=owner.url uniboxctl migrate"
    );
    verb->callback([options, &action] {
        action = [options](Context& context) { return Migrate(context, *options); };
    });
}

}  // namespace unibox::ctl
