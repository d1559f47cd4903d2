#include "crypto/random.hpp"

#include "base/strings.hpp"

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

TEST_CASE(
    "random: base64url agrees with RFC 4648 and refuses what no encoder writes", "[unit][crypto]"
) {
    CHECK(Base64UrlEncode("") == "");
    CHECK(Base64UrlEncode("f") == "Zg");
    CHECK(Base64UrlEncode("fo") == "Zm8");
    CHECK(Base64UrlEncode("\xfb\xff\xfe") == "-__-");
    for (std::size_t size = 0; size < 70; ++size) {
        const std::string bytes = RandomBytes(size);
        CHECK(Base64UrlDecode(Base64UrlEncode(bytes)) == bytes);
    }
    for (const char* refused : {"Zg==", "Z", "Zh", "Z+", "Z/", "Zm 8", "Zm8\n"}) {
        CAPTURE(refused);
        CHECK_FALSE(Base64UrlDecode(refused));
    }
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
