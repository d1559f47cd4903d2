// uniboxctl export: what is stored of tenants, as a tenants.yaml that makes the same again.
#include "store/admin/audit.hpp"
#include "store/admin/objects.hpp"
#include "store/admin/session.hpp"
#include "uniboxctl/context.hpp"
#include "uniboxctl/secret_input.hpp"
#include "uniboxctl/stop_request.hpp"
#include "uniboxctl/tenants_writer.hpp"
#include "uniboxctl/verbs.hpp"

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <filesystem>

namespace unibox::ctl {
namespace {

namespace fs = std::filesystem;

constexpr std::int32_t kTenantsPerPage = 500;
constexpr const char* kSecretsFolder = "secrets";

struct Options {
    std::vector<std::string> tenants;
    std::string file;
    std::string secrets_folder;
};

Result<std::vector<std::string>> AllSlugs(Context& context) {
    UNIBOX_ASSIGN_OR_RETURN(pg::Pool * pool, context.Database());
    std::vector<std::string> slugs;
    TenantId after{0};
    for (;;) {
        UNIBOX_ASSIGN_OR_RETURN(const auto page, store::ListTenants(*pool, after, kTenantsPerPage));
        for (const store::TenantRow& row : page) slugs.push_back(row.spec.slug);
        if (page.size() < static_cast<std::size_t>(kTenantsPerPage)) return slugs;
        after = page.back().tenant;
    }
}

Result<std::vector<store::StoredTenant>> ReadTenants(
    Context& context, store::AdminSession& session, const std::vector<std::string>& slugs
) {
    const StopRequest stop;
    std::vector<store::WantedTenant> wanted;
    for (const std::string& slug : slugs) wanted.push_back({slug, true, true});
    UNIBOX_ASSIGN_OR_RETURN(auto tenants, session.ReadTenants(wanted, [&](std::size_t done) {
        context.Progress("tenants read", done, wanted.size());
        return stop.Check();
    }));
    for (const std::string& slug : slugs) {
        const bool found = std::any_of(tenants.begin(), tenants.end(), [&](const auto& tenant) {
            return tenant.spec.slug == slug;
        });
        if (!found) return NotFound("there is no tenant " + slug).WithField("tenant");
    }
    return tenants;
}

// As the text refers to it, from the folder in which the text lies.
std::string FolderInText(const Options& options) {
    if (options.secrets_folder.empty()) return kSecretsFolder;
    const fs::path home =
        options.file.empty() ? fs::current_path() : fs::absolute(options.file).parent_path();
    return fs::absolute(options.secrets_folder).lexically_normal().lexically_proximate(home);
}

// Who took secrets out is told in each tenant's audit, before anything is written.
Status TellAudit(Context& context, const std::vector<store::StoredTenant>& tenants) {
    UNIBOX_ASSIGN_OR_RETURN(pg::Pool * pool, context.Database());
    for (const store::StoredTenant& tenant : tenants) {
        store::AuditEntry entry;
        entry.tenant = tenant.tenant;
        entry.kind = "tenant";
        entry.object = tenant.tenant.ToString();
        entry.new_json = R"({"secrets": "exported"})";
        UNIBOX_RETURN_IF_ERROR(store::WriteAudit(*pool, entry));
    }
    return {};
}

Status WriteSecrets(
    Context& context, const Options& options, const std::vector<SecretOfFile>& secrets
) {
    UNIBOX_ASSIGN_OR_RETURN(const auto* box, context.Box());
    std::error_code failure;
    fs::create_directories(options.secrets_folder, failure);
    for (const SecretOfFile& secret : secrets) {
        const auto opened = box->Open(secret.sealed, secret.context);
        if (!opened.ok()) return Status(opened.status()).WithContext(secret.path);
        const fs::path path = fs::path(options.secrets_folder) / fs::path(secret.path).filename();
        UNIBOX_RETURN_IF_ERROR(WriteNewFile(path, opened->Reveal()));
    }
    return {};
}

Status Export(Context& context, const Options& options) {
    std::vector<std::string> slugs = options.tenants;
    if (slugs.empty()) {
        UNIBOX_ASSIGN_OR_RETURN(slugs, AllSlugs(context));
    }
    std::sort(slugs.begin(), slugs.end());
    slugs.erase(std::unique(slugs.begin(), slugs.end()), slugs.end());
    UNIBOX_ASSIGN_OR_RETURN(const auto session, context.OpenAdminSession());
    UNIBOX_ASSIGN_OR_RETURN(const auto tenants, ReadTenants(context, *session, slugs));
    UNIBOX_ASSIGN_OR_RETURN(const auto apps, session->ReadApps());
    const WrittenTenants written = WriteTenantsYaml(tenants, apps, FolderInText(options));
    if (!options.secrets_folder.empty()) {
        UNIBOX_RETURN_IF_ERROR(TellAudit(context, tenants));
        UNIBOX_RETURN_IF_ERROR(WriteSecrets(context, options, written.secrets));
    }
    if (options.file.empty()) {
        context.PrintText("tenants_yaml", written.yaml);
        return {};
    }
    UNIBOX_RETURN_IF_ERROR(WriteNewFile(options.file, written.yaml));
    context.Print(Answer().Add("file", options.file));
    return {};
}

}  // namespace

void AddExport(CLI::App& app, Action& action) {
    auto* verb = app.add_subcommand("export", "Writes tenants as a tenants.yaml for apply");
    const auto options = std::make_shared<Options>();
    verb->add_option("--tenant", options->tenants, "Which (repeatable); none = all")
        ->expected(1)
        ->take_all();
    verb->add_option("-f,--file", options->file, "A new file (mode 0600); else standard output");
    verb->add_option(
        "--secrets-folder",
        options->secrets_folder,
        "Opens the secrets with the sealing key, and writes each into a new file there (mode "
        "0600);\nelse the text only says where it looks for them: secrets/…"
    );
    verb->footer(
        "The same state gives the same text, in the order of names. Applied to a database that has "
        "none of it,\n"
        "it makes the same tenants, apps, channels, agents, teams, members, labels, attributes, "
        "replies and\n"
        "webhook endpoints. API keys cannot be exported, only their names and scopes: apply makes "
        "new ones and\n"
        "prints them; so it is with the tokens in webhook URLs, of which only hashes are stored. "
        "Revoked keys and\n"
        "the older one of two live secrets are left out.\n"
        "Example: uniboxctl export --tenant acme\n"
        "Example: uniboxctl export -f tenants.yaml --secrets-folder secrets"
    );
    verb->callback([options, &action] {
        action = [options](Context& context) { return Export(context, *options); };
    });
}

}  // namespace unibox::ctl
