#include "pg/params.hpp"

#include "base/encoding.hpp"

#include <catch2/catch.hpp>

namespace unibox::pg {
namespace {

std::string Hex(const Params& params, std::size_t index) {
    const Params::Wire wire = params.ToWire();
    const auto length = static_cast<std::size_t>(wire.lengths.at(index));
    return HexEncode(std::string_view(wire.values.at(index), length));
}

TEST_CASE("Params: scalars are big-endian and carry their type", "[unit][pg]") {
    const Params params = Params::Of(
        std::int64_t{-2}, std::int32_t{258}, std::int16_t{-1}, true, "text", Bytes{"\x01\xff"}
    );
    REQUIRE(params.Types() == std::vector<unsigned>{20, 23, 21, 16, 25, 17});
    REQUIRE(Hex(params, 0) == "fffffffffffffffe");
    REQUIRE(Hex(params, 1) == "00000102");
    REQUIRE(Hex(params, 2) == "ffff");
    REQUIRE(Hex(params, 3) == "01");
    REQUIRE(Hex(params, 4) == "74657874");
    REQUIRE(Hex(params, 5) == "01ff");
}

TEST_CASE("Params: NULL keeps its type, an empty text is no NULL", "[unit][pg]") {
    const Params params =
        Params::Of(std::optional<std::int64_t>(), std::optional<std::string>(""), "");
    const Params::Wire wire = params.ToWire();
    REQUIRE(wire.types == std::vector<unsigned>{20, 25, 25});
    REQUIRE(wire.values[0] == nullptr);
    REQUIRE(wire.values[1] != nullptr);
    REQUIRE(wire.values[2] != nullptr);
}

TEST_CASE("Params: arrays have one dimension, an empty one none", "[unit][pg]") {
    Params params;
    params.AddArray(std::vector<std::int32_t>{7, -1}).AddArray(std::vector<std::string>{});
    params.AddArray(std::vector<std::optional<std::int16_t>>{std::nullopt, std::int16_t{5}});
    REQUIRE(params.Types() == std::vector<unsigned>{1007, 1009, 1005});
    REQUIRE(
        Hex(params, 0) ==
        "000000010000000000000017000000020000000100000004000000070000"
        "0004ffffffff"
    );
    REQUIRE(Hex(params, 1) == "000000000000000000000019");
    REQUIRE(Hex(params, 2) == "0000000100000001000000150000000200000001ffffffff000000020005");
}

TEST_CASE("Params: timestamps count microseconds from 2000 and know infinity", "[unit][pg]") {
    REQUIRE(detail::ToPgMicros({946'684'800'001}) == 1'000);
    REQUIRE(detail::ToPgMicros({0}) == -946'684'800'000'000);
    REQUIRE(detail::ToPgMicros(kInfinity) == std::numeric_limits<std::int64_t>::max());
    REQUIRE(detail::ToPgMicros(kMinusInfinity) == std::numeric_limits<std::int64_t>::min());
}

TEST_CASE("Params: a time too far away is no infinity and no wrapped-around date", "[unit][pg]") {
    const std::int64_t most = std::numeric_limits<std::int64_t>::max();
    for (const std::int64_t far : {most - 1, most / 999, most / 1000 + 1}) {
        CAPTURE(far);
        REQUIRE(detail::ToPgMicros({far}) == most - 1);
        REQUIRE(detail::ToPgMicros({-far}) == -most);
    }
    REQUIRE(detail::ToPgMicros({most / 1000}) > 0);
    REQUIRE(detail::ToPgMicros({-most / 1000}) < 0);
}

}  // namespace
}  // namespace unibox::pg
