// A clock that is wrong looks like a wrong secret to the sender, and like itself to the operator.
#include "ingest_fixture.hpp"
#include "support/problem.hpp"
#include "support/status_matchers.hpp"

#include <catch2/catch.hpp>

namespace unibox::test {
namespace {

TEST_CASE("Ingest: a wrong clock is told apart from a wrong secret", "[nats][pg]") {
    IngestFixture f;
    const std::string right = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
    const std::string wrong = "whsec_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";
    f.PutChannel(f.first, "shop", v1::PROVIDER_STANDARD, "", {right});
    const std::string path = "/v1/hooks/standard/shop-token";
    const auto post = [&](const std::string& secret, std::int64_t off_s) {
        const Secret key(secret);
        const std::string body = StandardBody("m" + std::to_string(off_s));
        const std::int64_t now_ms = SystemClock().UnixMillis() + off_s * 1000;
        const auto headers = channels::Sign("standard", {key, body, "", now_ms, "w-1"});
        REQUIRE_OK(headers);
        std::vector<http::Header> sent;
        for (const auto& header : *headers) sent.push_back({header.name, header.value});
        auto response = f.Post(path, sent, body);
        REQUIRE_OK(response);
        return std::move(response).value();
    };
    const auto told = [&](const std::string& count) {
        const std::string line = "\nunibox_ingest_signed_time_away_total " + count + "\n";
        return f.metrics.Render().find(line) != std::string::npos;
    };
    const auto secret = post(wrong, 0);
    CHECK(secret.status == 401);
    CHECK(post(wrong, -10'000).status == 401);
    CHECK(told("0"));
    // Far enough from the limit for a machine that is slow.
    CHECK(post(right, -10'000).status == 401);
    const auto clock = post(right, 10'000);
    CHECK(clock.status == 401);
    CHECK(WithoutTraceId(clock.body) == WithoutTraceId(secret.body));
    CHECK(told("2"));
    CHECK(post(right, 0).status == 200);
    CHECK(told("2"));
    CHECK(f.StoredCount() == 1);
}

}  // namespace
}  // namespace unibox::test
