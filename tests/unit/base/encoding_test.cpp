#include "base/encoding.hpp"

#include <catch2/catch.hpp>

#include <string>
#include <utility>

namespace unibox {
namespace {

TEST_CASE("encoding: hex in either case, nothing but hex", "[unit][base]") {
    CHECK(HexEncode("foob") == "666f6f62");
    CHECK(HexDecode("666F6f62") == "foob");
    CHECK_FALSE(HexDecode("6"));
    CHECK_FALSE(HexDecode("6g"));
    CHECK(HexDigitValue('f') == 15);
    CHECK(HexDigitValue('F') == 15);
    for (const char other : {'g', 'G', '/', ':', '@', '`', '\0', '\xFF'}) {
        CHECK(HexDigitValue(other) == -1);
    }
}

TEST_CASE("encoding: base64 agrees with RFC 4648", "[unit][base]") {
    const std::pair<std::string_view, std::string_view> vectors[] = {
        {"", ""},
        {"f", "Zg=="},
        {"fo", "Zm8="},
        {"foo", "Zm9v"},
        {"foob", "Zm9vYg=="},
        {"foobar", "Zm9vYmFy"}};
    for (const auto& [plain, encoded] : vectors) {
        CHECK(Base64Encode(plain) == encoded);
        CHECK(Base64Decode(encoded) == plain);
    }
    CHECK(Base64Decode("Zm8") == "fo");
    CHECK_FALSE(Base64Decode("Zm9v!"));
    CHECK_FALSE(Base64Decode("Z"));
    CHECK_FALSE(Base64Decode("===="));
}

TEST_CASE("encoding: base64url refuses what no encoder writes", "[unit][base]") {
    CHECK(Base64UrlEncode("") == "");
    CHECK(Base64UrlEncode("f") == "Zg");
    CHECK(Base64UrlEncode("fo") == "Zm8");
    CHECK(Base64UrlEncode("\xfb\xff\xfe") == "-__-");
    std::string bytes;
    for (int size = 0; size < 300; ++size) {
        CHECK(Base64UrlDecode(Base64UrlEncode(bytes)) == bytes);
        CHECK(Base64Decode(Base64Encode(bytes)) == bytes);
        bytes += static_cast<char>(size * 37);
    }
    for (const char* refused : {"Zg==", "Z", "Zh", "Zm9", "Z+", "Z/", "Zm 8", "Zm8\n"}) {
        CAPTURE(refused);
        CHECK_FALSE(Base64UrlDecode(refused));
    }
}

TEST_CASE("encoding: percent escapes, plus signs, broken ones", "[unit][base]") {
    CHECK(PercentDecode("a%20b+c", Plus::kPlus) == "a b+c");
    CHECK(PercentDecode("a%20b+c", Plus::kSpace) == "a b c");
    CHECK(PercentDecode("%41%4a%4A", Plus::kPlus) == "AJJ");
    CHECK(PercentDecode("%00%ff", Plus::kPlus) == std::string("\0\xff", 2));
    for (const char* broken : {"%", "a%4", "%g1", "%1g", "%%41", "100%+"}) {
        CAPTURE(broken);
        CHECK_FALSE(PercentDecode(broken, Plus::kSpace));
    }
    CHECK(
        PercentDecode("%%41 %4 %g1 100%+", Plus::kSpace, BrokenEscape::kLiteral) ==
        "%A %4 %g1 100% "
    );
}

}  // namespace
}  // namespace unibox
