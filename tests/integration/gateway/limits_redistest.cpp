// Rates of calls over both transports, counted in a real Redis.
#include "gateway_fixture.hpp"
#include "google/rpc/error_details.pb.h"
#include "google/rpc/status.pb.h"
#include "rpc/status_map.hpp"
#include "support/eventually.hpp"
#include "support/no_limits.hpp"
#include "support/redis_server.hpp"
#include "support/status_matchers.hpp"

#include <catch2/catch.hpp>

#include <functional>
#include <string>

using namespace unibox;  // NOLINT(google-build-using-namespace)
using namespace std::chrono_literals;
using domain::LimitPolicy;
using domain::Rate;
using test::GatewayFixture;

namespace {

constexpr auto kPatience = 60s;
const std::string kList = "/v1/conversations";

gateway::Config ConfigFor(const std::string& redis_url) {
    gateway::Config config = GatewayFixture::DefaultConfig();
    config.redis.url = redis_url;
    config.redis.reconnect_first_ms = 10;
    config.redis.reconnect_ms_max = 100;
    config.limits.counting.redis_timeout_ms = 1'000;  // A busy machine is not the subject.
    config.limits.counting.retry_interval_ms = 20;
    return config;
}

void SetRate(gateway::Config& config, LimitPolicy policy, const Rate& rate) {
    config.limits.rates[static_cast<std::size_t>(policy)] = rate;
}

std::string FieldOf(const http::Response& response, std::string_view name) {
    return std::string(response.Find(name).value_or(""));
}

std::string ValueOf(
    const std::multimap<grpc::string_ref, grpc::string_ref>& metadata, const std::string& name
) {
    const auto found = metadata.find(name);
    return found == metadata.end() ? "" : std::string(found->second.data(), found->second.size());
}

bool CountsInRedis(GatewayFixture& fixture, const std::string& key) {
    const auto& counted =
        fixture.metrics().GetCounter("unibox_limits_checks_total", "", {{"by", "redis"}});
    const double before = counted.Get();
    return test::Eventually(kPatience, [&] {
        return fixture.Get(kList, key).status == 200 && counted.Get() > before;
    });
}

}  // namespace

