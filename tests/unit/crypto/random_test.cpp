#include "crypto/random.hpp"

#include "base/encoding.hpp"

#include <catch2/catch.hpp>

#include <set>
#include <string>

namespace unibox::crypto {
namespace {

TEST_CASE("random: bytes differ from call to call", "[unit][crypto]") {
    CHECK(RandomBytes(0).empty());
    std::set<std::string> seen;
    for (int i = 0; i < 1000; ++i) seen.insert(RandomBytes(16));
    CHECK(seen.size() == 1000);
}

TEST_CASE("random: API keys have their form and differ", "[unit][crypto]") {
    const Secret key = NewApiKey();
    CHECK(key.Reveal().size() == 47);
    CHECK(LooksLikeApiKey(key.Reveal()));
    CHECK(NewApiKey().Reveal() != key.Reveal());
    const std::string text(key.Reveal());
    CHECK_FALSE(LooksLikeApiKey(text.substr(1)));
    CHECK_FALSE(LooksLikeApiKey(text.substr(0, 46)));
    CHECK_FALSE(LooksLikeApiKey(text + "A"));
    CHECK_FALSE(LooksLikeApiKey("ubk_"));
    CHECK_FALSE(LooksLikeApiKey("ubk_" + std::string(43, '*')));
}

TEST_CASE("random: channel tokens and webhook secrets have at least 128 bits", "[unit][crypto]") {
    const Secret token = NewChannelToken();
    CHECK(token.Reveal().size() == 32);
    CHECK(Base64UrlDecode(token.Reveal())->size() == 24);
    CHECK(NewChannelToken().Reveal() != token.Reveal());
    const std::string secret(NewStandardWebhookSecret().Reveal());
    REQUIRE(secret.starts_with("whsec_"));
    CHECK(Base64Decode(secret.substr(6))->size() == 32);
}

}  // namespace
}  // namespace unibox::crypto
