#include "webhook-ingest/cached_directory.hpp"

#include "support/eventually.hpp"
#include "support/fake_clock.hpp"
#include "support/status_matchers.hpp"

#include <catch2/catch.hpp>

namespace unibox::ingest {
namespace {

// A directory of one Telegram channel and one WhatsApp route, in memory.
class OneOfEach final : public Directory {
public:
    explicit OneOfEach(const crypto::SealedBox& box) {
        channel.tenant = TenantId{7};
        channel.channel = ChannelId{NewUuidV7(1)};
        channel.provider = v1::PROVIDER_TELEGRAM;
        const std::string aad = "channel:" + channel.channel.ToString();
        channel.sealed_secrets = {box.Seal(Secret("new"), aad), box.Seal(Secret("old"), aad)};
        channel.secrets_valid_until_ms = std::numeric_limits<std::int64_t>::max();
    }
    Result<store::ChannelInfo> ChannelByToken(std::string_view) override { return channel; }
    Result<store::ChannelInfo> ChannelById(TenantId tenant, ChannelId id) override {
        if (tenant != channel.tenant || id != channel.channel) return NotFound("none");
        return channel;
    }
    Result<std::vector<store::RoutedChannel>> ChannelsByRoute(
        v1::Provider provider, const std::vector<std::string>& keys
    ) override {
        std::vector<store::RoutedChannel> found;
        for (const std::string& key : keys) {
            if (provider == v1::PROVIDER_WHATSAPP && key == "a:b") found.push_back({key, channel});
        }
        return found;
    }
    Result<std::vector<store::ProviderApp>> Apps(std::string_view) override { return apps; }

    store::ChannelInfo channel;
    std::vector<store::ProviderApp> apps;
};

struct Fixture {
    Fixture()
        : box(crypto::SealedBox::FromKeyText(crypto::GenerateKeyFileText()).value()),
          stored(box),
          directory({}, stored, box, async::LookupLanes{pool, pool, failed}, clock, metrics) {}
    ~Fixture() { pool.Stop(); }

    template <typename Ask>
    auto Wait(Ask ask) {
        Mutex mutex;
        std::optional<Result<ChannelPtr>> answer;
        ask([&](Result<ChannelPtr> result) {
            const MutexLock lock(mutex);
            answer = std::move(result);
        });
        REQUIRE(test::Eventually(std::chrono::seconds(5), [&] {
            const MutexLock lock(mutex);
            return answer.has_value();
        }));
        return *answer;
    }