TEST_CASE(
    "Limits: a key over its rate gets 429, with what it needs to do better", "[redis][gateway]"
) {
    test::RedisServer redis;
    auto config = ConfigFor(redis.url());
    SetRate(config, LimitPolicy::kKey, {1, 3});
    SetRate(config, LimitPolicy::kTenant, {500, 1'000});
    SetRate(config, LimitPolicy::kRead, {400, 800});
    GatewayFixture fixture(test::PgServer::Shared(), config);
    const auto tenant = fixture.AddTenant("acme");
    const auto other = fixture.AddKey(tenant, "other", "inbox:read");
    int served = 0;
    http::Response last;
    for (int i = 0; i < 200 && last.status != 429; ++i) {
        last = fixture.Get(kList, tenant.key);
        if (last.status != 200) continue;
        ++served;
        CHECK(
            FieldOf(last, "RateLimit-Policy") ==
            R"("key";q=3;w=3, "tenant";q=1000;w=2, "read";q=800;w=2)"
        );
        CHECK(FieldOf(last, "RateLimit").find(R"("key";r=)") == 0);
    }
    REQUIRE(last.status == 429);
    CHECK(served >= 3);
    CHECK(FieldOf(last, "Retry-After") == "1");
    CHECK(FieldOf(last, "RateLimit") == R"("key";r=0;t=1)");
    CHECK(last.body.find(R"("reason":"OVER_RATE")") != std::string::npos);
    CHECK(last.body.find(R"("metadata":{"policies":"key"})") != std::string::npos);
    CHECK(fixture.Get(kList, other).status == 200);  // Another key of the same tenant.
}

TEST_CASE(
    "Limits: gRPC says RESOURCE_EXHAUSTED with RetryInfo; all answers tell the rates",
    "[redis][gateway]"
) {
    test::RedisServer redis;
    auto config = ConfigFor(redis.url());
    SetRate(config, LimitPolicy::kTenant, {1, 2});
    GatewayFixture fixture(test::PgServer::Shared(), config);
    const auto tenant = fixture.AddTenant("acme");
    grpc::Status status;
    for (int i = 0; i < 200 && status.ok(); ++i) {
        const auto context = GatewayFixture::Context(tenant.key);
        v1::ListConversationsResponse response;
        status = fixture.stub().ListConversations(context.get(), {}, &response);
        const auto& told = status.ok() ? context->GetServerInitialMetadata()
                                       : context->GetServerTrailingMetadata();
        CHECK(ValueOf(told, "ratelimit-policy") == R"("tenant";q=2;w=2)");
        CHECK(ValueOf(told, "ratelimit").find(R"("tenant";r=)") == 0);
    }
    CHECK(status.error_code() == grpc::StatusCode::RESOURCE_EXHAUSTED);
    google::rpc::Status details;
    REQUIRE(details.ParseFromString(status.error_details()));
    google::rpc::RetryInfo retry;
    for (const auto& detail : details.details()) (void)detail.UnpackTo(&retry);
    CHECK(retry.retry_delay().seconds() * 1'000'000'000 + retry.retry_delay().nanos() > 0);
    CHECK(rpc::FromGrpc(status).reason() == "OVER_RATE");
}

TEST_CASE(
    "Limits: who is nobody is told so ten times, then 429; callers with a key go on",
    "[redis][gateway]"
) {
    test::RedisServer redis;
    auto config = ConfigFor(redis.url());
    config.limits.anonymous = gateway::LimitSettings().anonymous;
    config.api_keys.failed_per_s = 0;  // Not the subject.
    SetRate(config, LimitPolicy::kKey, {10'000, 100'000});
    GatewayFixture fixture(test::PgServer::Shared(), config);
    const auto tenant = fixture.AddTenant("acme");
    REQUIRE(CountsInRedis(fixture, tenant.key));
    int refused = 0;
    http::Response last;
    for (int i = 0; i < 1'000 && last.status != 429; ++i) {
        last = fixture.Get(kList, i % 2 == 0 ? "" : "ubk_" + std::string(22, 'a'));
        if (last.status == 401) ++refused;
    }
    REQUIRE(last.status == 429);
    CHECK(refused >= 10);
    CHECK(FieldOf(last, "RateLimit-Policy") == R"("anonymous";q=10;w=10)");
    CHECK_FALSE(FieldOf(last, "Retry-After").empty());
    CHECK(fixture.Get(kList, tenant.key).status == 200);
}

TEST_CASE(
    "Limits: a tenant's plan has the last word, and no other tenant notices", "[redis][gateway]"
) {
    test::RedisServer redis;
    auto config = ConfigFor(redis.url());
    SetRate(config, LimitPolicy::kTenant, {1, 2});
    GatewayFixture fixture(test::PgServer::Shared(), config);
    const auto small = fixture.AddTenant("small");
    const auto large = fixture.AddTenant("large");
    fixture.Sql("UPDATE tenants SET api_limits = 'tenant=1000/5000' WHERE slug = 'large'");
    CHECK(fixture.Get(kList, small.key).status == 200);
    CHECK(FieldOf(fixture.Get(kList, large.key), "RateLimit-Policy") == R"("tenant";q=5000;w=5)");
    for (int i = 0; i < 50; ++i) CHECK(fixture.Get(kList, large.key).status == 200);
    CHECK(test::Eventually(kPatience, [&] { return fixture.Get(kList, small.key).status == 429; }));
    CHECK(fixture.Get(kList, large.key).status == 200);
}

TEST_CASE("Limits: gateways count together", "[redis][gateway]") {
    test::RedisServer redis;
    auto config = ConfigFor(redis.url());
    SetRate(config, LimitPolicy::kTenant, {1, 500});
    GatewayFixture one(test::PgServer::Shared(), config);
    GatewayFixture two(test::PgServer::Shared(), config);
    // The first tenant of each database: the same number.
    const auto tenant_of_one = one.AddTenant("acme");
    const auto tenant_of_two = two.AddTenant("acme");
    REQUIRE(tenant_of_one.id == tenant_of_two.id);
    REQUIRE(CountsInRedis(one, tenant_of_one.key));
    REQUIRE(CountsInRedis(two, tenant_of_two.key));
    CHECK(test::Eventually(kPatience, [&] {
        return one.Get(kList, tenant_of_one.key).status == 429;
    }));
    CHECK(test::Eventually(kPatience, [&] {
        return two.Get(kList, tenant_of_two.key).status == 429;
    }));
    // The second was refused for what the first had taken.
    const auto& asked =
        two.metrics().GetCounter("unibox_limits_checks_total", "", {{"by", "redis"}});
    CHECK(asked.Get() < 250);
}

TEST_CASE(
    "Limits: Redis away, calls are served and still limited; then counted together again",
    "[redis][gateway]"
) {
    test::RedisServer redis;
    auto config = ConfigFor(redis.url());
    SetRate(config, LimitPolicy::kKey, {1, 200});
    GatewayFixture fixture(test::PgServer::Shared(), config);
    const auto tenant = fixture.AddTenant("acme");
    REQUIRE(CountsInRedis(fixture, tenant.key));
    redis.Kill9();
    const auto& local =
        fixture.metrics().GetCounter("unibox_limits_checks_total", "", {{"by", "local"}});
    REQUIRE(test::Eventually(kPatience, [&] {
        CHECK(fixture.Get(kList, tenant.key).status == 200);
        return local.Get() > 10;
    }));
    CHECK(test::Eventually(kPatience, [&] { return fixture.Get(kList, tenant.key).status == 429; })
    );
    redis.Start();
    CHECK(CountsInRedis(fixture, tenant.key));
}
