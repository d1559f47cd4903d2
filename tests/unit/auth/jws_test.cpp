// What has the form of a token, and the hundred things that only look like it.
#include "auth/jws.hpp"

#include "base/encoding.hpp"

#include <catch2/catch.hpp>

#include <string>
#include <vector>

using namespace unibox;  // NOLINT(google-build-using-namespace)
using auth::ParseToken;
using auth::TimeFault;

namespace {

constexpr const char* kHeader = R"({"alg":"ES256","kid":"k1","typ":"JWT"})";
constexpr const char* kPayload =
    R"({"iss":"https://a/","sub":"u","aud":"unibox","iat":1000,"exp":2000,"role":"agent"})";

// With a signature of some bytes.
std::string TokenOf(std::string_view header, std::string_view payload) {
    return Base64UrlEncode(header) + "." + Base64UrlEncode(payload) + ".c2ln";
}
std::string WithHeader(std::string_view header) {
    return TokenOf(header, kPayload);
}
// The payload with one member in place of another.
std::string WithPayload(const std::string& from, const std::string& to) {
    std::string payload = kPayload;
    const std::size_t at = payload.find(from);
    REQUIRE(at != std::string::npos);
    return TokenOf(kHeader, payload.replace(at, from.size(), to));
}

}  // namespace

TEST_CASE("Jws: a token is taken apart", "[unit][auth]") {
    const std::string text = TokenOf(kHeader, kPayload);
    const auto token = ParseToken(text);
    REQUIRE(token.has_value());
    CHECK(token->algorithm == auth::Algorithm::kEs256);
    CHECK(token->key_id == "k1");
    CHECK(token->signature == "sig");
    CHECK(token->signed_text + ".c2ln" == text);
    CHECK(token->claims.issuer == "https://a/");
    CHECK(token->claims.subject == "u");
    CHECK(token->claims.audiences == std::vector<std::string>{"unibox"});
    CHECK(token->claims.issued_at_s == 1000);
    CHECK(token->claims.expires_at_s == 2000);
    CHECK(token->claims.texts.at("role") == "agent");
    CHECK_FALSE(token->claims.texts.contains("exp"));

    // Blanks that JSON allows, fractions of a second, several audiences, one of them twice.
    const auto other = ParseToken(TokenOf(
        "{ \"alg\":\r\n\"EdDSA\" }",
        R"({"iss":"i","sub":"s","aud":["a","b","a"],"iat":1.5,"exp":2e3,"nbf":3})"
    ));
    REQUIRE(other.has_value());
    CHECK(other->key_id.empty());
    CHECK(other->claims.audiences == std::vector<std::string>{"a", "b"});
    CHECK(other->claims.issued_at_s == 1);
    CHECK(other->claims.expires_at_s == 2000);
    CHECK(other->claims.not_before_s == 3);
}

TEST_CASE("Jws: keys that a token brings are not even read", "[unit][auth]") {
    const auto token = ParseToken(WithHeader(
        R"({"alg":"ES256","jwk":{"kty":"EC"},"jku":"https://evil/","x5u":"https://b/","x5c":[1]})"
    ));
    REQUIRE(token.has_value());
    CHECK(token->key_id.empty());
}

TEST_CASE("Jws: headers that are refused", "[unit][auth]") {
    for (const char* header :
         {R"({"alg":"none"})",
          R"({"alg":"None"})",
          R"({"alg":"NONE"})",
          R"({"alg":""})",
          R"({"alg":"es256"})",
          R"({"alg":"ES256 "})",
          R"({"alg":"HS384"})",
          R"({"alg":"PS256"})",
          R"({"alg":"RSA-OAEP"})",
          R"({"alg":["ES256"]})",
          R"({"alg":null})",
          R"({"alg":1})",
          R"({"kid":"k"})",
          R"({})",
          R"([])",
          R"("ES256")",
          "",
          "null",
          R"({"alg":"ES256","alg":"HS256"})",
          R"({"alg":"ES256","\u0061lg":"none"})",
          R"({"alg":"ES256","crit":["exp"],"exp":1})",
          R"({"alg":"ES256","crit":[]})",
          R"({"alg":"ES256","b64":false})",
          R"({"alg":"ES256","enc":"A128GCM"})",
          R"({"alg":"ES256","zip":"DEF"})",
          R"({"alg":"ES256","kid":1})",
          R"({"alg":"ES256","kid":""})",
          R"({"alg":"ES256","kid":"a\u0000b"})",
          R"({"alg":"ES256","kid":"a\nb"})",
          R"({"alg":"ES256","typ":1})",
          R"({"alg":"ES256","typ":"logout+jwt"})",
          R"({"alg":"ES256","typ":"dpop+jwt"})",
          R"({"alg":"ES256","typ":""})",
          R"({"alg":"ES256"} )"
          "x",
          R"({"alg":"ES256"}{})",
          R"({"alg":"ES256",})",
          "{'alg':'ES256'}",
          R"({"alg":"ES256"/**/})",
          "\xEF\xBB\xBF{\"alg\":\"ES256\"}",
          "{\"alg\":\"ES256\",\"x\":\"\xFF\"}",
          R"({"alg":"ES256","x":{"a":1,"a":2}})"}) {
        INFO(header);
        CHECK_FALSE(ParseToken(WithHeader(header)).has_value());
    }
    const std::string deep(40, '[');
    CHECK_FALSE(ParseToken(WithHeader(R"({"alg":"ES256","x":)" + deep + std::string(40, ']') + "}"))
    );
    const std::string long_kid(300, 'k');
    CHECK_FALSE(ParseToken(WithHeader(R"({"alg":"ES256","kid":")" + long_kid + "\"}")));
    for (const char* type : {"JWT", "jwt", "at+jwt", "application/at+jwt"}) {
        INFO(type);
        CHECK(ParseToken(WithHeader(std::string(R"({"alg":"ES256","typ":")") + type + "\"}")));
    }
}