    test::FakeClock clock;
    obs::Metrics metrics;
    crypto::SealedBox box;
    OneOfEach stored;
    async::FairPool pool{"test", {2, 2, 100, 100}, clock};
    TokenBuckets failed{100, clock};
    CachedDirectory directory;
};

TEST_CASE("CachedDirectory: secrets are unsealed, a foreign one is left out", "[unit]") {
    Fixture f;
    f.stored.channel.sealed_secrets.push_back(f.box.Seal(Secret("foreign"), "channel:other"));
    const auto found =
        f.Wait([&](auto done) { f.directory.ByToken("t", "192.0.2.1", std::move(done)); });
    REQUIRE_OK(found);
    REQUIRE((*found)->secrets.size() == 2);
    CHECK((*found)->secrets[0].Reveal() == "new");
    CHECK((*found)->secrets_incomplete);
    CHECK(f.metrics.GetCounter("unibox_ingest_unseal_failures_total", "").Get() == 1);
}

TEST_CASE("CachedDirectory: of apps the newest secrets survive the end of a rotation", "[unit]") {
    Fixture f;
    const std::int64_t now_ms = f.clock.UnixMillis();
    for (const std::string name : {"a", "b"}) {
        store::ProviderApp app;
        app.app_id = NewUuidV7(1);
        const std::string aad = "app:" + app.app_id.ToString();
        app.verify_token_sealed = f.box.Seal(Secret("verify-" + name), aad);
        app.sealed_secrets = {
            f.box.Seal(Secret("new-" + name), aad), f.box.Seal(Secret("old-" + name), aad)};
        app.secrets_valid_until_ms = name == "a" ? now_ms + 60'000 : now_ms + 120'000;
        f.stored.apps.push_back(app);
    }
    std::atomic<int> answers{0};
    ProviderAppsPtr apps;
    const auto ask = [&] {
        const int before = answers;
        f.directory.Apps(domain::kMetaWebhooks, [&](Result<ProviderAppsPtr> found) {
            apps = found.ok() ? *found : nullptr;
            ++answers;
        });
        REQUIRE(test::Eventually(std::chrono::seconds(5), [&] { return answers > before; }));
    };
    ask();
    REQUIRE(apps);
    CHECK_FALSE(apps->secrets_incomplete);
    CHECK_FALSE(apps->verify_tokens_incomplete);
    CHECK(CachedDirectory::LiveSecrets(*apps, now_ms).secrets.size() == 4);
    const auto live = CachedDirectory::LiveSecrets(*apps, now_ms + 60'000);
    REQUIRE(live.secrets.size() == 3);
    CHECK(live.secrets[0].Reveal() == "new-a");
    CHECK(live.secrets[1].Reveal() == "new-b");
    const Uuid a = f.stored.apps[0].app_id;
    const Uuid b = f.stored.apps[1].app_id;
    REQUIRE(live.holders.size() == 3);
    CHECK(live.holders[0].app_ids == std::vector{a});
    CHECK(live.holders[1].app_ids == std::vector{b});
    CHECK(live.holders[2].app_ids == std::vector{b});
    CHECK(live.holders[0].newest);
    CHECK(live.holders[1].newest);
    CHECK_FALSE(live.holders[2].newest);
    // What has ended is asked for again, long before it is old.
    f.stored.apps[0].sealed_secrets.pop_back();
    f.stored.apps[0].secrets_valid_until_ms = std::numeric_limits<std::int64_t>::max();
    f.stored.apps[1].sealed_secrets.push_back(f.box.Seal(Secret("x"), "app:other"));
    f.clock.Advance(Millis(59'000));
    ask();
    CHECK(CachedDirectory::LiveSecrets(*apps, now_ms).secrets.size() == 4);
    f.clock.Advance(Millis(1'000));
    ask();
    CHECK(CachedDirectory::LiveSecrets(*apps, f.clock.UnixMillis()).secrets.size() == 3);
    CHECK(apps->secrets_incomplete);
}

TEST_CASE(
    "CachedDirectory: a secret of several apps is tried once, and is all of theirs", "[unit]"
) {
    const Uuid a = NewUuidV7(1);
    const Uuid b = NewUuidV7(2);
    const Uuid c = NewUuidV7(3);
    constexpr std::int64_t kNever = std::numeric_limits<std::int64_t>::max();
    ProviderApps apps;
    apps.apps = {
        {a, {Secret("new"), Secret("shared")}, kNever},
        {b, {Secret("shared")}, kNever},
        {c, {Secret("other"), Secret("shared")}, 500}};
    const auto all = CachedDirectory::LiveSecrets(apps, 499);
    REQUIRE(all.secrets.size() == 3);
    CHECK(all.secrets[1].Reveal() == "shared");
    CHECK(all.holders[1].app_ids == std::vector{a, b, c});
    CHECK(all.holders[1].newest);
    // Whose secret has ended did not sign with it.
    CHECK(CachedDirectory::LiveSecrets(apps, 500).holders[1].app_ids == std::vector{a, b});
}

TEST_CASE("CachedDirectory: only the newest secret survives the end of the first", "[unit]") {
    Channel channel;
    channel.secrets = {Secret("new"), Secret("old")};
    channel.secrets_valid_until_ms = 1'000;
    CHECK(CachedDirectory::LiveSecrets(channel, 999).size() == 2);
    REQUIRE(CachedDirectory::LiveSecrets(channel, 1'000).size() == 1);
    CHECK(CachedDirectory::LiveSecrets(channel, 1'000).front().Reveal() == "new");
    channel.secrets.pop_back();
    CHECK(CachedDirectory::LiveSecrets(channel, 1'000).empty());
}

TEST_CASE("CachedDirectory: routes by provider and key, channels by id of their tenant", "[unit]") {
    Fixture f;
    std::vector<Result<ChannelPtr>> routes;
    std::atomic<bool> answered{false};
    f.directory.ByRoutes(
        NewUuidV7(1),
        {{v1::PROVIDER_WHATSAPP, "a:b"}, {v1::PROVIDER_MESSENGER, "a:b"}},
        [&](std::vector<Result<ChannelPtr>> results) {
            routes = std::move(results);
            answered = true;
        }
    );
    REQUIRE(test::Eventually(std::chrono::seconds(5), [&] { return answered.load(); }));
    REQUIRE_OK(routes[0]);
    CHECK_THAT(routes[1].status(), test::HasCode(Code::kNotFound));
    const ChannelId id = f.stored.channel.channel;
    REQUIRE_OK(f.Wait([&](auto done) { f.directory.ById(TenantId{7}, id, std::move(done)); }));
    const auto foreign =
        f.Wait([&](auto done) { f.directory.ById(TenantId{8}, id, std::move(done)); });
    CHECK_THAT(foreign.status(), test::HasCode(Code::kNotFound));
}

TEST_CASE("CachedDirectory: keys of one text and another kind are others", "[unit]") {
    const ChannelKey token = TokenKey{"3:7"};
    const ChannelKey route = RouteKey{v1::PROVIDER_MESSENGER, "3:7"};
    const ChannelKey other_provider = RouteKey{v1::PROVIDER_INSTAGRAM, "3:7"};
    const ChannelId channel{NewUuidV7(1)};
    const ChannelKey by_id = IdKey{TenantId{3}, channel};
    const ChannelKey of_another = IdKey{TenantId{7}, channel};
    const std::vector<ChannelKey> all = {token, route, other_provider, by_id, of_another};
    for (std::size_t i = 0; i < all.size(); ++i) {
        for (std::size_t j = 0; j < all.size(); ++j) CHECK((all[i] == all[j]) == (i == j));
        const ChannelKey copy = all[i];
        CHECK(ChannelKeyHash()(copy) == ChannelKeyHash()(all[i]));
    }
    CHECK(ChannelKeyHash()(route) != ChannelKeyHash()(other_provider));
    CHECK(ChannelKeyHash()(by_id) != ChannelKeyHash()(of_another));
}

}  // namespace
}  // namespace unibox::ingest
