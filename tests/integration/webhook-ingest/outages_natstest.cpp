// What happens while PostgreSQL or NATS is away, and that it ends.
#include "ingest_fixture.hpp"
#include "support/eventually.hpp"

#include <catch2/catch.hpp>

namespace unibox::test {
namespace {

using std::chrono::seconds;

TEST_CASE("Outage: without PostgreSQL known channels go on, unknown ones get 503", "[nats][pg]") {
    PgServer postgres;
    IngestFixture f(postgres);
    f.PutChannel(f.first, "tg", v1::PROVIDER_TELEGRAM, "", {"tg-secret"});
    f.PutChannel(f.first, "new", v1::PROVIDER_TELEGRAM, "", {"tg-secret"});
    f.PutChannel(f.first, "wa1", v1::PROVIDER_WHATSAPP, "111", {});
    const auto post = [&](const std::string& slug, int update) {
        const std::string path = "/v1/hooks/telegram/" + slug + "-token";
        return f.PostSigned("telegram", path, "tg-secret", TelegramBody(update));
    };
    const auto meta = [&](const std::vector<std::string>& numbers, const std::string& id) {
        return f.PostSigned("meta", "/v1/hooks/meta", f.kAppSecret, WhatsAppBody(numbers, id));
    };
    REQUIRE(post("tg", 1) == 200);
    REQUIRE(meta({"111"}, "A") == 200);
    postgres.Kill9();
    CHECK(post("tg", 2) == 200);
    CHECK(post("new", 3) == 503);
    // Also after "everything may have changed", which cannot be checked now.
    f.TellChanges();
    CHECK(post("tg", 4) == 200);
    CHECK(meta({"111"}, "B") == 200);
    // A batch with an unknown route: what is known is stored, the answer asks for a repeat.
    CHECK(meta({"111", "222"}, "C") == 503);
    CHECK(f.StoredCount() == 6);
    const auto refused = f.Post("/v1/hooks/telegram/new-token", {}, "");
    REQUIRE(refused.ok());
    CHECK(refused->Find("Retry-After").value() == "5");
    postgres.Start();
    CHECK(Eventually(seconds(20), [&] { return post("new", 5) == 200; }));
    CHECK(Eventually(seconds(20), [&] { return meta({"111", "222"}, "C") == 200; }));
}

TEST_CASE("Outage: without NATS 503 with Retry-After in time, then all is well", "[nats][pg]") {
    IngestFixture f;
    f.PutChannel(f.first, "tg", v1::PROVIDER_TELEGRAM, "", {"tg-secret"});
    const auto post = [&](int update) {
        return f.PostSigned(
            "telegram", "/v1/hooks/telegram/tg-token", "tg-secret", TelegramBody(update)
        );
    };
    REQUIRE(post(1) == 200);
    f.nats.Kill9();
    const auto begun = std::chrono::steady_clock::now();
    CHECK(post(2) == 503);
    CHECK(std::chrono::steady_clock::now() - begun < seconds(5));
    f.nats.Start();
    CHECK(Eventually(seconds(20), [&] { return post(2) == 200; }));
    REQUIRE(Eventually(seconds(20), [&] { return f.connection->connected(); }));
    CHECK(f.StoredCount() == 2);
}

}  // namespace
}  // namespace unibox::test
