#include "gateway/page_token.hpp"

#include "base/encoding.hpp"
#include "support/status_matchers.hpp"

#include <catch2/catch.hpp>

#include <limits>
#include <string>

using namespace unibox;  // NOLINT(google-build-using-namespace)
using gateway::DecodePageToken;
using gateway::EncodePageToken;

TEST_CASE("PageToken: gives back its place to the same tenant and list", "[unit][gateway]") {
    const std::string token = EncodePageToken(TenantId{1}, "list", "place");
    const auto place = DecodePageToken(TenantId{1}, "list", token);
    REQUIRE_OK(place);
    CHECK(*place == "place");
}

TEST_CASE("PageToken: anything else is refused by name", "[unit][gateway]") {
    const TenantId tenant{1};
    const std::string token = EncodePageToken(tenant, "list", "place");
    const auto refused = [](const Result<std::string>& place) {
        CHECK_THAT(place.status(), test::HasCode(Code::kInvalidArgument));
        CHECK(place.status().field() == "page_token");
    };
    refused(DecodePageToken(TenantId{2}, "list", token));
    refused(DecodePageToken(tenant, "other", token));
    refused(DecodePageToken(tenant, "listp", EncodePageToken(tenant, "list", "place")));
    for (const std::string bad : {"", "x", "!!!!", "AQ", "AQAAAAAAAAAAAAAAAAA"}) {
        refused(DecodePageToken(tenant, "list", bad));
    }
    refused(DecodePageToken(tenant, "list", token + "AAAA"));
    refused(DecodePageToken(tenant, "list", std::string(10'000, 'A')));
    // Every bit counts.
    const std::string bytes = *Base64UrlDecode(token);
    for (std::size_t bit = 0; bit < bytes.size() * 8; ++bit) {
        std::string changed = bytes;
        changed[bit / 8] = static_cast<char>(changed[bit / 8] ^ (1 << (bit % 8)));
        refused(DecodePageToken(tenant, "list", Base64UrlEncode(changed)));
    }
    for (std::size_t size = 0; size < bytes.size(); ++size) {
        refused(DecodePageToken(tenant, "list", Base64UrlEncode(bytes.substr(0, size))));
    }
}

TEST_CASE("PackInt64: and back", "[unit][gateway]") {
    for (const std::int64_t number :
         {std::int64_t{0},
          std::int64_t{1},
          std::int64_t{-1},
          std::int64_t{1'782'900'000'123'456},
          std::numeric_limits<std::int64_t>::max(),
          std::numeric_limits<std::int64_t>::min()}) {
        CHECK(gateway::UnpackInt64(gateway::PackInt64(number)) == number);
    }
    CHECK(gateway::PackInt64(1) == std::string("\0\0\0\0\0\0\0\1", 8));
}
