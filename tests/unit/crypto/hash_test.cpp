#include "crypto/hash.hpp"

#include "base/encoding.hpp"

#include <catch2/catch.hpp>

namespace unibox::crypto {
namespace {

TEST_CASE("hash: SHA-256 agrees with FIPS 180-4's examples", "[unit][crypto]") {
    CHECK(
        HexEncode(Sha256("")) == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
    );
    CHECK(
        HexEncode(Sha256("abc")) ==
        "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
    );
    CHECK(
        HexEncode(Sha256(std::string(1'000'000, 'a'))) ==
        "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0"
    );
}

TEST_CASE("hash: SHA-1 agrees with FIPS 180-4's example", "[unit][crypto]") {
    CHECK(HexEncode(Sha1("abc")) == "a9993e364706816aba3e25717850c26c9cd0d89d");
}

TEST_CASE("hash: HMAC-SHA256 agrees with RFC 4231", "[unit][crypto]") {
    CHECK(
        HexEncode(HmacSha256(std::string(20, '\x0b'), "Hi There")) ==
        "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7"
    );
    CHECK(
        HexEncode(HmacSha256("Jefe", "what do ya want for nothing?")) ==
        "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"
    );
    CHECK(
        HexEncode(HmacSha256(
            std::string(131, '\xaa'), "Test Using Larger Than Block-Size Key - Hash Key First"
        )) == "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54"
    );
}

TEST_CASE("hash: HMAC-SHA1 agrees with RFC 2202", "[unit][crypto]") {
    CHECK(
        HexEncode(HmacSha1(std::string(20, '\x0b'), "Hi There")) ==
        "b617318655057264e28bc0b6fb378c8ef146be00"
    );
    CHECK(
        HexEncode(HmacSha1("Jefe", "what do ya want for nothing?")) ==
        "effcdf6ae5eb2fa2d27416d5f184df9c259a7c79"
    );
}

TEST_CASE("hash: an empty key is a key, not the one before", "[unit][crypto]") {
    CHECK(HmacSha256("some key", "x") != HmacSha256("", "x"));
    CHECK(
        HexEncode(HmacSha256("", "")) ==
        "b613679a0814d9ec772f95d778c35fc5ff1697c493715653c6c712144292c5ad"
    );
}

TEST_CASE("hash: parts are as one text", "[unit][crypto]") {
    CHECK(HmacSha256("k", {"msg", ".", "1", ".", "", "body"}) == HmacSha256("k", "msg.1.body"));
    CHECK(HmacSha1("k", {"a", "b"}) == HmacSha1("k", "ab"));
}

TEST_CASE("hash: comparison tells every single difference", "[unit][crypto]") {
    const std::string a = Sha256("a");
    CHECK(ConstantTimeEquals(a, std::string(a)));
    CHECK(ConstantTimeEquals("", ""));
    CHECK_FALSE(ConstantTimeEquals(a, a.substr(1)));
    CHECK_FALSE(ConstantTimeEquals(a, ""));
    for (std::size_t i = 0; i < a.size() * 8; ++i) {
        std::string other = a;
        other[i / 8] = static_cast<char>(other[i / 8] ^ (1 << (i % 8)));
        CHECK_FALSE(ConstantTimeEquals(a, other));
    }
}

}  // namespace
}  // namespace unibox::crypto
