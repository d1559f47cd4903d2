#include "base/ids.hpp"

#include "support/status_matchers.hpp"

#include <catch2/catch.hpp>

namespace unibox {
namespace {

TEST_CASE("Uuid: text and bytes go both ways", "[unit][base]") {
    const std::string text = "018f4e2a-9b7c-7def-8123-456789abcdef";
    const auto id = Uuid::Parse(text);
    REQUIRE_OK(id);
    CHECK(id->ToString() == text);
    CHECK(Uuid::FromBytes(id->ToBytes()).value() == *id);
    CHECK(Uuid::Parse("018F4E2A-9B7C-7DEF-8123-456789ABCDEF").value() == *id);
}

TEST_CASE("Uuid: refuses what is no UUID", "[unit][base]") {
    for (const char* text :
         {"",
          "018f4e2a9b7c7def8123456789abcdef",
          "018f4e2a-9b7c-7def-8123-456789abcdeg",
          "018f4e2a-9b7c-7def-8123_456789abcdef"}) {
        INFO(text);
        CHECK_THAT(Uuid::Parse(text).status(), test::HasCode(Code::kInvalidArgument));
    }
    CHECK_FALSE(Uuid::FromBytes("short").ok());
}

TEST_CASE("UuidV7: holds its time, version and variant", "[unit][base]") {
    constexpr std::int64_t kUnixMs = 1'785'412'800'123;
    const Uuid id = NewUuidV7(kUnixMs);
    CHECK(UuidV7Millis(id) == kUnixMs);
    CHECK(id.bytes[6] >> 4 == 7);
    CHECK(id.bytes[8] >> 6 == 2);
    CHECK(id != NewUuidV7(kUnixMs));
}

TEST_CASE("UuidV7: the same entropy gives the same id", "[unit][base]") {
    const std::array<std::uint8_t, 16> entropy{1, 2, 3, 4, 5, 6, 7, 8, 9, 10};
    CHECK(DeterministicUuidV7(5, entropy) == DeterministicUuidV7(5, entropy));
    CHECK(DeterministicUuidV7(5, entropy) != DeterministicUuidV7(6, entropy));
}

}  // namespace
}  // namespace unibox
