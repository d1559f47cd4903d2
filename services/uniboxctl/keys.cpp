// uniboxctl keys: a tenant's API keys. The keys themselves are nowhere: only their hashes are kept.
#include "store/admin/objects.hpp"
#include "uniboxctl/context.hpp"
#include "uniboxctl/verbs.hpp"

#include <CLI/CLI.hpp>

namespace unibox::ctl {
namespace {

Status List(Context& context, const std::string& tenant_name) {
    UNIBOX_ASSIGN_OR_RETURN(pg::Pool * pool, context.Database());
    UNIBOX_ASSIGN_OR_RETURN(const auto tenant, store::FindTenant(*pool, tenant_name));
    UNIBOX_ASSIGN_OR_RETURN(const auto keys, store::ListApiKeys(*pool, tenant.tenant));
    Table table({"tenant", "name", "key_id", "scopes", "state"});
    for (const store::ApiKeyRow& key : keys) {
        table.Add(
            {tenant_name,
             key.name,
             key.key_id.ToString(),
             key.scopes,
             std::string(key.revoked ? "revoked" : "valid")}
        );
    }
    context.Print(Answer().Add("api_keys", std::move(table)));
    return {};
}

}  // namespace

void AddKeys(CLI::App& app, Action& action) {
    auto* verb = app.add_subcommand("keys", "Lists a tenant's API keys, not the keys themselves");
    const auto tenant = std::make_shared<std::string>();
    verb->add_option("--tenant", *tenant, "Whose")->required();
    verb->footer("Example: uniboxctl keys --tenant demo");
    verb->callback([tenant, &action] {
        action = [tenant](Context& context) { return List(context, *tenant); };
    });
}

}  // namespace unibox::ctl
