// uniboxctl apply: makes tenants.yaml true. Repeating it changes nothing.
//
// Reads the file and what is stored of it, plans, prints the plan, and writes it in one
// transaction: everything that is wrong is told before, and whatever ends it leaves all or nothing.
#include "domain/hook_url.hpp"
#include "store/admin/session.hpp"
#include "uniboxctl/apply_answer.hpp"
#include "uniboxctl/apply_plan.hpp"
#include "uniboxctl/context.hpp"
#include "uniboxctl/options.hpp"
#include "uniboxctl/secret_input.hpp"
#include "uniboxctl/stop_request.hpp"
#include "uniboxctl/tell_services.hpp"
#include "uniboxctl/tenants_file.hpp"
#include "uniboxctl/verbs.hpp"

#include <CLI/CLI.hpp>
#include <fmt/format.h>

namespace unibox::ctl {
namespace {

struct Options {
    std::string file;
    std::string public_base_url;
    std::string keys_file;
    std::int64_t overlap_hours = 24;
    std::int64_t wait_s = 600;
    bool dry_run = false;
};

// One apply at a time: the plan of another could not be true any more when it is written.
Status TakeLock(
    Context& context, store::AdminSession& session, const Options& options, const StopRequest& stop
) {
    const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(options.wait_s);
    for (bool first = true;; first = false) {
        UNIBOX_ASSIGN_OR_RETURN(const bool locked, session.Lock());
        if (locked) return {};
        if (first) context.Note("note: another apply is running; waiting for it to end");
        UNIBOX_RETURN_IF_ERROR(stop.Check());
        if (std::chrono::steady_clock::now() >= end) {
            return Status(Code::kAborted, "another apply is still running: try again later")
                .WithReason("APPLY_RUNNING");
        }
    }
}

Result<Stored> ReadStored(
    Context& context, store::AdminSession& session, const TenantsFile& file, const StopRequest& stop
) {
    std::vector<store::WantedTenant> tenants_wanted;
    for (const TenantEntry& tenant : file.tenants) {
        tenants_wanted.push_back({tenant.name, tenant.says_rows(), false});
    }
    Stored stored;
    UNIBOX_ASSIGN_OR_RETURN(stored.apps, session.ReadApps());
    UNIBOX_ASSIGN_OR_RETURN(
        auto tenants,
        session.ReadTenants(
            tenants_wanted,
            [&](std::size_t done) {
                context.Progress("tenants read", done, tenants_wanted.size());
                return stop.Check();
            }
        )
    );
    for (store::StoredTenant& tenant : tenants) {
        std::string slug = tenant.spec.slug;
        stored.tenants.emplace(std::move(slug), std::move(tenant));
    }
    const WantedKeys wanted = KeysOf(file, stored);
    UNIBOX_ASSIGN_OR_RETURN(const auto routes, session.FindRoutes(wanted.routes));
    for (std::size_t i = 0; i < routes.size(); ++i) {
        if (routes[i]) stored.routes.emplace(wanted.routes[i], *routes[i]);
    }
    const auto fill = [&](auto kind, const auto& hashes, auto& into) -> Status {
        UNIBOX_ASSIGN_OR_RETURN(const auto holders, session.FindHolders(kind, hashes));
        for (std::size_t i = 0; i < holders.size(); ++i) {
            if (holders[i]) into.emplace(hashes[i], *holders[i]);
        }
        return {};
    };
    using store::DirectoryKind;
    UNIBOX_RETURN_IF_ERROR(fill(DirectoryKind::kChannelToken, wanted.token_hashes, stored.tokens));
    UNIBOX_RETURN_IF_ERROR(fill(DirectoryKind::kApiKey, wanted.key_hashes, stored.keys));
    stored.name_of = [&session](const store::Holder& holder) {
        const auto name = session.NameOf(holder);
        return name.ok() ? *name : std::string("of another tenant");
    };
    return stored;
}

Status WriteRows(store::AdminTx& tx, const TenantPlan& tenant) {
    Status written;
    ForEachRowKind(tenant.rows, [&](const auto& rows) {
        for (const auto& row : rows) {
            if (written.ok()) written = tx.Write(row.write);
        }
    });
    for (const store::MemberWrite& member : tenant.members) {
        if (written.ok()) written = tx.Write(member);
    }
    return written;
}

Status WriteTenants(
    Context& context, store::AdminTx& tx, const Plan& plan, const StopRequest& stop
) {
    for (const AppPlan& app : plan.apps) UNIBOX_RETURN_IF_ERROR(tx.Write(app.write));
    for (const TenantPlan& tenant : plan.tenants) {
        for (const ChannelPlan& channel : tenant.channels) {
            UNIBOX_RETURN_IF_ERROR(tx.Release(channel.write));
        }
    }
    std::size_t done = 0;
    for (const TenantPlan& tenant : plan.tenants) {
        UNIBOX_RETURN_IF_ERROR(stop.Check());
        UNIBOX_RETURN_IF_ERROR(tx.Write(tenant.write));
        for (const ChannelPlan& channel : tenant.channels) {
            UNIBOX_RETURN_IF_ERROR(tx.Write(channel.write));
        }
        for (const KeyPlan& key : tenant.keys) UNIBOX_RETURN_IF_ERROR(tx.Write(key.write));
        UNIBOX_RETURN_IF_ERROR(WriteRows(tx, tenant));
        context.Progress("tenants written", ++done, plan.tenants.size());
    }
    return {};
}

// What was printed is not true then; new keys above all.
Status NothingStored(Status status) {
    return std::move(status).WithContext("nothing was stored, also no key that was printed");
}

Status Write(
    Context& context,
    store::AdminSession& session,
    const Plan& plan,
    const Options& options,
    const StopRequest& stop
) {
    auto tx = session.Begin(std::chrono::hours(options.overlap_hours));
    if (!tx.ok()) return NothingStored(tx.status());
    Status written = WriteTenants(context, *tx, plan, stop);
    if (!written.ok()) return NothingStored(std::move(written));
    Status committed = tx->Commit();
    if (!committed.ok() && !tx->outcome_unknown()) return NothingStored(std::move(committed));
    TellServices(context);
    if (committed.ok()) return {};
    return Status(
               committed.code(),
               "it is not known whether this was stored (" + committed.message() +
                   "). Apply the file again: a key that is unchanged then is the one shown now"
    )
        .WithReason("OUTCOME_UNKNOWN");
}

// Before anything is written, so that no key can be stored and not be shown.
Status Print(Context& context, const Plan& plan, const Options& options) {
    const AnswerOptions shown{
        options.dry_run,
        options.public_base_url.empty() ? context.settings().public_base_url
                                        : options.public_base_url,
        options.keys_file};
    const std::string keys = NewKeyLines(plan);
    if (!options.dry_run && !options.keys_file.empty() && !keys.empty()) {
        UNIBOX_RETURN_IF_ERROR(AppendToPrivateFile(options.keys_file, keys));
    }
    for (const std::string& note : plan.notes) context.Note(note);
    context.Print(AnswerOf(plan, shown));
    if (context.CouldPrint()) return {};
    return Internal("the answer could not be printed: nothing was stored");
}

// What is wrong with the file alone is told also when the database cannot be asked for more.
Status Refused(const Mistakes& mistakes, Status status) {
    return mistakes.count() > 0 ? mistakes.ToStatus() : std::move(status);
}

Status Apply(Context& context, const Options& options) {
    const std::filesystem::path path = options.file;
    UNIBOX_ASSIGN_OR_RETURN(const std::string text, ReadWholeFile(path, kTenantsFileBytesMax));
    Mistakes mistakes(path == "-" ? "standard input" : path.filename().string());
    const auto folder = path == "-" ? std::filesystem::current_path() : path.parent_path();
    const TenantsFile file = ParseTenantsFile(text, folder, mistakes);
    const auto box = context.Box();
    if (!box.ok()) return Refused(mistakes, box.status());
    const auto session = context.OpenAdminSession();
    if (!session.ok()) return Refused(mistakes, session.status());
    const StopRequest stop;
    Status locked = TakeLock(context, **session, options, stop);
    if (!locked.ok()) return Refused(mistakes, std::move(locked));
    const auto stored = ReadStored(context, **session, file, stop);
    if (!stored.ok()) return Refused(mistakes, stored.status());
    Plan plan = MakePlan(file, *stored, **box, NowMs(), mistakes);
    UNIBOX_RETURN_IF_ERROR(mistakes.ToStatus());
    if (!options.dry_run) {
        UNIBOX_ASSIGN_OR_RETURN(const auto ids, (*session)->NewTenantIds(plan.new_tenant_count()));
        plan.SetNewTenantIds(ids);
    }
    UNIBOX_RETURN_IF_ERROR(Print(context, plan, options));
    if (options.dry_run || !plan.changes_anything()) return {};
    return Write(context, **session, plan, options, stop);
}

// "agents: external_id, name, …", a line each.
std::string SectionsText() {
    std::string text = "Sections and their keys (the same words as AdminService has):\n";
    for (const FileSection& section : FileSections()) {
        if (section.name.empty()) continue;
        text += fmt::format("  {}: {}\n", section.name, fmt::join(section.keys, ", "));
    }
    return text;
}

}  // namespace

void AddApply(CLI::App& app, Action& action) {
    auto* verb = app.add_subcommand("apply", "Makes a tenants.yaml true; safe to repeat");
    const auto options = std::make_shared<Options>();
    verb->add_option("-f,--file", options->file, "The file; - is standard input")->required();
    verb->add_flag("--dry-run", options->dry_run, "Says what it would do, and writes nothing");
    verb->add_option(
        "--keys-file",
        options->keys_file,
        "New API keys and webhook secrets go to the end of this file (mode 0600), a line of JSON "
        "each, and are not shown"
    );
    verb->add_option(
            "--public-base-url",
            options->public_base_url,
            "What providers call, without /v1/hooks (else ingest.public_base_url)"
    )
        ->check(CLI::Validator(
            [](const std::string& url) {
                return std::string(domain::IsHttpUrl(url) ? "" : "must be http://… or https://…");
            },
            "URL"
        ));
    verb->add_option(
            "--overlap-hours", options->overlap_hours, "How long a replaced secret stays live"
    )
        ->check(WholeNumber(0, 720))
        ->capture_default_str();
    verb->add_option("--wait-s", options->wait_s, "How long to wait for another apply, in seconds")
        ->check(WholeNumber(0, 86'400))
        ->capture_default_str();
    verb->footer(
        "Tells every mistake of the file before it writes, then prints what changes (old and new\n"
        "values, webhook URLs, new API keys), then writes all of it in one transaction. Exit code "
        "0:\n"
        "what was printed is stored. Else nothing is, also no key that was printed.\n"
        "A Twilio URL ends in #rc=5&rp=all, which tells Twilio to retry: paste it whole.\n"
        "What the file does not name stays as it is. disabled: true, revoked: true and deleted: "
        "true\n"
        "take away, disabled: false gives back, \"\" clears a text; a list is the whole list.\n"
        "\n" +
        SectionsText() +
        "\n"
        "Example: uniboxctl apply -f tenants.yaml --dry-run\n"
        "Example: uniboxctl apply -f tenants.yaml --public-base-url https://hooks.example.com"
    );
    verb->callback([options, &action] {
        action = [options](Context& context) { return Apply(context, *options); };
    });
}

}  // namespace unibox::ctl
