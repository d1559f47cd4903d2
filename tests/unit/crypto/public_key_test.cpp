// Keys and signatures of the RFCs, and those that are none.
#include "crypto/public_key.hpp"

#include "base/encoding.hpp"
#include "support/status_matchers.hpp"

#include <catch2/catch.hpp>

#include <string>

using namespace unibox;  // NOLINT(google-build-using-namespace)
using crypto::PublicKey;
using test::HasCode;

namespace {

std::string Bytes(std::string_view base64url) {
    return Base64UrlDecode(base64url).value();
}

// RFC 8037, A.4.
constexpr const char* kEdKey = "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo";
constexpr const char* kEdText = "eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc";
constexpr const char* kEdSignature =
    "hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg";

// RFC 7515, A.3.
constexpr const char* kEcX = "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU";
constexpr const char* kEcY = "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0";
constexpr const char* kEcText =
    "eyJhbGciOiJFUzI1NiJ9."
    "eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlf"
    "Q";
constexpr const char* kEcSignature =
    "DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q";

// RFC 7515, A.2.
constexpr const char* kRsaN =
    "ofgWCuLjybRlzo0tZWJjNiuSfb4p4fAkd_wWJcyQoTbji9k0l8W26mPddxHmfHQp-Vaw-4qPCJrcS2mJPMEzP1Pt0Bm4d4"
    "QlL-yRT-SFd2lZS-pCgNMsD1W_YpRPEwOWvG6b32690r2jZ47soMZo9wGzjb_7OMg0LOL-bSf63kpaSHSXndS5z5rexMdb"
    "BYUsLA9e-KXBdQOS-UTo7WTBEMa2R2CapHg665xsmtdVMTBQY4uDZlxvb3qCo5ZwKh9kG4LT6_I5IhlJH7aGhyxXFvUK-D"
    "WNmoudF8NAco9_h9iaGNj8q2ethFkMLs91kzk2PAcDTW9gb54h4FRWyuXpoQ";
constexpr const char* kRsaText =
    "eyJhbGciOiJSUzI1NiJ9."
    "eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlf"
    "Q";
constexpr const char* kRsaSignature =
    "cC4hiUPoj9Eetdgtv3hF80EGrhuB__dzERat0XF9g2VtQgr9PJbu3XOiZj5RZmh7AAuHIm4Bh-0Qc_lF5YKt_O8W2Fp5ju"
    "jGbds9uJdbF9CUAr7t1dnZcAcQjbKBYNX4BAynRFdiuB--f_nZLgrnbyTyWzO75vRK5h6xBArLIARNPvkSjtQBMHlb1L07"
    "Qe7K0GarZRmB_eSN9383LcOLn6_dO--xi12jzDwusC-eOkHWEsqtFZESc6BfI7noOPqvhJ1phCnvWh6IeYI2w9QOYEUipU"
    "TI8np6LbgGY9Fs98rqVt5AXLIhWkWywlVmtVrBp0igcN_IoypGlUPQGe77Rw";

void CheckOnlyThis(const PublicKey& key, std::string text, std::string signature) {
    CHECK(key.Verify(text, signature));
    CHECK_FALSE(key.Verify(text, signature + std::string(1, '\0')));
    CHECK_FALSE(key.Verify(text, signature.substr(0, signature.size() - 1)));
    CHECK_FALSE(key.Verify(text, ""));
    CHECK_FALSE(key.Verify(text, std::string(signature.size(), '\0')));
    for (const std::size_t at : {std::size_t{0}, signature.size() / 2, signature.size() - 1}) {
        std::string other = signature;
        other[at] = static_cast<char>(other[at] ^ 1);
        CHECK_FALSE(key.Verify(text, other));
    }
    text.back() = static_cast<char>(text.back() ^ 1);
    CHECK_FALSE(key.Verify(text, signature));
}

}  // namespace

