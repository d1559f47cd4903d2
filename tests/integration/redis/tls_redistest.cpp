#include "redis_fixture.hpp"
#include "support/tls_identity.hpp"

#include <fmt/format.h>

namespace unibox::test {
namespace {

RedisServerOptions OptionsOf(const TlsIdentity& identity, const std::string& extra = "") {
    RedisServerOptions options;
    options.tls_cert_file = identity.cert_file;
    options.tls_key_file = identity.key_file;
    options.extra_config = extra;
    return options;
}

// Waits until a command is refused with these words.
bool IsRefused(redis::Client& client, const std::string& words) {
    return Eventually(kPatience, [&] {
        const Status status = client.Call(Command("PING"), kPatience).status();
        return status.code() == Code::kUnavailable &&
               status.message().find(words) != std::string::npos;
    });
}

TEST_CASE("Tls: speaks to a server whose authority is trusted", "[redis]") {
    const TlsIdentity identity;
    RedisFixture redis(OptionsOf(identity), [&](redis::Settings& settings) {
        settings.tls_ca_file = identity.cert_file;
    });
    REQUIRE(redis.server.url().starts_with("rediss://localhost:"));
    const std::string large(3 << 20, 'x');  // Many records, in both directions.
    REQUIRE_OK(redis.Call(Command("SET").Key("k").Arg(large)));
    CHECK(TextOf(redis.Call(Command("GET").Key("k"))) == large);
    redis.server.Restart();
    CHECK(Recovers(*redis.client));
    // Whoever names authorities wants TLS, whatever the URL says.
    redis.settings.url = fmt::format("redis://localhost:{}", redis.server.port());
    CHECK(Recovers(*ClientOf(redis.settings, redis.metrics)));
}

TEST_CASE("Tls: another authority is refused, until the file has the right one", "[redis]") {
    const TlsIdentity identity;
    const TlsIdentity other;
    RedisServer server(OptionsOf(identity));
    redis::Settings settings = SettingsFor(server.url());
    settings.tls_ca_file = other.cert_file;
    obs::Metrics metrics;
    const auto client = ClientOf(settings, metrics);
    REQUIRE(IsRefused(*client, "self-signed certificate"));
    CHECK_FALSE(client->connected());
    identity.Replace(other);
    CHECK(Recovers(*client));
}

TEST_CASE("Tls: a certificate of another name is refused, unless the name is given", "[redis]") {
    const TlsIdentity identity;
    RedisServer server(OptionsOf(identity));
    redis::Settings settings = SettingsFor("rediss://" + server.address());
    settings.tls_ca_file = identity.cert_file;
    obs::Metrics metrics;
    REQUIRE(IsRefused(*ClientOf(settings, metrics), "IP address mismatch"));
    settings.tls_server_name = "elsewhere.example";
    REQUIRE(IsRefused(*ClientOf(settings, metrics), "hostname mismatch"));
    settings.tls_server_name = "localhost";
    CHECK(Recovers(*ClientOf(settings, metrics)));
}

TEST_CASE("Tls: a server that asks for a certificate gets ours", "[redis]") {
    const TlsIdentity identity;
    RedisServer server(OptionsOf(identity, "tls-auth-clients yes"));
    redis::Settings settings = SettingsFor(server.url());
    settings.tls_ca_file = identity.cert_file;
    obs::Metrics metrics;
    REQUIRE(IsRefused(*ClientOf(settings, metrics), "certificate required"));
    settings.tls_cert_file = identity.cert_file;
    settings.tls_key_file = identity.key_file;
    CHECK(Recovers(*ClientOf(settings, metrics)));
}

TEST_CASE("Tls: plain and TLS do not meet", "[redis]") {
    const TlsIdentity identity;
    RedisServer plain;
    RedisServer encrypted(OptionsOf(identity));
    obs::Metrics metrics;
    redis::Settings settings = SettingsFor(plain.url());
    settings.tls = true;
    settings.connect_timeout_ms = 1'000;  // The server waits for a whole line.
    const auto to_plain = ClientOf(settings, metrics);
    REQUIRE(IsRefused(*to_plain, plain.address()));
    const auto to_encrypted =
        ClientOf(SettingsFor(fmt::format("redis://localhost:{}", encrypted.port())), metrics);
    REQUIRE(IsRefused(*to_encrypted, "localhost"));
    CHECK_FALSE(to_plain->connected());
    CHECK_FALSE(to_encrypted->connected());
}

}  // namespace
}  // namespace unibox::test
