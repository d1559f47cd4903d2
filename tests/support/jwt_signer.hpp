// An issuer of tokens: keys of each kind, the tokens that they sign, and the set that publishes
// them.
// Thread safety: the test's thread.
#pragma once

#include "auth/jws.hpp"

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

struct evp_pkey_st;

namespace unibox::test {

class JwtSigner {
public:
    // A new key. kHs256: `secret`.
    JwtSigner(auth::Algorithm algorithm, std::string key_id, std::string secret = {});

    // {"alg":…,"kid":…,"typ":"JWT"} and the payload, signed.
    std::string Token(std::string_view payload) const;
    // Any header and payload, signed as the key does.
    std::string TokenOf(std::string_view header, std::string_view payload) const;
    // The bytes of the signature, as JWS has them.
    std::string Sign(std::string_view text) const;
    // As a member of a JWK set; `more`: members besides, ",…".
    std::string Jwk(std::string_view more = {}) const;
    std::string PublicPem() const;

    const std::string& key_id() const { return key_id_; }
    evp_pkey_st* key() const { return key_.get(); }

private:
    auth::Algorithm algorithm_;
    std::string key_id_;
    std::string secret_;
    std::shared_ptr<evp_pkey_st> key_;
};

// {"keys":[…]}
std::string JwksOf(const std::vector<std::string>& jwks);

// A payload. Members that are empty are left out.
struct TestClaims {
    std::string issuer = "https://login.test/";
    std::string audience = "\"unibox\"";  // JSON
    std::string subject = "agent-1";
    std::string role = "agent";
    std::int64_t issued_at_s = 0;
    std::int64_t expires_at_s = 0;
    std::string more;  // ",\"nbf\":…"

    std::string Json() const;
};

}  // namespace unibox::test
