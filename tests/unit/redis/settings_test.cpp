#include "redis/settings.hpp"

#include "config/describe.hpp"
#include "config/field_table.hpp"
#include "config/load.hpp"
#include "obs/metrics.hpp"
#include "redis/client.hpp"
#include "support/status_matchers.hpp"
#include "support/temp_dir.hpp"

#include <catch2/catch.hpp>

#include <fstream>

namespace unibox::redis {
namespace {

using namespace unibox::test;

Status LoadWith(const std::vector<std::string>& flags, Settings* settings) {
    config::FieldTable table;
    settings->Describe(table);
    return config::Load(table, std::nullopt, {}, flags);
}

std::string FieldOf(const std::vector<std::string>& flags) {
    Settings settings;
    return LoadWith(flags, &settings).field();
}

TEST_CASE("Settings: what does not fit together names its field", "[unit][redis]") {
    CHECK(FieldOf({}).empty());
    CHECK(FieldOf({"redis.mode=replica"}) == "redis.mode");
    CHECK(FieldOf({"redis.url=localhost:6379"}) == "redis.url");
    CHECK(FieldOf({"redis.url=redis://a:1,b:2"}) == "redis.url");
    CHECK(FieldOf({"redis.url=redis://a:1,b:2", "redis.mode=sentinel"}).empty());
    CHECK(FieldOf({"redis.url=redis://a:1/2", "redis.mode=cluster"}) == "redis.url");
    CHECK(FieldOf({"redis.user=ub"}) == "redis.password_file");
    CHECK(FieldOf({"redis.sentinel_user=ub"}) == "redis.sentinel_password_file");
    CHECK(FieldOf({"redis.password_file=/nonexistent"}) == "redis.password_file");
    CHECK(
        FieldOf({"redis.reconnect_first_ms=500", "redis.reconnect_ms_max=400"}) ==
        "redis.reconnect_first_ms"
    );
    CHECK(FieldOf({"redis.tls_cert_file=/etc/hostname"}) == "redis.tls_key_file");
}

TEST_CASE("Settings: a password in the URL is not printed", "[unit][redis]") {
    const TempDir dir;
    std::ofstream(dir / "url") << "rediss://ub:secret@cache:6380\n";
    Settings settings;
    config::FieldTable table;
    settings.Describe(table);
    REQUIRE_OK(config::Load(table, std::nullopt, {}, {"redis.url_file=" + (dir / "url").string()}));
    CHECK(settings.url == "rediss://ub:secret@cache:6380");
    CHECK(config::Print(table).find("secret@") == std::string::npos);
}

TEST_CASE("Settings: a client is not made of wrong ones", "[unit][redis]") {
    obs::Metrics metrics;
    Settings settings;
    settings.mode = "sentinels";
    CHECK(Client::Create(settings, metrics).status().field() == "mode");
    settings = {};
    settings.tls = true;
    settings.tls_ca_file = "/nonexistent";
    CHECK(Client::Create(settings, metrics).status().field() == "tls_ca_file");
}

}  // namespace
}  // namespace unibox::redis
