// Key sets: what is taken of them, and that a key is good for the algorithm of its type alone.
#include "auth/jwk.hpp"

#include "auth/roles.hpp"
#include "base/encoding.hpp"
#include "support/jwt_signer.hpp"
#include "support/status_matchers.hpp"

#include <catch2/catch.hpp>

#include <string>
#include <vector>

using namespace unibox;  // NOLINT(google-build-using-namespace)
using auth::Algorithm;
using auth::ParseJwks;
using test::HasCode;
using test::JwtSigner;

namespace {

std::size_t UsableOf(const std::vector<std::string>& jwks) {
    const auto keys = ParseJwks(test::JwksOf(jwks));
    REQUIRE_OK(keys);
    return keys->size();
}

auth::Token TokenFor(Algorithm algorithm, const std::string& key_id) {
    auth::Token token;
    token.algorithm = algorithm;
    token.key_id = key_id;
    return token;
}

}  // namespace

TEST_CASE("Jwk: keys of each type verify what they signed", "[unit][auth]") {
    for (const Algorithm algorithm : {Algorithm::kEdDsa, Algorithm::kEs256, Algorithm::kRs256}) {
        const JwtSigner signer(algorithm, "k1");
        const JwtSigner other(algorithm, "k1");
        const auto keys = ParseJwks(test::JwksOf({signer.Jwk()}));
        REQUIRE_OK(keys);
        REQUIRE(keys->size() == 1);
        const auth::VerifyKey& key = keys->front();
        CHECK(key.algorithm() == algorithm);
        CHECK(key.key_id() == "k1");
        CHECK(key.Verify("text", signer.Sign("text")));
        CHECK_FALSE(key.Verify("texs", signer.Sign("text")));
        CHECK_FALSE(key.Verify("text", other.Sign("text")));
    }
    const JwtSigner shared(Algorithm::kHs256, "", std::string(32, 's'));
    const auth::VerifyKey key("", Secret(std::string(32, 's')));
    CHECK(key.Verify("text", shared.Sign("text")));
    CHECK_FALSE(key.Verify("text", shared.Sign("text").substr(0, 31)));
    CHECK_FALSE(key.Verify("text", ""));
}

TEST_CASE("Jwk: RFC 7515, A.1 is a token of HS256", "[unit][auth]") {
    const auto secret = Base64UrlDecode(
        "AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aKtMN3Yj0iPS4hcgUuTwjAzZr1Z9CAow"
    );
    const auth::VerifyKey key("", Secret(*secret));
    const auto signature = Base64UrlDecode("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk");
    CHECK(key.Verify(
        "eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9."
        "eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0"
        "cnVlfQ",
        *signature
    ));
}

TEST_CASE("Jwk: what is not for verifying our signatures is passed by", "[unit][auth]") {
    const JwtSigner ec(Algorithm::kEs256, "ec");
    const JwtSigner rsa(Algorithm::kRs256, "rsa");
    CHECK(UsableOf({ec.Jwk(), rsa.Jwk()}) == 2);
    CHECK(UsableOf({ec.Jwk(R"(,"use":"sig","alg":"ES256","key_ops":["verify"])")}) == 1);
    for (const char* more :
         {R"(,"use":"enc")",
          R"(,"use":1)",
          R"(,"key_ops":["sign"])",
          R"(,"key_ops":"verify")",
          R"(,"alg":"RS256")",
          R"(,"alg":"HS256")",
          R"(,"alg":"none")",
          R"(,"alg":"RSA-OAEP")",
          R"(,"d":"AAAA")",
          R"(,"k":"AAAA")",
          R"(,"alg":7)"}) {
        INFO(more);
        CHECK(UsableOf({ec.Jwk(more), rsa.Jwk()}) == 1);
    }
    const JwtSigner secret(Algorithm::kHs256, "s", std::string(32, 's'));
    CHECK(UsableOf({secret.Jwk()}) == 0);  // Whoever reads the set could sign.
    for (const char* jwk :
         {R"({})",
          "7",
          "null",
          R"({"kty":"EC","crv":"P-384","x":"AA","y":"AA"})",
          R"({"kty":"OKP","crv":"X25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"})",
          R"({"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo="})",
          R"({"kty":"OKP","crv":"Ed25519"})",
          R"({"kty":"RSA","n":"AQAB","e":"AQAB"})",
          R"({"kty":"RSA","e":"AQAB"})"}) {
        INFO(jwk);
        CHECK(UsableOf({jwk, rsa.Jwk()}) == 1);
    }
    CHECK(UsableOf({}) == 0);
}

