#include "message-writer/log_history.hpp"

#include <catch2/catch.hpp>

namespace unibox::writer {
namespace {

std::vector<store::LogPlace> Places(std::int64_t count) {
    std::vector<store::LogPlace> places;
    for (std::int64_t i = 1; i <= count; ++i) places.push_back({1, i * 10, LogMark{"m", i}});
    return places;
}

TEST_CASE("LogHistory: the last place that two histories share, for any count", "[unit]") {
    for (std::int64_t count = 0; count <= 40; ++count) {
        for (std::int64_t common = 0; common <= count; ++common) {
            int asked = 0;
            const auto place = LastCommonPlace(Places(count), [&](const store::LogPlace& one) {
                ++asked;
                return Result<bool>(one.last_seq <= common * 10);
            });
            REQUIRE(place.ok());
            REQUIRE(place->has_value() == (common > 0));
            if (common > 0) REQUIRE((*place)->last_seq == common * 10);
            REQUIRE(asked <= 6);
        }
    }
}

TEST_CASE("LogHistory: without an answer there is no place", "[unit]") {
    const auto place = LastCommonPlace(Places(3), [](const store::LogPlace&) {
        return Result<bool>(Unavailable("no server"));
    });
    CHECK(place.status().code() == Code::kUnavailable);
}

}  // namespace
}  // namespace unibox::writer
