// Agents' tokens through the Authenticator: who they are, and every way in which they are not.
#include "agent_bench.hpp"

#include <catch2/catch.hpp>

#include <algorithm>
#include <string>
#include <vector>

using namespace unibox;  // NOLINT(google-build-using-namespace)
using auth::Algorithm;
using test::AgentBench;
using test::HasCode;
using test::JwtSigner;
using test::RefusalLines;

TEST_CASE("AgentTokens: an agent of the tenant, by a key of each kind", "[unit][auth]") {
    AgentBench bench;
    for (const JwtSigner* signer : {&bench.ed, &bench.ec, &bench.rsa}) {
        const auto agent = bench.Check(signer->Token(bench.Claims().Json()));
        REQUIRE_OK(agent);
        CHECK(agent->tenant == TenantId{7});
        CHECK(agent->kind == auth::Principal::Kind::kAgent);
        CHECK(agent->subject == "agent-1");
        CHECK(agent->issuer_id == bench.info.issuer_id);
        CHECK(agent->agent == AgentId{Uuid{{7, 7}}});
        CHECK(agent->agent_name == "Ada");
        CHECK(agent->key_id == Uuid{});
        CHECK(agent->role == auth::Role::kAgent);
        CHECK(agent->May(auth::kScopeInboxRead));
        CHECK_FALSE(agent->May(auth::kScopeIngestWrite));
    }
    CHECK(bench.fetches == 1);
    CHECK(bench.lookups == 1);
    CHECK(bench.agent_lookups == 1);
}

