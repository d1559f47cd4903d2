// Issuers of agents' tokens: put, found before a tenant is known, taken away; and what the tables
// do not allow.
#include "store/admin/audit.hpp"
#include "store/admin/jwt_issuers.hpp"
#include "store/directory/lookups.hpp"
#include "store_fixture.hpp"

namespace unibox::store {
namespace {

using test::HasCode;
using test::StoreFixture;

constexpr const char* kIssuer = "https://login.test/";

JwtIssuerSpec Spec(const std::string& name, const std::string& audience = "unibox") {
    JwtIssuerSpec spec;
    spec.name = name;
    spec.issuer = kIssuer;
    spec.audience = audience;
    spec.algorithms = {"ES256", "EdDSA"};
    spec.jwks_url = "https://login.test/keys";
    return spec;
}

Uuid NewId() {
    return NewUuidV7(SystemClock().UnixMillis());
}

// What the gateway finds.
std::optional<domain::JwtIssuerInfo> Found(
    StoreFixture& fixture, const std::string& audience = "unibox"
) {
    const domain::JwtIssuerKey key{kIssuer, audience};
    const auto found = FindJwtIssuers(fixture.gateway(), {key, {"https://other/", audience}});
    REQUIRE_OK(found);
    REQUIRE(found->size() <= 1);
    if (found->empty()) return {};
    return found->at(key);
}

TEST_CASE("JwtIssuers: a tenant's is found by issuer and audience", "[pg][store]") {
    StoreFixture fixture;
    const TenantId acme = fixture.Tenant("acme");
    CHECK_FALSE(Found(fixture).has_value());
    const Uuid id = NewId();
    CHECK(PutJwtIssuer(fixture.admin(), acme, id, Spec("sso")).value() == Change::kCreated);
    CHECK(PutJwtIssuer(fixture.admin(), acme, NewId(), Spec("sso")).value() == Change::kUnchanged);
    CHECK(FindJwtIssuerId(fixture.admin(), acme, "sso").value() == id);
    const auto found = Found(fixture);
    REQUIRE(found.has_value());
    CHECK(found->tenant == acme);
    CHECK(found->issuer_id == id);
    CHECK(found->algorithms == std::vector<std::string>{"ES256", "EdDSA"});
    CHECK(found->jwks_url == "https://login.test/keys");
    CHECK(found->role_claim == "role");
    CHECK(found->sealed_secrets.empty());
    CHECK_FALSE((found->disabled || found->tenant_disabled));
    CHECK_FALSE(Found(fixture, "other").has_value());

    CHECK(found->limits == domain::TenantLimits());
    TenantSpec plan{"acme", "Acme"};
    plan.api_limits = "agent=5/6";
    REQUIRE_OK(PutTenant(fixture.admin(), plan));
    CHECK(Found(fixture)->limits.ToText() == "agent=5/6");

    auto spec = Spec("sso");
    spec.disabled = true;
    CHECK(PutJwtIssuer(fixture.admin(), acme, NewId(), spec).value() == Change::kUpdated);
    CHECK(Found(fixture)->disabled);
    REQUIRE_OK(PutTenant(fixture.admin(), {"acme", "Acme", 1, 1, true}));
    CHECK(Found(fixture)->tenant_disabled);
    REQUIRE_OK(RemoveJwtIssuer(fixture.admin(), acme, "sso"));
    CHECK_FALSE(Found(fixture).has_value());
    CHECK_THAT(RemoveJwtIssuer(fixture.admin(), acme, "sso"), HasCode(Code::kNotFound));
}

TEST_CASE("JwtIssuers: a pair belongs to one tenant, until it lets go", "[pg][store]") {
    StoreFixture fixture;
    const TenantId one = fixture.Tenant("one");
    const TenantId two = fixture.Tenant("two");
    const auto put = [&](TenantId tenant, const JwtIssuerSpec& spec) {
        return PutJwtIssuer(fixture.admin(), tenant, NewId(), spec);
    };
    REQUIRE_OK(put(one, Spec("sso")));
    const auto taken = put(two, Spec("sso"));
    CHECK_THAT(taken.status(), HasCode(Code::kAlreadyExists));
    CHECK(taken.status().field() == "issuer");
    CHECK_THAT(put(one, Spec("again")).status(), HasCode(Code::kAlreadyExists));
    // The same issuer for several tenants, by the audience.
    REQUIRE_OK(put(two, Spec("sso", "unibox-two")));
    CHECK(Found(fixture)->tenant == one);
    CHECK(Found(fixture, "unibox-two")->tenant == two);
    // One that moves leaves nothing behind.
    CHECK(put(one, Spec("sso", "unibox-one")).value() == Change::kUpdated);
    CHECK_FALSE(Found(fixture).has_value());
    REQUIRE_OK(put(two, Spec("more")));
    CHECK(Found(fixture)->tenant == two);
}

TEST_CASE("JwtIssuers: the operator's comes before a tenant's", "[pg][store]") {
    StoreFixture fixture;
    const TenantId squatter = fixture.Tenant("squatter");
    REQUIRE_OK(PutJwtIssuer(fixture.admin(), squatter, NewId(), Spec("sso")));
    const Uuid id = NewId();
    auto spec = Spec("operator");
    spec.tenant_claim = "org";
    CHECK(PutJwtIssuer(fixture.admin(), {}, id, spec).value() == Change::kCreated);
    CHECK(PutJwtIssuer(fixture.admin(), {}, NewId(), spec).value() == Change::kUnchanged);
    const auto found = Found(fixture);
    REQUIRE(found.has_value());
    CHECK_FALSE(found->tenant.has_value());
    CHECK(found->issuer_id == id);
    CHECK(found->tenant_claim == "org");
    spec.disabled = true;
    CHECK(PutJwtIssuer(fixture.admin(), {}, NewId(), spec).value() == Change::kUpdated);
    CHECK(Found(fixture)->disabled);
    CHECK(FindJwtIssuerId(fixture.admin(), {}, "operator").value() == id);
    const auto other = PutJwtIssuer(fixture.admin(), {}, NewId(), Spec("second"));
    CHECK_THAT(other.status(), HasCode(Code::kAlreadyExists));
    REQUIRE_OK(RemoveJwtIssuer(fixture.admin(), {}, "operator"));
    CHECK(Found(fixture)->tenant == squatter);
}

TEST_CASE("JwtIssuers: tenants are found by the slugs that tokens name", "[pg][store]") {
    StoreFixture fixture;
    const TenantId acme = fixture.Tenant("acme");
    const TenantId gone = fixture.Tenant("gone");
    REQUIRE_OK(PutTenant(fixture.admin(), {"gone", "Gone", 1, 1, true}));
    const auto found = FindTenantsBySlug(fixture.gateway(), {"acme", "nobody", "gone", "acme", ""});
    REQUIRE_OK(found);
    CHECK(found->size() == 2);
    CHECK(found->at("acme").tenant == acme);
    CHECK_FALSE(found->at("acme").disabled);
    CHECK(found->at("gone").tenant == gone);
    CHECK(found->at("gone").disabled);
}

TEST_CASE("JwtIssuers: what would be ambiguous or open cannot be written", "[pg][store]") {
    StoreFixture fixture;
    const TenantId acme = fixture.Tenant("acme");
    const std::pair<const char*, std::function<void(JwtIssuerSpec&)>> faults[] = {
        {"no algorithm", [](auto& spec) { spec.algorithms = {}; }},
        {"none", [](auto& spec) { spec.algorithms = {"none"}; }},
        {"a secret beside public keys",
         [](auto& spec) {
             spec.algorithms = {"HS256", "RS256"};
         }},
        {"HS256 by URL", [](auto& spec) { spec.algorithms = {"HS256"}; }},
        {"no keys", [](auto& spec) { spec.jwks_url = ""; }},
        {"keys twice", [](auto& spec) { spec.jwks = R"({"keys":[]})"; }},
        {"a secret for ES256",
         [](auto& spec) {
             spec.jwks_url = "";
             spec.sealed_secrets = {"x"};
         }},
        {"three secrets",
         [](auto& spec) {
             spec.jwks_url = "";
             spec.algorithms = {"HS256"};
             spec.sealed_secrets = {"x", "y", "z"};
         }},
        {"no issuer", [](auto& spec) { spec.issuer = ""; }},
        {"no audience", [](auto& spec) { spec.audience = ""; }},
        {"a line feed", [](auto& spec) { spec.issuer = "https://a\nb"; }},
        {"no claim", [](auto& spec) { spec.role_claim = ""; }},
        {"too long", [](auto& spec) { spec.issuer = std::string(513, 'x'); }},
    };
    for (const auto& [name, change] : faults) {
        CAPTURE(name);
        auto spec = Spec("sso");
        change(spec);
        for (const std::optional<TenantId> tenant :
             {std::optional(acme), std::optional<TenantId>()}) {
            const auto put = PutJwtIssuer(fixture.admin(), tenant, NewId(), spec);
            CHECK_THAT(put.status(), HasCode(Code::kInvalidArgument));
        }
    }
    auto spec = Spec("sso");
    spec.jwks_url = "";
    spec.algorithms = {"HS256"};
    spec.sealed_secrets = {"first", "second"};
    REQUIRE_OK(PutJwtIssuer(fixture.admin(), acme, NewId(), spec));
    CHECK(Found(fixture)->sealed_secrets == std::vector<std::string>{"first", "second"});
}

TEST_CASE("JwtIssuers: the audit has each change, and no secret", "[pg][store]") {
    StoreFixture fixture;
    const TenantId acme = fixture.Tenant("acme");
    auto spec = Spec("sso");
    spec.jwks_url = "";
    spec.algorithms = {"HS256"};
    spec.sealed_secrets = {"qqqqqqqq"};
    REQUIRE_OK(PutJwtIssuer(fixture.admin(), acme, NewId(), spec));
    spec.sealed_secrets = {"zzzzzzzz", "qqqqqqqq"};
    REQUIRE_OK(PutJwtIssuer(fixture.admin(), acme, NewId(), spec));
    REQUIRE_OK(RemoveJwtIssuer(fixture.admin(), acme, "sso"));
    REQUIRE_OK(PutJwtIssuer(fixture.admin(), {}, NewId(), Spec("operator")));
    const auto rows = ListAudit(fixture.admin(), {}).value();
    REQUIRE(rows.size() >= 4);
    CHECK(rows[0].entry.kind == "operator_jwt_issuer");
    CHECK_FALSE(rows[0].entry.tenant.has_value());
    for (const std::size_t i : {1, 2, 3}) {
        CHECK(rows[i].entry.kind == "jwt_issuer");
        CHECK(rows[i].entry.tenant == acme);
        CHECK(rows[i].name == "sso");
    }
    CHECK(rows[2].entry.new_json == "{\"sealed_secrets\": \"(changed)\"}");
    const auto text =
        fixture.Owner("SELECT lower(string_agg(a::text, ' ')) FROM admin_audit a").value();
    for (const char* secret : {"qqqq", "zzzz", "71717171", "7a7a7a7a"}) {
        CHECK(text[0].Text(0).find(secret) == std::string_view::npos);
    }
}

}  // namespace
}  // namespace unibox::store
