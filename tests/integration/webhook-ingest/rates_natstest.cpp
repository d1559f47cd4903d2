// The rate of a tenant's API channels, counted in a real Redis, and what becomes of webhooks
// without it.
#include "ingest_fixture.hpp"
#include "support/eventually.hpp"
#include "support/redis_server.hpp"
#include "support/status_matchers.hpp"

#include <catch2/catch.hpp>

#include <string>

namespace unibox::test {
namespace {

using std::chrono::seconds;

constexpr const char* kWhsec = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
constexpr seconds kPatience{60};

IngestFixture::Configure With(const RedisServer& redis) {
    return [url = redis.url()](ingest::Config& config) {
        config.redis.url = url;
        config.redis.reconnect_first_ms = 10;
        config.redis.reconnect_ms_max = 100;
        config.limits.redis_timeout_ms = 1'000;  // A busy machine is not the subject.
        config.limits.retry_interval_ms = 20;
    };
}

int PostOne(IngestFixture& f, const std::string& slug, int n) {
    const std::string path = "/v1/hooks/standard/" + slug + "-token";
    return f.PostSigned("standard", path, kWhsec, StandardBody(std::to_string(n)));
}

double Counted(IngestFixture& f, const char* by) {
    return f.metrics.GetCounter("unibox_limits_checks_total", "", {{"by", by}}).Get();
}

TenantId PutSlowTenant(IngestFixture& f, std::int32_t burst) {
    store::TenantSpec spec;
    spec.slug = spec.name = "slow";
    spec.ingest_rate_per_s = 1;
    spec.ingest_burst = burst;
    const TenantId tenant = store::PutTenant(*f.admin, spec).value().tenant;
    f.PutChannel(tenant, "slow", v1::PROVIDER_STANDARD, "", {kWhsec});
    return tenant;
}

TEST_CASE("Ingest: processes count a tenant's rate together", "[nats][pg][redis]") {
    RedisServer redis;
    IngestFixture one(PgServer::Shared(), With(redis));
    IngestFixture two(PgServer::Shared(), With(redis));
    // The same number in both databases.
    REQUIRE(PutSlowTenant(one, 200) == PutSlowTenant(two, 200));
    for (IngestFixture* f : {&one, &two}) {
        REQUIRE(Eventually(kPatience, [&] {
            return PostOne(*f, "slow", 0) == 200 && Counted(*f, "redis") > 0;
        }));
    }
    int n = 0;
    REQUIRE(Eventually(kPatience, [&] { return PostOne(one, "slow", ++n) == 429; }));
    const double before = Counted(two, "redis");
    CHECK(Eventually(kPatience, [&] { return PostOne(two, "slow", ++n) == 429; }));
    CHECK(Counted(two, "redis") - before < 100);  // Of 200 the other one had taken the most.
}

TEST_CASE(
    "Ingest: a refused webhook says when to come back, and how the rate stands", "[nats][pg][redis]"
) {
    RedisServer redis;
    IngestFixture f(PgServer::Shared(), With(redis));
    PutSlowTenant(f, 2);
    const std::string body = StandardBody("1");
    const Secret secret(kWhsec);
    std::vector<http::Header> headers;
    const auto signature =
        channels::Sign("standard", {secret, body, "", SystemClock().UnixMillis(), "w"}).value();
    for (const auto& header : signature) headers.push_back({header.name, header.value});
    Result<http::Response> last = http::Response();
    REQUIRE(Eventually(kPatience, [&] {
        last = f.Post("/v1/hooks/standard/slow-token", headers, body);
        REQUIRE_OK(last);
        CHECK(last->Find("RateLimit-Policy") == "\"ingest\";q=2;w=2");
        return last->status == 429;
    }));
    CHECK(last->Find("RateLimit") == "\"ingest\";r=0;t=1");
    CHECK(last->Find("Retry-After") == "1");
    CHECK(last->body.find("OVER_RATE") != std::string::npos);
}

TEST_CASE(
    "Ingest: Redis lost, every webhook is stored, and the rate goes on", "[nats][pg][redis]"
) {
    RedisServer redis;
    IngestFixture f(PgServer::Shared(), With(redis));
    PutSlowTenant(f, 20);
    f.PutChannel(f.first, "s", v1::PROVIDER_STANDARD, "", {kWhsec});
    f.PutChannel(f.first, "wa", v1::PROVIDER_WHATSAPP, "111", {});
    REQUIRE(Eventually(kPatience, [&] {
        return PostOne(f, "s", 0) == 200 && Counted(f, "redis") > 0;
    }));
    const std::uint64_t stored = f.StoredCount();
    redis.Kill9();
    for (int n = 1; n <= 20; ++n) {
        CHECK(PostOne(f, "s", n) == 200);
        const std::string body = WhatsAppBody({"111"}, "m" + std::to_string(n));
        CHECK(f.PostSigned("meta", "/v1/hooks/meta", f.kAppSecret, body) == 200);
    }
    CHECK(f.StoredCount() == stored + 40);
    CHECK(Counted(f, "local") >= 20);
    int n = 0;
    CHECK(Eventually(kPatience, [&] { return PostOne(f, "slow", ++n) == 429; }));
    CHECK(n > 20);
    redis.Start();
    const double before = Counted(f, "redis");
    CHECK(Eventually(kPatience, [&] {
        return PostOne(f, "s", ++n) == 200 && Counted(f, "redis") > before;
    }));
}

}  // namespace
}  // namespace unibox::test
