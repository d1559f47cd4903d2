#include "crypto/sealed_box.hpp"

#include "base/encoding.hpp"
#include "crypto/random.hpp"
#include "support/status_matchers.hpp"
#include "support/temp_dir.hpp"

#include <catch2/catch.hpp>

#include <fstream>
#include <string>

namespace unibox::crypto {
namespace {

using test::HasCode;
using test::StatusOf;

const std::string kKeyA = std::string(63, '1') + "a";
const std::string kKeyB = std::string(63, '2') + "b";

SealedBox BoxOf(const std::string& key_text) {
    return SealedBox::FromKeyText(Secret(key_text)).value();
}

Code CodeOf(const std::string& key_text) {
    return SealedBox::FromKeyText(Secret(key_text)).status().code();
}

TEST_CASE("sealed box: what was sealed opens with the same additional data", "[unit][crypto]") {
    const SealedBox box = BoxOf(kKeyA);
    for (const std::size_t size : {0, 1, 15, 16, 17, 1000}) {
        const Secret plaintext(RandomBytes(size));
        const std::string sealed = box.Seal(plaintext, "channel:1");
        CHECK(sealed.size() == size + SealedBox::kOverheadBytes);
        auto opened = box.Open(sealed, "channel:1");
        REQUIRE_OK(opened);
        CHECK(opened->Reveal() == plaintext.Reveal());
    }
    CHECK(box.Seal(Secret("x"), "") != box.Seal(Secret("x"), ""));
}

TEST_CASE("sealed box: any changed bit, and any other place, is noticed", "[unit][crypto]") {
    const SealedBox box = BoxOf(kKeyA);
    const std::string sealed = box.Seal(Secret("secret"), "channel:1");
    for (std::size_t bit = 0; bit < sealed.size() * 8; ++bit) {
        std::string changed = sealed;
        changed[bit / 8] = static_cast<char>(changed[bit / 8] ^ (1 << (bit % 8)));
        CHECK_FALSE(box.Open(changed, "channel:1").ok());
    }
    CHECK_THAT(StatusOf(box.Open(sealed, "channel:2")), HasCode(Code::kDataLoss));
    CHECK_THAT(StatusOf(box.Open(sealed, "")), HasCode(Code::kDataLoss));
    CHECK_THAT(StatusOf(box.Open(sealed + "x", "channel:1")), HasCode(Code::kDataLoss));
    for (std::size_t size = 0; size < sealed.size(); ++size) {
        CHECK_FALSE(box.Open(sealed.substr(0, size), "channel:1").ok());
    }
}

TEST_CASE("sealed box: a rotated key still opens, an unknown key is named", "[unit][crypto]") {
    const std::string old_value = BoxOf(kKeyA).Seal(Secret("old"), "place");
    const SealedBox rotated = BoxOf(kKeyB + "\n" + kKeyA + "\n");
    auto opened = rotated.Open(old_value, "place");
    REQUIRE_OK(opened);
    CHECK(opened->Reveal() == "old");
    CHECK_FALSE(rotated.SealedWithCurrentKey(old_value));
    const std::string new_value = rotated.Seal(Secret("new"), "place");
    CHECK(rotated.SealedWithCurrentKey(new_value));
    CHECK(rotated.key_id() == BoxOf(kKeyB).key_id());

    const auto refused = BoxOf(kKeyA).Open(new_value, "place");
    CHECK_THAT(StatusOf(refused), HasCode(Code::kFailedPrecondition));
    CHECK(refused.status().reason() == "UNKNOWN_KEY");
    CHECK(refused.status().message().find(rotated.key_id()) != std::string::npos);
}

TEST_CASE("sealed box: the key may be raw, hexadecimal or base64", "[unit][crypto]") {
    const std::string raw = *HexDecode(kKeyA);
    const std::string sealed = BoxOf(raw).Seal(Secret("s"), "");
    for (const std::string& text : {kKeyA, kKeyA + "\n", " " + kKeyA + "\r\n", Base64Encode(raw)}) {
        CHECK(BoxOf(text).Open(sealed, "").ok());
    }
    CHECK(CodeOf("") == Code::kInvalidArgument);
    CHECK(CodeOf("\n") == Code::kInvalidArgument);
    CHECK(CodeOf(kKeyA.substr(1)) == Code::kInvalidArgument);
    CHECK(CodeOf(std::string(64, '0')) == Code::kInvalidArgument);
    CHECK(CodeOf(kKeyA + "\n" + kKeyA) == Code::kInvalidArgument);
    CHECK(CodeOf("password") == Code::kInvalidArgument);
}

TEST_CASE("sealed box: fingerprints tell equal secrets and depend on the key", "[unit][crypto]") {
    const SealedBox box = BoxOf(kKeyA);
    CHECK(box.Fingerprint(Secret("a")).size() == 16);
    CHECK(box.Fingerprint(Secret("a")) == box.Fingerprint(Secret("a")));
    CHECK(box.Fingerprint(Secret("a")) != box.Fingerprint(Secret("b")));
    CHECK(box.Fingerprint(Secret("a")) != BoxOf(kKeyB).Fingerprint(Secret("a")));
}

TEST_CASE("sealed box: a key file", "[unit][crypto]") {
    const test::TempDir folder;
    const auto path = folder / "secrets.key";
    CHECK_THAT(StatusOf(SealedBox::FromKeyFile(path)), HasCode(Code::kNotFound));
    std::ofstream(path) << GenerateKeyFileText().Reveal();
    REQUIRE_OK(SealedBox::FromKeyFile(path));
    std::ofstream(folder / "large.key") << std::string(5000, 'a');
    CHECK_THAT(
        StatusOf(SealedBox::FromKeyFile(folder / "large.key")), HasCode(Code::kInvalidArgument)
    );
}

}  // namespace
}  // namespace unibox::crypto