TEST_CASE("Jws: claims that are missing, twice, or of a wrong type", "[unit][auth]") {
    const std::pair<const char*, const char*> changes[] = {
        {R"("iss":"https://a/",)", ""},
        {R"("https://a/")", "1"},
        {R"("https://a/")", R"("")"},
        {R"("https://a/")", R"(["https://a/"])"},
        {R"("https://a/")", R"("https://a/\n")"},
        {R"("iss":"https://a/")", R"("iss":"https://a/","iss":"https://b/")"},
        {R"("iss":"https://a/")", R"("iss":"https://a/","\u0069ss":"https://b/")"},
        {R"("sub":"u",)", ""},
        {R"("sub":"u")", R"("sub":"")"},
        {R"("sub":"u")", R"("sub":7)"},
        {R"("aud":"unibox",)", ""},
        {R"("unibox")", "[]"},
        {R"("unibox")", R"("")"},
        {R"("unibox")", R"(["unibox",1])"},
        {R"("unibox")", R"({"unibox":1})"},
        {R"("unibox")", R"([["unibox"]])"},
        {R"("unibox")", R"(["1","2","3","4","5","6","7","8","9"])"},
        {R"("iat":1000,)", ""},
        {R"("iat":1000)", R"("iat":"1000")"},
        {R"("iat":1000)", R"("iat":true)"},
        {R"(,"exp":2000)", ""},
        {R"("exp":2000)", R"("exp":"2000")"},
        {R"("exp":2000)", R"("exp":null)"},
        {R"("exp":2000)", R"("exp":-1)"},
        {R"("exp":2000)", R"("exp":1e300)"},
        {R"("exp":2000)", R"("exp":1e999)"},
        {R"("exp":2000)", R"("exp":99999999999999999999)"},
        {R"("exp":2000)", R"("exp":NaN)"},
        {R"("exp":2000)", R"("exp":2000,"exp":9000)"},
        {R"("exp":2000)", R"("exp":2000,"nbf":"1")"},
    };
    for (const auto& [from, to] : changes) {
        INFO(from << " -> " << to);
        CHECK_FALSE(ParseToken(WithPayload(from, to)).has_value());
    }
    CHECK_FALSE(ParseToken(WithPayload("\"u\"", "\"" + std::string(256, 'u') + "\"")));
    CHECK(ParseToken(WithPayload("\"u\"", "\"" + std::string(255, 'u') + "\"")));
}

TEST_CASE("Jws: text that no encoder writes", "[unit][auth]") {
    const std::string good = TokenOf(kHeader, kPayload);
    REQUIRE(ParseToken(good).has_value());
    const std::size_t first = good.find('.');
    const std::size_t second = good.rfind('.');
    for (const std::string& bad :
         {good + ".",
          "." + good,
          good + ".c2ln",
          good + "=",
          good + "\n",
          good + " ",
          " " + good,
          good.substr(0, second),                           // Two parts.
          good.substr(0, second + 1),                       // No signature.
          good.substr(first),                               // No header.
          good.substr(0, first + 1) + good.substr(second),  // No payload.
          good.substr(0, second) + ".c2lnA",                // A length that cannot be.
          good.substr(0, second) + ".c2k" + "1",            // Fine, see below.
          good.substr(0, second) + ".c2m",                  // Bits that no encoder sets.
          good.substr(0, second) + ".c2+n",
          good.substr(0, second) + ".c2/n",
          good.substr(0, second) + std::string(".c2\0n", 5),
          std::string(),
          std::string("..")}) {
        INFO(bad);
        const bool is_fine = bad.ends_with(".c2k1");
        CHECK(ParseToken(bad).has_value() == is_fine);
    }
    // JWE has five parts.
    CHECK_FALSE(ParseToken("eyJh.eyJh.eyJh.eyJh.eyJh").has_value());
}

TEST_CASE("Jws: 8 KiB are taken, not a byte more", "[unit][auth]") {
    const std::string fill(6'000, 'x');
    std::string good = WithPayload(R"("role":"agent")", R"("role":")" + fill + "\"");
    REQUIRE(good.size() < auth::kTokenBytesMax);
    good.append((auth::kTokenBytesMax - good.size()) / 4 * 4, 'A');
    CHECK(ParseToken(good).has_value());
    good.append(auth::kTokenBytesMax + 4 - good.size(), 'A');
    CHECK_FALSE(ParseToken(good).has_value());
}

TEST_CASE("Jws: times, with clocks that differ", "[unit][auth]") {
    auth::Claims claims;
    claims.issued_at_s = 1'000;
    claims.expires_at_s = 2'000;
    const auto fault = [&](std::int64_t now_s) {
        return auth::FaultOfTimes(claims, now_s * 1'000, 30'000, 3'600'000);
    };
    CHECK(fault(969) == TimeFault::kNotYet);
    CHECK(fault(970) == TimeFault::kNone);
    CHECK(fault(2'029) == TimeFault::kNone);
    CHECK(fault(2'030) == TimeFault::kExpired);
    claims.not_before_s = 1'500;
    CHECK(fault(1'469) == TimeFault::kNotYet);
    CHECK(fault(1'470) == TimeFault::kNone);
    claims.expires_at_s = 1'000 + 3'600;
    CHECK(fault(1'600) == TimeFault::kNone);
    claims.expires_at_s += 1;
    CHECK(fault(1'600) == TimeFault::kTooLong);
    claims.expires_at_s = 999;  // Ended before it began.
    CHECK(fault(990) == TimeFault::kTooLong);
}
