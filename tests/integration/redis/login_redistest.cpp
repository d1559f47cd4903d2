#include "redis_fixture.hpp"
#include "support/temp_dir.hpp"

#include <fstream>

namespace unibox::test {
namespace {

void Write(const std::filesystem::path& path, const std::string& text) {
    std::ofstream(path.string() + ".new") << text << '\n';
    std::filesystem::rename(path.string() + ".new", path);
}

TEST_CASE("Login: a wrong password is no connection, until its file is right", "[redis]") {
    const TempDir dir;
    RedisServer server({.password = "right"});
    redis::Settings settings = SettingsFor(server.url());
    settings.password_file = dir / "password";
    Write(settings.password_file, "wrong-and-secret");
    obs::Metrics metrics;
    const auto client = ClientOf(settings, metrics);
    Status refused;
    REQUIRE(Eventually(kPatience, [&] {
        refused = client->Call(Command("PING"), kPatience).status();
        return refused.message().find("WRONGPASS") != std::string::npos;
    }));
    CHECK_THAT(refused, HasCode(Code::kUnavailable));
    CHECK(refused.reason() == redis::kNotConnected);
    CHECK(refused.message().find("secret") == std::string::npos);
    Write(settings.password_file, "right");
    CHECK(Recovers(*client));
}

TEST_CASE("Login: a rotated password of an ACL user is read at the next connect", "[redis]") {
    const TempDir dir;
    RedisServer server({.extra_config = "user ub on >first ~ub:* +@all"});
    redis::Settings settings = SettingsFor(server.url());
    settings.user = "ub";
    settings.password_file = dir / "password";
    Write(settings.password_file, "first");
    obs::Metrics metrics;
    const auto client = ClientOf(settings, metrics);
    REQUIRE(IsConnected(*client));
    CHECK(TextOf(client->Call(Command("ACL").Arg("WHOAMI"), kPatience)) == "ub");
    const auto forbidden = client->Call(Command("GET").Key("other"), kPatience);
    CHECK_THAT(forbidden.status(), HasCode(Code::kPermissionDenied));
    CHECK(server.Cli({"ACL", "SETUSER", "ub", "resetpass", ">second"}) == "OK");
    CHECK(server.Cli({"CLIENT", "KILL", "USER", "ub"}) == "1");
    REQUIRE(Eventually(kPatience, [&] { return !client->connected(); }));
    Write(settings.password_file, "second");
    CHECK(Recovers(*client));
}

TEST_CASE("Login: user and password of the URL", "[redis]") {
    RedisServer server({.extra_config = "user ub on >p@ss ~* +@all"});
    obs::Metrics metrics;
    const auto client = ClientOf(SettingsFor("redis://ub:p%40ss@" + server.address()), metrics);
    REQUIRE(IsConnected(*client));
    CHECK(TextOf(client->Call(Command("ACL").Arg("WHOAMI"), kPatience)) == "ub");
}

TEST_CASE("Login: a user who may do little is enough", "[redis]") {
    RedisServer server({.extra_config = "user ub on >pass ~* +get +set +ping +echo"});
    obs::Metrics metrics;
    const auto client = ClientOf(SettingsFor("redis://ub:pass@" + server.address()), metrics);
    CHECK(Recovers(*client));
}

TEST_CASE("Login: where one is wanted and none is given, there is no connection", "[redis]") {
    RedisServer server({.password = "pass"});
    obs::Metrics metrics;
    const auto client = ClientOf(SettingsFor(server.url()), metrics);
    REQUIRE(Eventually(kPatience, [&] {
        const Status refused = client->Call(Command("PING"), kPatience).status();
        return refused.message().find("NOAUTH") != std::string::npos;
    }));
    CHECK(server.Cli({"CONFIG", "SET", "requirepass", ""}) == "OK");
    CHECK(Recovers(*client));
}

}  // namespace
}  // namespace unibox::test