TEST_CASE("Jwk: sets that are none, ambiguous, or too large", "[unit][auth]") {
    for (const char* text :
         {"",
          "[]",
          "{}",
          R"({"keys":{}})",
          R"({"keys":null})",
          R"({"keys":[]},)",
          R"({"keys":[],"keys":[]})",
          R"({"keys":[{"kty":"EC","kty":"RSA"}]})",
          "<html>not found</html>",
          R"({"keys":[)"}) {
        INFO(text);
        CHECK_THAT(ParseJwks(text).status(), HasCode(Code::kInvalidArgument));
    }
    CHECK_FALSE(ParseJwks(test::JwksOf(std::vector<std::string>(51, "{}"))).ok());
    CHECK(ParseJwks(test::JwksOf(std::vector<std::string>(50, "{}"))).ok());
    const std::string space((256 << 10) + 1, ' ');
    CHECK_FALSE(ParseJwks(R"({"keys":[]})" + space).ok());
}

TEST_CASE("Jwk: a token finds its key by kid and type, few without kid", "[unit][auth]") {
    std::vector<std::string> jwks;
    for (int i = 0; i < 10; ++i) {
        jwks.push_back(JwtSigner(Algorithm::kEdDsa, "ed" + std::to_string(i)).Jwk());
    }
    jwks.push_back(JwtSigner(Algorithm::kEs256, "ed3").Jwk());
    const auto keys = ParseJwks(test::JwksOf(jwks));
    REQUIRE_OK(keys);
    const auto found = [&](Algorithm algorithm, const std::string& kid) {
        return auth::CandidatesOf(*keys, TokenFor(algorithm, kid));
    };
    CHECK(found(Algorithm::kEdDsa, "ed3").size() == 1);
    CHECK(found(Algorithm::kEs256, "ed3").size() == 1);
    CHECK(found(Algorithm::kEs256, "ed3").front()->algorithm() == Algorithm::kEs256);
    CHECK(found(Algorithm::kRs256, "ed3").empty());
    CHECK(found(Algorithm::kHs256, "ed3").empty());
    CHECK(found(Algorithm::kEdDsa, "ED3").empty());
    CHECK(found(Algorithm::kEdDsa, "../../dev/null").empty());
    CHECK(found(Algorithm::kEdDsa, "' OR 1=1 --").empty());
    CHECK(found(Algorithm::kEdDsa, "").size() == auth::kKeysTriedMax);
}

TEST_CASE("Roles: the table of them", "[unit][auth]") {
    for (std::size_t i = 0; i < auth::kRoles.size(); ++i) {
        const auth::RoleRow& row = auth::kRoles[i];
        CHECK(static_cast<std::size_t>(row.role) == i);
        CHECK(auth::RoleOf(row.name) == row.role);
        for (const std::string_view scope : row.scopes) CHECK(auth::IsScope(scope));
        // Events come from programs.
        CHECK(std::count(row.scopes.begin(), row.scopes.end(), auth::kScopeIngestWrite) == 0);
    }
    for (const char* name : {"", "Agent", "ADMIN", "owner", "admin "}) {
        CHECK_FALSE(auth::RoleOf(name).has_value());
    }
}