TEST_CASE("PublicKey: what the RFCs sign is verified, nothing else", "[unit][crypto]") {
    const auto ed = PublicKey::Ed25519(Bytes(kEdKey));
    REQUIRE_OK(ed);
    CheckOnlyThis(*ed, kEdText, Bytes(kEdSignature));
    const auto ec = PublicKey::P256(Bytes(kEcX), Bytes(kEcY));
    REQUIRE_OK(ec);
    CheckOnlyThis(*ec, kEcText, Bytes(kEcSignature));
    const auto rsa = PublicKey::Rsa(Bytes(kRsaN), Bytes("AQAB"));
    REQUIRE_OK(rsa);
    CheckOnlyThis(*rsa, kRsaText, Bytes(kRsaSignature));
    CHECK(ed->fingerprint() != ec->fingerprint());
    CHECK(ec->fingerprint() != rsa->fingerprint());
}

TEST_CASE("PublicKey: signatures of ECDSA that are no signatures", "[unit][crypto]") {
    const auto key = PublicKey::P256(Bytes(kEcX), Bytes(kEcY));
    REQUIRE_OK(key);
    const std::string good = Bytes(kEcSignature);
    const std::string zero(32, '\0');
    const std::string order =
        HexDecode("ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551").value();
    CHECK_FALSE(key->Verify(kEcText, zero + zero));
    CHECK_FALSE(key->Verify(kEcText, zero + good.substr(32)));
    CHECK_FALSE(key->Verify(kEcText, good.substr(0, 32) + zero));
    CHECK_FALSE(key->Verify(kEcText, order + order));
    CHECK_FALSE(key->Verify(kEcText, good.substr(0, 32) + order));
    // The same two numbers as DER, which JWS does not know.
    const auto integer = [](std::string number) {
        if ((static_cast<unsigned char>(number[0]) & 0x80U) != 0) number.insert(0, 1, '\0');
        return "\x02" + std::string(1, static_cast<char>(number.size())) + number;
    };
    const std::string both = integer(good.substr(0, 32)) + integer(good.substr(32));
    const std::string der = "\x30" + std::string(1, static_cast<char>(both.size())) + both;
    CHECK_FALSE(key->Verify(kEcText, der));
}

TEST_CASE("PublicKey: keys that are none, or too weak, or too costly", "[unit][crypto]") {
    const auto refused = [](const Result<PublicKey>& key) {
        return key.status().code() == Code::kInvalidArgument;
    };
    CHECK(refused(PublicKey::Ed25519("")));
    CHECK(refused(PublicKey::Ed25519(Bytes(kEdKey) + "x")));
    CHECK(refused(PublicKey::P256(Bytes(kEcX), Bytes(kEcX))));  // Not on the curve.
    CHECK(refused(PublicKey::P256(std::string(32, '\0'), std::string(32, '\0'))));
    CHECK(refused(PublicKey::P256(Bytes(kEcX), Bytes(kEcY).substr(1))));
    const std::string n = Bytes(kRsaN);
    CHECK(refused(PublicKey::Rsa(n.substr(0, 128), Bytes("AQAB"))));
    CHECK(refused(PublicKey::Rsa(std::string(1, '\1') + std::string(511, '\0') + "\1", "\3")));
    CHECK(refused(PublicKey::Rsa(std::string(100'000, '\1'), "\3")));
    CHECK(refused(PublicKey::Rsa(n, "")));
    CHECK(refused(PublicKey::Rsa(n, "\1")));  // Everything would be a signature of itself.
    CHECK(refused(PublicKey::Rsa(n, "\2")));
    CHECK(refused(PublicKey::Rsa(n, std::string(5, '\1'))));
    CHECK(refused(PublicKey::Rsa("", Bytes("AQAB"))));
    std::string even = n;
    even.back() = static_cast<char>(even.back() & ~1);
    CHECK(refused(PublicKey::Rsa(even, Bytes("AQAB"))));
}
