#include "store/directory/lookups.hpp"
#include "store_fixture.hpp"
#include "support/api_keys.hpp"

namespace unibox::store {
namespace {

using test::FindApiKey;
using test::HasCode;
using test::StoreFixture;

constexpr Millis kHour{3'600'000};

std::string Hash(char fill) {
    return std::string(32, fill);
}

TEST_CASE("Directory: an API key leads to its tenant, scopes and state", "[pg][store]") {
    StoreFixture fixture;
    const TenantId tenant = fixture.Tenant("acme");
    REQUIRE_OK(PutApiKey(fixture.admin(), tenant, {"main", Hash('a'), {"inbox:read"}}));
    for (pg::Pool* pool : {&fixture.ingest(), &fixture.gateway()}) {
        const auto found = FindApiKey(*pool, Hash('a'));
        REQUIRE_OK(found);
        REQUIRE(found->tenant == tenant);
        REQUIRE(found->scopes == std::vector<std::string>{"inbox:read"});
        REQUIRE(found->name == "main");
        REQUIRE(found->expires_at_ms == pg::kInfinity.unix_ms);
        REQUIRE_FALSE((found->revoked || found->expired || found->tenant_disabled));
    }
    REQUIRE_THAT(FindApiKey(fixture.ingest(), Hash('b')).status(), HasCode(Code::kNotFound));
    REQUIRE_OK(fixture.Owner("UPDATE api_keys SET expires_at = now() - interval '1 s'"));
    REQUIRE(FindApiKey(fixture.ingest(), Hash('a'))->expired);
    REQUIRE_OK(RevokeApiKey(fixture.admin(), tenant, "main"));
    REQUIRE(FindApiKey(fixture.ingest(), Hash('a'))->revoked);
    REQUIRE_OK(PutTenant(fixture.admin(), {"acme", "Acme", 1, 1, true}));
    REQUIRE(FindApiKey(fixture.ingest(), Hash('a'))->tenant_disabled);
}

TEST_CASE("Directory: who is found comes with the limits of the tenant's plan", "[pg][store]") {
    StoreFixture fixture;
    TenantSpec spec{"acme", "Acme"};
    spec.api_limits = "tenant=500/1000 search=10/20";
    const TenantId tenant = PutTenant(fixture.admin(), spec).value().tenant;
    REQUIRE_OK(PutApiKey(fixture.admin(), tenant, {"main", Hash('a'), {"inbox:read"}}));
    const auto wanted = domain::TenantLimits::Parse(spec.api_limits).value();
    for (pg::Pool* pool : {&fixture.ingest(), &fixture.gateway()}) {
        CHECK(FindApiKey(*pool, Hash('a')).value().limits == wanted);
    }
    CHECK(FindTenantsBySlug(fixture.gateway(), {"acme"}).value().at("acme").limits == wanted);
    CHECK(FindTenant(fixture.admin(), "acme")->spec.api_limits == spec.api_limits);
    CHECK(PutTenant(fixture.admin(), spec)->change == Change::kUnchanged);
    spec.api_limits.clear();
    CHECK(PutTenant(fixture.admin(), spec)->change == Change::kUpdated);
    CHECK(PutTenant(fixture.admin(), spec)->change == Change::kUnchanged);
    CHECK(FindApiKey(fixture.gateway(), Hash('a'))->limits == domain::TenantLimits());
    for (const char* wrong : {"tenant=5", "all=5/5", "tenant=5/5 ", "tenant=0/5"}) {
        spec.api_limits = wrong;
        CHECK_FALSE(PutTenant(fixture.admin(), spec).ok());
    }
}

TEST_CASE(
    "Directory: many API keys in one statement; those that are not there are absent", "[pg][store]"
) {
    StoreFixture fixture;
    const TenantId one = fixture.Tenant("one");
    const TenantId two = fixture.Tenant("two");
    REQUIRE_OK(PutApiKey(fixture.admin(), one, {"a", Hash('a'), {"inbox:read"}}));
    REQUIRE_OK(PutApiKey(fixture.admin(), two, {"b", Hash('b'), {"inbox:read", "ingest:write"}}));
    REQUIRE_OK(RevokeApiKey(fixture.admin(), one, "a"));
    const auto found = FindApiKeys(fixture.gateway(), {Hash('a'), Hash('x'), Hash('b')});
    REQUIRE_OK(found);
    REQUIRE(found->size() == 2);
    CHECK(found->at(Hash('a')).tenant == one);
    CHECK(found->at(Hash('a')).revoked);
    CHECK(found->at(Hash('b')).tenant == two);
    CHECK_FALSE(found->at(Hash('b')).revoked);
    CHECK(found->at(Hash('b')).scopes.size() == 2);
    REQUIRE_OK(FindApiKeys(fixture.gateway(), {}));
    CHECK_FALSE(FindApiKeys(fixture.gateway(), std::vector<std::string>(1'001, Hash('a'))).ok());
}

TEST_CASE("Directory: a channel is found by token, by route and by its id", "[pg][store]") {
    StoreFixture fixture;
    const TenantId tenant = fixture.Tenant("acme");
    ChannelSpec spec = StoreFixture::Channel("support", "12345");
    spec.token_hash = Hash('t');
    spec.public_base_url = "https://hooks.example/prefix";
    spec.reopen_window_s = 60;
    spec.settings_json = R"({"a":1})";
    const auto put = PutChannel(fixture.admin(), tenant, spec);
    REQUIRE_OK(put);
    const auto by_token = FindChannelByToken(fixture.ingest(), Hash('t'));
    REQUIRE_OK(by_token);
    REQUIRE(by_token->tenant == tenant);
    REQUIRE(by_token->channel == put->channel);
    REQUIRE(by_token->provider == v1::PROVIDER_WHATSAPP);
    REQUIRE(by_token->route_key == "12345");
    REQUIRE(by_token->public_base_url == spec.public_base_url);
    REQUIRE(by_token->reopen_window_s == 60);
    REQUIRE(by_token->settings_json == R"({"a": 1})");
    REQUIRE(by_token->ingest_rate_per_s == 200);
    REQUIRE(by_token->ingest_burst == 1000);
    REQUIRE_FALSE(by_token->disabled);
    REQUIRE(by_token->sealed_secrets.empty());
    REQUIRE(FindChannel(fixture.ingest(), tenant, put->channel)->channel == put->channel);
    const auto by_route =
        FindChannelsByRoute(fixture.ingest(), v1::PROVIDER_WHATSAPP, {"12345", "999", "12345"});
    REQUIRE_OK(by_route);
    REQUIRE(by_route->size() == 1);
    REQUIRE((*by_route)[0].route_key == "12345");
    REQUIRE((*by_route)[0].channel.channel == put->channel);
}

TEST_CASE("Directory: what does not belong together is not found", "[pg][store]") {
    StoreFixture fixture;
    const TenantId tenant = fixture.Tenant("acme");
    const TenantId other = fixture.Tenant("other");
    ChannelSpec spec = StoreFixture::Channel("support", "12345");
    spec.token_hash = Hash('t');
    const ChannelId channel = PutChannel(fixture.admin(), tenant, spec).value().channel;
    REQUIRE_THAT(
        FindChannelByToken(fixture.ingest(), Hash('u')).status(), HasCode(Code::kNotFound)
    );
    const auto foreign = FindChannel(fixture.ingest(), other, channel);
    REQUIRE_THAT(foreign.status(), HasCode(Code::kNotFound));
    REQUIRE(FindChannelsByRoute(fixture.ingest(), v1::PROVIDER_MESSENGER, {"12345"})->empty()
    );  // Another provider.
    REQUIRE(FindChannelsByRoute(fixture.ingest(), v1::PROVIDER_WHATSAPP, {})->empty());
    REQUIRE(FindChannelsByRoute(fixture.ingest(), v1::PROVIDER_WHATSAPP, {"1234", "2:12345", ""})
                ->empty());
    // A directory entry that contradicts the channel's own row leads nowhere.
    REQUIRE_OK(fixture.Owner("UPDATE channels SET route_key = 'moved', token_hash = 'x'"));
    REQUIRE(FindChannelsByRoute(fixture.ingest(), v1::PROVIDER_WHATSAPP, {"12345"})->empty());
    REQUIRE_THAT(
        FindChannelByToken(fixture.ingest(), Hash('t')).status(), HasCode(Code::kNotFound)
    );
    const std::vector<std::string> many(1'001, "k");
    const auto refused = FindChannelsByRoute(fixture.ingest(), v1::PROVIDER_WHATSAPP, many);
    REQUIRE_THAT(refused.status(), HasCode(Code::kInvalidArgument));
}

TEST_CASE("Directory: one webhook with the numbers of two tenants", "[pg][store]") {
    StoreFixture fixture;
    const TenantId one = fixture.Tenant("one");
    const TenantId two = fixture.Tenant("two");
    const auto first = PutChannel(fixture.admin(), one, StoreFixture::Channel("a", "111")).value();
    const auto second = PutChannel(fixture.admin(), two, StoreFixture::Channel("a", "222")).value();
    const auto found =
        FindChannelsByRoute(fixture.ingest(), v1::PROVIDER_WHATSAPP, {"111", "222"}).value();
    std::map<std::string, std::pair<TenantId, ChannelId>> by_key;
    for (const auto& routed : found) {
        by_key[routed.route_key] = {routed.channel.tenant, routed.channel.channel};
    }
    REQUIRE(by_key["111"] == std::pair(one, first.channel));
    REQUIRE(by_key["222"] == std::pair(two, second.channel));
}

TEST_CASE("Directory: both secrets are live during a rotation, newest first", "[pg][store]") {
    StoreFixture fixture;
    const TenantId tenant = fixture.Tenant("acme");
    ChannelSpec spec = StoreFixture::Channel("support", "");
    spec.token_hash = Hash('t');
    const ChannelId channel = PutChannel(fixture.admin(), tenant, spec).value().channel;
    const auto put = [&](const NewSecret& secret, Millis overlap_time) {
        return PutChannelSecret(fixture.admin(), tenant, channel, secret, overlap_time).value();
    };
    const auto secrets = [&] {
        return FindChannelByToken(fixture.ingest(), Hash('t')).value().sealed_secrets;
    };
    REQUIRE(put({"sealed-1", "f1"}, kHour) == Change::kCreated);
    REQUIRE(put({"sealed-1-again", "f1"}, kHour) == Change::kUnchanged);
    REQUIRE(secrets() == std::vector<std::string>{"sealed-1"});
    REQUIRE(put({"sealed-2", "f2"}, kHour) == Change::kUpdated);
    REQUIRE(secrets() == std::vector<std::string>{"sealed-2", "sealed-1"});
    const auto until = FindChannelByToken(fixture.ingest(), Hash('t'))->secrets_valid_until_ms;
    REQUIRE(until != pg::kInfinity.unix_ms);
    // Back to the first one: it is the newest again, the second one runs out.
    REQUIRE(put({"sealed-1b", "f1"}, kHour) == Change::kUpdated);
    REQUIRE(secrets() == std::vector<std::string>{"sealed-1b", "sealed-2"});
    REQUIRE(put({"sealed-3", "f3"}, Millis(0)) == Change::kUpdated);
    REQUIRE(secrets() == std::vector<std::string>{"sealed-3"});
    const ChannelId nobody{Uuid::Parse("01890a5d-ac96-774b-bcce-b302099a8057").value()};
    const auto missing = PutChannelSecret(fixture.admin(), tenant, nobody, {"s", "f"}, Millis(0));
    REQUIRE_THAT(missing.status(), HasCode(Code::kNotFound));
}

TEST_CASE("Directory: provider apps with their secrets and verify token", "[pg][store]") {
    StoreFixture fixture;
    REQUIRE(FindProviderApps(fixture.ingest(), "meta")->empty());
    const Uuid id = NewUuidV7(1'785'412'800'000);
    const AppSpec spec{"main", "meta"};
    REQUIRE(PutApp(fixture.admin(), id, spec, "verify").value() == Change::kCreated);
    REQUIRE(PutApp(fixture.admin(), id, spec, std::nullopt).value() == Change::kUnchanged);
    REQUIRE(PutApp(fixture.admin(), id, spec, "verify-2").value() == Change::kUpdated);
    REQUIRE_OK(PutAppSecret(fixture.admin(), id, {"s1", "f1"}, kHour));
    const auto single = FindProviderApps(fixture.ingest(), "meta").value();
    REQUIRE(single[0].secrets_valid_until_ms == pg::kInfinity.unix_ms);
    REQUIRE_OK(PutAppSecret(fixture.admin(), id, {"s2", "f2"}, kHour));
    const auto same = PutAppSecret(fixture.admin(), id, {"s2", "f2"}, kHour);
    REQUIRE(same.value() == Change::kUnchanged);
    const auto apps = FindProviderApps(fixture.ingest(), "meta").value();
    REQUIRE(apps.size() == 1);
    REQUIRE(apps[0].app_id == id);
    REQUIRE(apps[0].verify_token_sealed == "verify-2");
    REQUIRE(apps[0].sealed_secrets == std::vector<std::string>{"s2", "s1"});
    REQUIRE(apps[0].secrets_valid_until_ms > 0);
    REQUIRE(apps[0].secrets_valid_until_ms < pg::kInfinity.unix_ms);
    REQUIRE(FindProviderApps(fixture.ingest(), "twilio")->empty());
}

}  // namespace
}  // namespace unibox::store
