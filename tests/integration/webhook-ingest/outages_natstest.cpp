// What happens while PostgreSQL or NATS is away, and that it ends.
#include "frozen_postgres.hpp"
#include "ingest_fixture.hpp"
#include "support/eventually.hpp"

#include <catch2/catch.hpp>

#include <future>

namespace unibox::test {
namespace {

using std::chrono::seconds;

struct Timed {
    int status = 0;
    std::chrono::steady_clock::duration took{};
};

template <typename Post>
Timed TimeOf(Post post) {
    const auto begun = std::chrono::steady_clock::now();
    const int status = post();
    return {status, std::chrono::steady_clock::now() - begun};
}

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
    CHECK(Eventually(seconds(60), [&] { return post("new", 5) == 200; }));
    CHECK(Eventually(seconds(60), [&] { return meta({"111", "222"}, "C") == 200; }));
}

TEST_CASE("Outage: without NATS 503 with Retry-After in time, then all is well", "[nats][pg]") {
    IngestFixture f(PgServer::Shared(), [](auto& config) { config.intake.deadline_ms = 3'000; });
    f.PutChannel(f.first, "tg", v1::PROVIDER_TELEGRAM, "", {"tg-secret"});
    const auto post = [&](int update) {
        return f.PostSigned(
            "telegram", "/v1/hooks/telegram/tg-token", "tg-secret", TelegramBody(update)
        );
    };
    REQUIRE(post(1) == 200);
    f.nats.Kill9();
    const Timed refused = TimeOf([&] { return post(2); });
    CHECK(refused.status == 503);
    CHECK(refused.took < seconds(20));
    f.nats.Start();
    CHECK(Eventually(seconds(60), [&] { return post(2) == 200; }));
    REQUIRE(Eventually(seconds(60), [&] { return f.connection->connected(); }));
    CHECK(f.StoredCount() == 2);
}

TEST_CASE("Outage: a frozen NATS is 503 at the deadline, then all is well", "[nats][pg]") {
    IngestFixture f(PgServer::Shared(), [](auto& config) { config.intake.deadline_ms = 3'000; });
    f.PutChannel(f.first, "tg", v1::PROVIDER_TELEGRAM, "", {"tg-secret"});
    const auto post = [&](int update) {
        const std::string path = "/v1/hooks/telegram/tg-token";
        return f.PostSigned("telegram", path, "tg-secret", TelegramBody(update));
    };
    REQUIRE(post(1) == 200);
    f.nats.Pause();
    const Timed event = TimeOf([&] { return post(2); });
    const Timed raw =
        TimeOf([&] { return f.PostSigned("meta", "/v1/hooks/meta", f.kAppSecret, "{not json"); });
    f.nats.Resume();
    for (const Timed& one : {event, raw}) {
        CHECK(one.status == 503);
        CHECK(one.took >= std::chrono::milliseconds(2'700));
        CHECK(one.took < seconds(20));
    }
    CHECK(Eventually(seconds(60), [&] { return post(2) == 200; }));
    CHECK(f.StoredCount() == 2);
}

TEST_CASE("Outage: look-ups that hang delay nobody who is known", "[nats][pg]") {
    constexpr int kUnknown = 200;
    constexpr std::int64_t kDeadlineMs = 5'000;
    // Less and more patience with PostgreSQL than a webhook's deadline allows.
    const std::int64_t patience_ms = GENERATE(1'200, 15'000);
    PgServer postgres;
    IngestFixture f(postgres, [&](auto& config) {
        config.postgres.connect_timeout_ms = config.postgres.io_timeout_ms = patience_ms;
        config.intake.deadline_ms = kDeadlineMs;
        config.work.lookup_thread_count = 2;
    });
    f.PutChannel(f.first, "new", v1::PROVIDER_TELEGRAM, "", {"tg-secret"});
    f.PutChannel(f.first, "wa1", v1::PROVIDER_WHATSAPP, "111", {});
    // More than inline_bytes_max, of one number.
    const auto large = [&](const std::string& id) {
        return f.PostSigned(
            "meta",
            "/v1/hooks/meta",
            f.kAppSecret,
            WhatsAppBody(std::vector<std::string>(400, "111"), id)
        );
    };
    const auto post = [&](const std::string& token, int update) {
        const std::string path = "/v1/hooks/telegram/" + token;
        return f.PostSigned("telegram", path, "tg-secret", TelegramBody(update));
    };
    REQUIRE(WhatsAppBody(std::vector<std::string>(400, "111"), "A").size() > 64 << 10);
    REQUIRE(large("A") == 200);
    {
        const FrozenPostgres frozen(postgres);
        std::vector<std::future<Timed>> unknown;
        for (int i = 0; i < kUnknown; ++i) {
            unknown.push_back(std::async(std::launch::async, [&post, i] {
                return TimeOf([&] { return post("nobody-" + std::to_string(i), i); });
            }));
        }
        for (int i = 0; i < 10; ++i) {
            CHECK(large("B" + std::to_string(i)) == 200);  // Within its deadline.
        }
        for (auto& one : unknown) {
            const Timed timed = one.get();
            CHECK(timed.status == 503);
            CHECK(timed.took < seconds(20));
        }
        CHECK(post("new-token", 1) == 503);
        CHECK(large("C") == 200);
    }
    CHECK(Eventually(seconds(60), [&] { return post("new-token", 1) == 200; }));
    CHECK(post("nobody-1", 1) == 401);
    CHECK(large("D") == 200);
}

TEST_CASE("Outage: what changed while NATS was away is looked up anew", "[nats][pg]") {
    // Entries would be good for an hour: only the new connection can be the reason.
    IngestFixture f(PgServer::Shared(), [](auto& config) {
        config.lookups.refresh_ms = config.lookups.known_ms_max = 3'600'000;
    });
    const auto put = f.PutChannel(f.first, "tg", v1::PROVIDER_TELEGRAM, "", {"old-secret"});
    const auto post = [&](const std::string& secret, int update) {
        const std::string path = "/v1/hooks/telegram/tg-token";
        return f.PostSigned("telegram", path, secret, TelegramBody(update));
    };
    REQUIRE(post("old-secret", 1) == 200);
    f.nats.Kill9();
    f.PutSecret(f.first, put.channel, "new-secret");  // Told to nobody.
    CHECK(post("new-secret", 2) == 401);
    f.nats.Start();
    CHECK(Eventually(seconds(60), [&] { return post("new-secret", 2) == 200; }));
}

}  // namespace
}  // namespace unibox::test