TEST_CASE("AgentTokens: the subject must be an agent of the tenant", "[unit][auth]") {
    RefusalLines log;
    AgentBench bench;
    auto claims = bench.Claims();
    claims.subject = "stranger";
    const auto unknown = bench.Check(bench.ed.Token(claims.Json()));
    CHECK_THAT(unknown.status(), HasCode(Code::kPermissionDenied));
    CHECK(unknown.status().reason() == auth::kAgentUnknown);
    CHECK(unknown.status().message().find("\"stranger\"") != std::string::npos);
    CHECK(unknown.status().message().find("must add the agent") != std::string::npos);
    CHECK(log.Last() == "agent_unknown");
    // Remembered for as long as an unknown key.
    CHECK(bench.Check(bench.ed.Token(claims.Json())).status().reason() == auth::kAgentUnknown);
    CHECK(bench.agent_lookups == 1);

    const std::string token = bench.ed.Token(bench.Claims().Json());
    bench.PutAgent(AgentBench::Agent(v1::AGENT_ROLE_AGENT, true));
    const auto disabled = bench.Check(token);
    CHECK_THAT(disabled.status(), HasCode(Code::kPermissionDenied));
    CHECK(disabled.status().reason() == auth::kAgentDisabled);
    CHECK(log.Last() == "agent_disabled");
    bench.PutAgent(AgentBench::Agent(v1::AGENT_ROLE_AGENT));
    CHECK(bench.Check(token).status().reason() == auth::kAgentDisabled);  // Nobody was told.
    bench.authenticator.Forget();
    REQUIRE_OK(bench.Check(token));
    bench.PutAgent(AgentBench::Agent(v1::AGENT_ROLE_AGENT, true));
    REQUIRE_OK(bench.Check(token));
    bench.clock.Advance(Millis(30'000));
    CHECK(bench.Check(token).status().reason() == auth::kAgentDisabled);  // By age alone.
}

TEST_CASE("AgentTokens: of two roles the lesser one counts", "[unit][auth]") {
    AgentBench bench;
    for (const auth::RoleRow& by_token : auth::kRoles) {
        for (const auth::RoleRow& by_tenant : auth::kRoles) {
            INFO(by_token.name << ' ' << by_tenant.name);
            bench.PutAgent(AgentBench::Agent(by_tenant.stored));
            bench.authenticator.Forget();
            auto claims = bench.Claims();
            claims.role = by_token.name;
            const auto agent = bench.Check(bench.ed.Token(claims.Json()));
            REQUIRE_OK(agent);
            const auto& lesser = by_token.role < by_tenant.role ? by_token : by_tenant;
            CHECK(agent->role == lesser.role);
            CHECK(std::equal(
                agent->scopes.begin(),
                agent->scopes.end(),
                lesser.scopes.begin(),
                lesser.scopes.end()
            ));
        }
    }
    // A role of a later version is not more than the least.
    bench.PutAgent(AgentBench::Agent(static_cast<v1::AgentRole>(99)));
    bench.authenticator.Forget();
    auto claims = bench.Claims();
    claims.role = "admin";
    CHECK(bench.Check(bench.ed.Token(claims.Json()))->role == auth::Role::kAgent);
}

TEST_CASE("AgentTokens: while agents cannot be looked up, who is known works", "[unit][auth]") {
    auto options = AgentBench::AsGateway();
    options.cache.stale_ms_max = 60'000;
    AgentBench bench(options);
    const std::string token = bench.ed.Token(bench.Claims().Json());
    REQUIRE_OK(bench.Check(token));
    {
        const MutexLock lock(bench.mutex);
        bench.agents_away = true;
    }
    bench.clock.Advance(Millis(30'000));
    REQUIRE_OK(bench.Check(token));
    bench.clock.Advance(Millis(30'000));
    const auto late = bench.Check(token);
    CHECK_THAT(late.status(), HasCode(Code::kUnavailable));
    CHECK(late.status().reason() == auth::kDirectoryUnavailable);
    const MutexLock lock(bench.mutex);
    bench.agents_away = false;
}

TEST_CASE("AgentTokens: a slug that no tenant can have is not looked up", "[unit][auth]") {
    AgentBench bench;
    bench.Change([](auto& info) {
        info.tenant.reset();
        info.tenant_claim = "tenant";
    });
    auto claims = bench.Claims();
    claims.more = R"(,"tenant":"acme")";
    REQUIRE_OK(bench.Check(bench.ed.Token(claims.Json())));
    // PostgreSQL takes no text with a zero byte, which would look like a directory that is away.
    for (const char* slug : {R"("acme\u0000")", R"("")", R"("ac\nme")"}) {
        INFO(slug);
        claims.more = std::string(",\"tenant\":") + slug;
        CHECK(bench.IsInvalid(bench.ed.Token(claims.Json())));
    }
    CHECK(bench.tenant_lookups == 1);
}

TEST_CASE("AgentTokens: the role decides what it may do", "[unit][auth]") {
    AgentBench bench;
    for (const auth::RoleRow& row : auth::kRoles) {
        auto claims = bench.Claims();
        claims.role = row.name;
        const std::string token = bench.ed.Token(claims.Json());
        for (const std::string_view scope : auth::kScopes) {
            INFO(row.name << ' ' << scope);
            const bool may =
                std::find(row.scopes.begin(), row.scopes.end(), scope) != row.scopes.end();
            const auto caller = bench.Check(token, scope);
            CHECK(caller.ok() == may);
            if (may) continue;
            CHECK_THAT(caller.status(), HasCode(Code::kPermissionDenied));
            CHECK(caller.status().reason() == auth::kScopeMissing);
        }
    }
    for (const char* role : {"", "owner", "Admin"}) {
        auto claims = bench.Claims();
        claims.role = role;
        const auto caller = bench.Check(bench.ed.Token(claims.Json()));
        CHECK_THAT(caller.status(), HasCode(Code::kPermissionDenied));
        CHECK(caller.status().reason() == auth::kRoleMissing);
    }
    // By the claim of the issuer's row, and by no other.
    bench.Change([](auto& info) { info.role_claim = "https://unibox/role"; });
    bench.authenticator.Forget();
    auto claims = bench.Claims();
    CHECK(bench.Check(bench.ed.Token(claims.Json())).status().reason() == auth::kRoleMissing);
    claims.role = "";
    claims.more = R"(,"https://unibox/role":"admin")";
    const auto admin = bench.Check(bench.ed.Token(claims.Json()));
    REQUIRE_OK(admin);
    CHECK(admin->role == auth::Role::kAdmin);
}

TEST_CASE("AgentTokens: no algorithm is taken for another one", "[unit][auth]") {
    RefusalLines log;
    AgentBench bench;
    const std::string payload = bench.Claims().Json();
    const std::string text =
        Base64UrlEncode(R"({"alg":"none","kid":"rsa"})") + "." + Base64UrlEncode(payload) + ".";
    CHECK(bench.IsInvalid(text));
    CHECK(bench.IsInvalid(text + "c2ln"));
    // The public key, which everybody has, as the secret of an HMAC: as PEM, and as bytes.
    for (const std::string& secret : {bench.rsa.PublicPem(), bench.rsa.Jwk(), bench.ed.Jwk()}) {
        for (const char* kid : {"rsa", "ed", "ec"}) {
            const JwtSigner confused(Algorithm::kHs256, kid, secret);
            CHECK(bench.IsInvalid(confused.Token(payload)));
            CHECK(log.Last() == "algorithm");
        }
    }
    // Also where HS256 is allowed beside it, which the table does not even let happen.
    bench.Change([](auto& info) { info.algorithms.emplace_back("HS256"); });
    bench.authenticator.Forget();
    const JwtSigner confused(Algorithm::kHs256, "rsa", bench.rsa.PublicPem());
    CHECK(bench.IsInvalid(confused.Token(payload)));
    CHECK(log.Last() == "signing_key_unknown");
    // A key of another type than the header says.
    CHECK(bench.IsInvalid(bench.rsa.TokenOf(R"({"alg":"ES256","kid":"rsa"})", payload)));
    CHECK(bench.IsInvalid(bench.ec.TokenOf(R"({"alg":"EdDSA","kid":"ed"})", payload)));
    CHECK(bench.IsInvalid(bench.ec.TokenOf(R"({"alg":"RS256","kid":"rsa"})", payload)));
    // An algorithm that the issuer does not use.
    bench.Change([](auto& info) { info.algorithms = {"EdDSA"}; });
    bench.clock.Advance(Millis(5'000));  // The log tells again.
    bench.authenticator.Forget();
    CHECK(bench.IsInvalid(bench.ec.Token(payload)));
    CHECK(log.Last() == "algorithm");
    REQUIRE_OK(bench.Check(bench.ed.Token(payload)));
}

TEST_CASE("AgentTokens: no key is taken that the token brings", "[unit][auth]") {
    AgentBench bench;
    const JwtSigner evil(Algorithm::kEs256, "evil");
    const std::string payload = bench.Claims().Json();
    for (const std::string& header :
         {R"({"alg":"ES256","jwk":)" + evil.Jwk() + "}",
          R"({"alg":"ES256","kid":"ec","jwk":)" + evil.Jwk() + "}",
          std::string(R"({"alg":"ES256","jku":"https://evil.test/keys"})"),
          std::string(R"({"alg":"ES256","kid":"https://evil.test/keys"})"),
          std::string(R"({"alg":"ES256","kid":"../../../../dev/null"})"),
          std::string(R"({"alg":"ES256","kid":"ec' OR '1'='1"})"),
          std::string(R"({"alg":"ES256","x5u":"https://evil.test/cert","x5c":["AAAA"]})")}) {
        INFO(header);
        CHECK(bench.IsInvalid(evil.TokenOf(header, payload)));
    }
    REQUIRE_OK(bench.Check(bench.ec.Token(payload)));
}

TEST_CASE("AgentTokens: forged, changed and cut tokens", "[unit][auth]") {
    AgentBench bench;
    const std::string token = bench.ec.Token(bench.Claims().Json());
    REQUIRE_OK(bench.Check(token));
    auto claims = bench.Claims();
    claims.role = "admin";
    const std::size_t first = token.find('.');
    const std::size_t second = token.rfind('.');
    CHECK(bench.IsInvalid(
        token.substr(0, first + 1) + Base64UrlEncode(claims.Json()) + token.substr(second)
    ));
    CHECK(bench.IsInvalid(JwtSigner(Algorithm::kEs256, "ec").Token(bench.Claims().Json())));
    CHECK(bench.IsInvalid(token.substr(0, second + 1)));
    CHECK(bench.IsInvalid(token.substr(0, token.size() - 4)));
    CHECK(bench.IsInvalid(token + "AAAA"));
    const std::string zeros = Base64UrlEncode(std::string(64, '\0'));
    CHECK(bench.IsInvalid(token.substr(0, second + 1) + zeros));
    CHECK(bench.IsInvalid(bench.ec.Token(std::string(9'000, 'x'))));
    // What has not the form of a token is no credential of ours at all.
    for (const std::string& text :
         {token + "=", token + ".x", token + ", Bearer " + token, std::string("a.b")}) {
        CHECK(bench.Check(text).status().reason() == auth::kApiKeyInvalid);
    }
}

TEST_CASE("AgentTokens: times, with clocks that differ", "[unit][auth]") {
    AgentBench bench;
    const auto with = [&](std::int64_t begins_in_s, std::int64_t ends_in_s) {
        auto claims = bench.Claims();
        claims.issued_at_s += begins_in_s;
        claims.expires_at_s = bench.Claims().issued_at_s + ends_in_s;
        return bench.ed.Token(claims.Json());
    };
    REQUIRE_OK(bench.Check(with(-60, -29)));
    REQUIRE_OK(bench.Check(with(29, 60)));
    for (const std::string& token : {with(-60, -31), with(31, 60)}) {
        const auto caller = bench.Check(token);
        CHECK_THAT(caller.status(), HasCode(Code::kUnauthenticated));
        CHECK(caller.status().reason() == auth::kTokenExpired);
    }
    auto claims = bench.Claims();
    claims.more = R"(,"nbf":)" + std::to_string(claims.issued_at_s + 31);
    CHECK(bench.Check(bench.ed.Token(claims.Json())).status().reason() == auth::kTokenExpired);
    CHECK(bench.IsInvalid(with(0, 24 * 3'600 + 1)));
    REQUIRE_OK(bench.Check(with(0, 24 * 3'600)));
    // One that was right a moment ago ends with its time, not with a cache.
    const std::string token = with(0, 20);
    REQUIRE_OK(bench.Check(token));
    bench.clock.Advance(Millis(50'000));
    CHECK(bench.Check(token).status().reason() == auth::kTokenExpired);
}

TEST_CASE("AgentTokens: issuer and audience are those of a registration", "[unit][auth]") {
    RefusalLines log;
    AgentBench bench;
    const auto token_for = [&](const std::string& issuer, const std::string& audience) {
        auto claims = bench.Claims();
        claims.issuer = issuer;
        claims.audience = audience;
        return bench.ed.Token(claims.Json());
    };
    const std::string issuer = "https://login.test/";
    REQUIRE_OK(bench.Check(token_for(issuer, R"(["other","unibox"])")));
    for (const auto& [other_issuer, audience] : std::vector<std::pair<std::string, std::string>>{
             {"https://login.test", "\"unibox\""},
             {"https://LOGIN.test/", "\"unibox\""},
             {"https://evil.test/", "\"unibox\""},
             {issuer, "\"other\""},
             {issuer, "\"UNIBOX\""},
             {issuer, R"(["other"])"}}) {
        INFO(other_issuer << ' ' << audience);
        CHECK(bench.IsInvalid(token_for(other_issuer, audience)));
        CHECK(log.Last() == "issuer_unknown");
    }
    // For two tenants at once it is for neither.
    bench.others["other"] = bench.info;
    bench.others["other"].tenant = TenantId{8};
    bench.authenticator.Forget();
    CHECK(bench.IsInvalid(token_for(issuer, R"(["other","unibox"])")));
    REQUIRE_OK(bench.Check(token_for(issuer, "\"other\"")));
}

TEST_CASE("AgentTokens: secrets of HS256 are the row's, two during a rotation", "[unit][auth]") {
    AgentBench bench;
    const std::string first(32, 'a');
    const std::string second(40, 'b');
    bench.Change([&](auto& info) {
        info.algorithms = {"HS256"};
        info.jwks_url = "";
        info.sealed_secrets = {second, first};
    });
    const std::string payload = bench.Claims().Json();
    REQUIRE_OK(bench.Check(JwtSigner(Algorithm::kHs256, "", first).Token(payload)));
    REQUIRE_OK(bench.Check(JwtSigner(Algorithm::kHs256, "any", second).Token(payload)));
    CHECK(bench.IsInvalid(JwtSigner(Algorithm::kHs256, "", std::string(32, 'c')).Token(payload)));
    CHECK(bench.IsInvalid(JwtSigner(Algorithm::kHs256, "", "").Token(payload)));
    // A secret that can be guessed is none.
    bench.Change([&](auto& info) { info.sealed_secrets = {"secret"}; });
    bench.authenticator.Forget();
    CHECK(bench.IsInvalid(JwtSigner(Algorithm::kHs256, "", "secret").Token(payload)));
    CHECK(bench.fetches == 0);
}

TEST_CASE("AgentTokens: keys in the row need no URL", "[unit][auth]") {
    AgentBench bench;
    const JwtSigner own(Algorithm::kEs256, "own");
    bench.Change([&](auto& info) {
        info.jwks_url = "";
        info.jwks = test::JwksOf({own.Jwk()});
    });
    REQUIRE_OK(bench.Check(own.Token(bench.Claims().Json())));
    CHECK(bench.IsInvalid(bench.ec.Token(bench.Claims().Json())));
    CHECK(bench.fetches == 0);
}

TEST_CASE("AgentTokens: the operator's issuer names the tenant in a claim", "[unit][auth]") {
    AgentBench bench;
    bench.Change([](auto& info) {
        info.tenant.reset();
        info.tenant_claim = "org";
    });
    const auto token_of = [&](const std::string& more) {
        auto claims = bench.Claims();
        claims.more = more;
        return bench.ed.Token(claims.Json());
    };
    const auto agent = bench.Check(token_of(R"(,"org":"acme")"));
    REQUIRE_OK(agent);
    CHECK(agent->tenant == TenantId{9});
    for (const char* more :
         {"",
          R"(,"org":"nobody")",
          R"(,"org":"gone")",
          R"(,"org":9)",
          R"(,"org":["acme"])",
          R"(,"org":"")",
          R"(,"tenant":"acme")"}) {
        INFO(more);
        CHECK(bench.IsInvalid(token_of(more)));
    }
    // A tenant's own issuer cannot speak for another one, whatever its tokens say.
    bench.Change([](auto& info) { info.tenant = TenantId{7}; });
    bench.authenticator.Forget();
    const auto own = bench.Check(token_of(R"(,"org":"acme")"));
    REQUIRE_OK(own);
    CHECK(own->tenant == TenantId{7});
}
