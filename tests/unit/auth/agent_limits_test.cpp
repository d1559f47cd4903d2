// What agents' tokens may cost, and when they end.
#include "agent_bench.hpp"
#include "support/eventually.hpp"

#include <catch2/catch.hpp>

#include <algorithm>
#include <string>
#include <vector>

using namespace unibox;  // NOLINT(google-build-using-namespace)
using namespace std::chrono_literals;
using auth::Algorithm;
using test::AgentBench;
using test::HasCode;
using test::JwtSigner;
using test::RefusalLines;

TEST_CASE("AgentTokens: a disabled issuer or tenant ends with the notice", "[unit][auth]") {
    AgentBench bench;
    const std::string token = bench.ed.Token(bench.Claims().Json());
    REQUIRE_OK(bench.Check(token));
    const std::vector<std::function<void(domain::JwtIssuerInfo&)>> changes = {
        [](auto& info) { info.disabled = true; },
        [](auto& info) { info.tenant_disabled = true; },
        [](auto& info) { info.algorithms = {"ES256"}; },
        [](auto& info) { info.jwks_url = "https://login.test/other"; },
        [](auto& info) { info.jwks_url = ""; }};
    const auto before = bench.info;
    for (const auto& change : changes) {
        bench.Change(change);
        REQUIRE_OK(bench.Check(token));  // Nobody was told.
        bench.authenticator.Forget();
        CHECK_FALSE(bench.Check(token).ok());
        bench.Change([&](auto& info) { info = before; });
        bench.authenticator.Forget();
        REQUIRE_OK(bench.Check(token));
    }
    bench.Change(changes[0]);
    bench.clock.Advance(Millis(30'000));  // Without a notice.
    CHECK(bench.IsInvalid(token));
}

TEST_CASE("AgentTokens: a key that the issuer takes back signs nothing more", "[unit][auth]") {
    AgentBench bench;
    const std::string token = bench.ed.Token(bench.Claims().Json());
    REQUIRE_OK(bench.Check(token));
    // Another key under the same name: what is remembered of the token is of the old one.
    const JwtSigner next(Algorithm::kEdDsa, "ed");
    bench.Publish(test::JwksOf({next.Jwk()}));
    bench.clock.Advance(Millis(600'000));
    REQUIRE_OK(bench.Check(token));
    CHECK(test::Eventually(10s, [&] { return bench.IsInvalid(token); }));
    REQUIRE_OK(bench.Check(next.Token(bench.Claims().Json())));
}

TEST_CASE("AgentTokens: forged tokens of a network are limited, others go on", "[unit][auth]") {
    auth::Options options = AgentBench::AsGateway();
    options.cache.failed_per_s = 1;
    options.cache.failed_burst = 5;
    AgentBench bench(options);
    REQUIRE_OK(bench.Check(bench.ed.Token(bench.Claims().Json())));
    const JwtSigner evil(Algorithm::kEdDsa, "ed");
    const auto forged = [&](int i) {
        auto claims = bench.Claims();
        claims.subject = "agent-" + std::to_string(i);
        return evil.Token(claims.Json());
    };
    for (int i = 0; i < 5; ++i) CHECK(bench.IsInvalid(forged(i)));
    const auto limited = bench.Check(forged(5));
    CHECK_THAT(limited.status(), HasCode(Code::kResourceExhausted));
    CHECK(limited.status().reason() == "LOOKUPS_LIMITED");
    // Its own agents who are known here go on, and so does everybody else.
    REQUIRE_OK(bench.Check(bench.ed.Token(bench.Claims().Json())));
    auto claims = bench.Claims();
    claims.subject = "elsewhere";
    REQUIRE_OK(bench.Check(bench.ed.Token(claims.Json()), auth::kScopeInboxRead, "198.51.100.1"));
    bench.clock.Advance(Millis(1'000));
    CHECK(bench.IsInvalid(forged(6)));
}

TEST_CASE("AgentTokens: right tokens cost the network nothing", "[unit][auth]") {
    auth::Options options = AgentBench::AsGateway();
    options.cache.failed_per_s = 1;
    options.cache.failed_burst = 2;
    AgentBench bench(options);
    for (int i = 0; i < 50; ++i) {
        auto claims = bench.Claims();
        claims.subject = "agent-" + std::to_string(i);
        REQUIRE_OK(bench.Check(bench.ed.Token(claims.Json())));
    }
    CHECK(bench.lookups == 1);
}

TEST_CASE("AgentTokens: made up issuers of a network are limited", "[unit][auth]") {
    auth::Options options = AgentBench::AsGateway();
    options.cache.failed_per_s = 1;
    options.cache.failed_burst = 5;
    AgentBench bench(options);
    int limited = 0;
    for (int i = 0; i < 20; ++i) {
        auto claims = bench.Claims();
        claims.issuer = "https://evil.test/" + std::to_string(i);
        limited +=
            bench.Check(bench.ed.Token(claims.Json())).status().reason() == "LOOKUPS_LIMITED";
    }
    CHECK(limited == 15);
    CHECK(bench.lookups == 5);
}

TEST_CASE("AgentTokens: without directory or issuer it is later, not wrong", "[unit][auth]") {
    AgentBench bench;
    const std::string token = bench.ed.Token(bench.Claims().Json());
    bench.away = true;
    const auto no_directory = bench.Check(token);
    CHECK_THAT(no_directory.status(), HasCode(Code::kUnavailable));
    CHECK(no_directory.status().reason() == auth::kDirectoryUnavailable);
    bench.away = false;
    const std::string set = bench.jwks;
    bench.Publish("");
    const auto no_issuer = bench.Check(token);
    CHECK_THAT(no_issuer.status(), HasCode(Code::kUnavailable));
    CHECK(no_issuer.status().reason() == auth::kIssuerUnavailable);
    bench.Publish(set);
    bench.clock.Advance(Millis(5'000));
    REQUIRE_OK(bench.Check(token));
}

TEST_CASE("AgentTokens: the log says why, and not a byte of the token", "[unit][auth]") {
    RefusalLines log;
    AgentBench bench;
    const std::string token = JwtSigner(Algorithm::kEdDsa, "ed").Token(bench.Claims().Json());
    CHECK(bench.IsInvalid(token));
    REQUIRE(log.lines().size() == 1);
    const std::string& line = log.lines().front();
    INFO(line);
    CHECK(log.Last() == "forged");
    CHECK(line.find(token.substr(0, 8)) == std::string::npos);
    CHECK(line.find(token.substr(token.rfind('.') + 1, 8)) == std::string::npos);
    CHECK(line.find(bench.info.issuer_id.ToString()) != std::string::npos);
    CHECK(line.find("192.0.2.0/24") != std::string::npos);
}

TEST_CASE("AgentTokens: where none are taken they are no credentials", "[unit][auth]") {
    test::FakeClock clock;
    obs::Metrics metrics;
    const auto no_keys = [](const auto&, SteadyTime) { return domain::ApiKeysByHash(); };
    auth::Authenticator authenticator(AgentBench::AsGateway(), no_keys, clock, metrics);
    Status answer;
    test::TestClaims claims;
    claims.issued_at_s = clock.UnixMillis() / 1'000;
    claims.expires_at_s = claims.issued_at_s + 60;
    const std::string token = JwtSigner(Algorithm::kEdDsa, "k").Token(claims.Json());
    authenticator.Check({"Bearer " + token, "192.0.2.1"}, "inbox:read", [&](const auto& caller) {
        answer = caller.status();
    });
    CHECK_THAT(answer, HasCode(Code::kUnauthenticated));
    CHECK(answer.reason() == auth::kApiKeyInvalid);
}

TEST_CASE("AgentTokens: after a stop everybody has an answer", "[unit][auth]") {
    AgentBench bench;
    bench.authenticator.Stop();
    CHECK_FALSE(bench.Check(bench.ed.Token(bench.Claims().Json())).ok());
}
