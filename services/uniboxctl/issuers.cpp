// uniboxctl issuers: who may say who an agent is. Secrets and key sets are given as files.
#include "auth/jwk.hpp"
#include "auth/jws.hpp"
#include "base/clock.hpp"
#include "domain/jwt_issuer.hpp"
#include "http/fetch.hpp"
#include "store/admin/jwt_issuers.hpp"
#include "store/admin/objects.hpp"
#include "uniboxctl/context.hpp"
#include "uniboxctl/secret_input.hpp"
#include "uniboxctl/tell_services.hpp"
#include "uniboxctl/verbs.hpp"

#include <CLI/CLI.hpp>

namespace unibox::ctl {
namespace {

struct Options {
    std::string tenant;  // "" = the operator's.
    std::string jwks_file;
    std::vector<std::string> secret_files;
    store::JwtIssuerSpec spec;
};

constexpr std::size_t kJwksBytesMax = 16 << 10;  // As the table allows.

Result<std::optional<TenantId>> OwnerOf(pg::Pool& pool, const std::string& tenant) {
    if (tenant.empty()) return std::optional<TenantId>();
    UNIBOX_ASSIGN_OR_RETURN(const auto found, store::FindTenant(pool, tenant));
    return std::optional(found.tenant);
}

std::string KeysText(const store::JwtIssuerSpec& spec) {
    if (!spec.jwks_url.empty()) return spec.jwks_url;
    if (!spec.jwks.empty()) return "(a key set)";
    return spec.sealed_secrets.size() == 1 ? "(a secret)" : "(two secrets)";
}

Status List(Context& context, const Options& options) {
    UNIBOX_ASSIGN_OR_RETURN(pg::Pool * pool, context.Database());
    UNIBOX_ASSIGN_OR_RETURN(const auto owner, OwnerOf(*pool, options.tenant));
    UNIBOX_ASSIGN_OR_RETURN(const auto issuers, store::ListJwtIssuers(*pool, owner));
    Table table(
        {"tenant",
         "name",
         "issuer",
         "audience",
         "algorithms",
         "keys",
         "role_claim",
         "tenant_claim",
         "state",
         "issuer_id"}
    );
    for (const store::JwtIssuerRow& row : issuers) {
        table.Add(
            {options.tenant,
             row.spec.name,
             row.spec.issuer,
             row.spec.audience,
             row.spec.algorithms,
             KeysText(row.spec),
             row.spec.role_claim,
             row.spec.tenant_claim,
             std::string(row.spec.disabled ? "disabled" : "enabled"),
             row.issuer_id.ToString()}
        );
    }
    context.Print(Answer().Add("issuers", std::move(table)));
    return {};
}

// What the gateway would not find out before the first agent comes.
Status CheckKeys(const store::JwtIssuerSpec& spec) {
    if (!spec.jwks_url.empty()) {
        http::FetchRules rules;
        rules.reach = net::Reach::kAnywhere;  // The gateway's settings decide.
        rules.plain_allowed = true;
        const auto url = http::ParseFetchUrl(spec.jwks_url, rules);
        if (!url.ok()) return Status(url.status()).WithField("jwks-url");
    }
    if (spec.jwks.empty()) return {};
    const auto keys = auth::ParseJwks(spec.jwks);
    if (!keys.ok()) return Status(keys.status()).WithField("jwks-file");
    for (const auth::VerifyKey& key : *keys) {
        const auto name = auth::kAlgorithmNames[static_cast<std::size_t>(key.algorithm())];
        const auto& allowed = spec.algorithms;
        if (std::find(allowed.begin(), allowed.end(), name) != allowed.end()) return {};
    }
    return InvalidArgument("none of the keys is of the algorithms").WithField("jwks-file");
}

Status ReadKeys(Context& context, const Options& options, Uuid id, store::JwtIssuerSpec* spec) {
    if (!options.jwks_file.empty()) {
        UNIBOX_ASSIGN_OR_RETURN(spec->jwks, ReadWholeFile(options.jwks_file, kJwksBytesMax));
    }
    for (const std::string& file : options.secret_files) {
        UNIBOX_ASSIGN_OR_RETURN(const Secret secret, ReadSecretFile(file));
        if (secret.Reveal().size() < auth::VerifyKey::kSecretBytesMin) {
            return InvalidArgument("a secret of HS256 has 32 bytes or more: " + file)
                .WithField("secret-file");
        }
        UNIBOX_ASSIGN_OR_RETURN(const crypto::SealedBox* box, context.Box());
        spec->sealed_secrets.push_back(box->Seal(secret, domain::JwtIssuerSealingContext(id)));
    }
    return CheckKeys(*spec);
}

Status Put(Context& context, const Options& options) {
    UNIBOX_ASSIGN_OR_RETURN(pg::Pool * pool, context.Database());
    UNIBOX_ASSIGN_OR_RETURN(const auto owner, OwnerOf(*pool, options.tenant));
    store::JwtIssuerSpec spec = options.spec;
    const auto known = store::FindJwtIssuerId(*pool, owner, spec.name);
    if (!known.ok() && known.status().code() != Code::kNotFound) return known.status();
    const Uuid id = known.ok() ? *known : NewUuidV7(NowMs());
    UNIBOX_RETURN_IF_ERROR(ReadKeys(context, options, id, &spec));
    UNIBOX_ASSIGN_OR_RETURN(const auto change, store::PutJwtIssuer(*pool, owner, id, spec));
    const bool is_new = change == store::Change::kCreated;
    const bool is_same = change == store::Change::kUnchanged;
    context.Print(Answer()
                      .Add("issuer_id", id.ToString())
                      .Add(
                          "change",
                          std::string(
                              is_new    ? "created"
                              : is_same ? "unchanged"
                                        : "updated"
                          )
                      ));
    if (!is_same) TellServices(context);
    return {};
}

Status Remove(Context& context, const Options& options) {
    UNIBOX_ASSIGN_OR_RETURN(pg::Pool * pool, context.Database());
    UNIBOX_ASSIGN_OR_RETURN(const auto owner, OwnerOf(*pool, options.tenant));
    UNIBOX_RETURN_IF_ERROR(store::RemoveJwtIssuer(*pool, owner, options.spec.name));
    TellServices(context);
    context.Print(Answer().Add("change", std::string("removed")));
    return {};
}

void AddOwner(CLI::App& verb, Options& options) {
    verb.add_option(
        "--tenant", options.tenant, "Whose; without it the operator's, for all tenants"
    );
}

void AddPut(CLI::App& app, const std::shared_ptr<Options>& options, Action& action) {
    auto* put = app.add_subcommand("put", "Registers one, or changes the one of that name");
    store::JwtIssuerSpec& spec = options->spec;
    AddOwner(*put, *options);
    put->add_option("--name", spec.name, "Finds it again")->required();
    put->add_option("--issuer", spec.issuer, "iss of its tokens, to the letter")->required();
    put->add_option("--audience", spec.audience, "One of their aud")->required();
    put->add_option("--algorithms", spec.algorithms, "Of EdDSA, ES256, RS256; or HS256 alone")
        ->required()
        ->delimiter(',')
        ->check(CLI::IsMember({"EdDSA", "ES256", "RS256", "HS256"}));
    auto* keys = put->add_option_group("keys");
    keys->add_option("--jwks-url", spec.jwks_url, "Where its key set is (https)");
    keys->add_option("--jwks-file", options->jwks_file, "A file with its key set");
    keys->add_option(
            "--secret-file",
            options->secret_files,
            "A file with the secret of HS256; twice during a rotation"
    )
        ->expected(1, 2);
    keys->require_option(1);
    put->add_option("--role-claim", spec.role_claim, "The claim that is the role")
        ->capture_default_str();
    put->add_option("--tenant-claim", spec.tenant_claim, "The operator's: that names the tenant")
        ->capture_default_str();
    put->add_flag("--disabled", spec.disabled, "Its tokens are refused");
    put->callback([options, &action] {
        action = [options](Context& context) { return Put(context, *options); };
    });
}

}  // namespace

void AddIssuers(CLI::App& app, Action& action) {
    auto* verb = app.add_subcommand("issuers", "Who signs the tokens of agents");
    verb->require_subcommand(1);
    const auto options = std::make_shared<Options>();
    auto* list = verb->add_subcommand("list", "A tenant's, or the operator's");
    AddOwner(*list, *options);
    list->callback([options, &action] {
        action = [options](Context& context) { return List(context, *options); };
    });
    AddPut(*verb, options, action);
    auto* remove = verb->add_subcommand("remove", "Its tokens are refused, its pair is free again");
    AddOwner(*remove, *options);
    remove->add_option("--name", options->spec.name, "Which")->required();
    remove->callback([options, &action] {
        action = [options](Context& context) { return Remove(context, *options); };
    });
    verb->footer(
        "Example: uniboxctl issuers put --tenant demo --name sso --issuer https://login.example/ "
        "--audience unibox\n"
        "  --algorithms EdDSA,ES256 --jwks-url https://login.example/.well-known/jwks.json"
    );
}

}  // namespace unibox::ctl
