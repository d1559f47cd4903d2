#include "config/mask.hpp"

#include <catch2/catch.hpp>

#include <string>
#include <utility>
#include <vector>

using namespace unibox;  // NOLINT(google-build-using-namespace)

TEST_CASE("MaskServers: lists as NATS takes them", "[unit][config]") {
    const std::vector<std::pair<std::string, std::string>> cases = {
        {"nats://u:p@a:4222,nats://u:q@b:4222", "nats://u:****@a:4222,nats://u:****@b:4222"},
        {"nats://u:p@h,u2:p2@h2", "nats://u:****@h,u2:****@h2"},
        {"nats://u:p@h, u2:p2@h2:1", "nats://u:****@h, u2:****@h2:1"},
        {"nats://token@a:4222", "nats://****@a:4222"},
        {"tls://token@a:4222", "tls://****@a:4222"},
        {"user:secret@h:4222", "user:****@h:4222"},
        {"token@h:4222", "****@h:4222"},
        {"nats://u:p@w@h", "nats://u:****@h"},
        {"nats://u:p=w?x/y@h", "nats://u:****@h"},
        {"nats://u:p,w@h", "****,****@h"},  // The comma ends the first server.
        {"nats://a:4222", "nats://a:4222"},
        {"nats://a:4222/, tls://[::1]:1", "nats://a:4222/, tls://[::1]:1"},
        {"localhost", "localhost"},
        {",a", ",a"},
        {"user:se=cret@h:4222", "user:****@h:4222"},
        {"token=abc@h:4222", "****@h:4222"},
        {"host=h password=p", "****"},
        {"", ""},
    };
    for (const auto& [given, masked] : cases) {
        INFO(given);
        CHECK(config::MaskServers(given) == masked);
    }
}
