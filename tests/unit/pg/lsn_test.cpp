#include "pg/lsn.hpp"

#include "support/status_matchers.hpp"

#include <catch2/catch.hpp>

#include <string>

namespace unibox::pg {
namespace {

TEST_CASE("Lsn: it is read and written as PostgreSQL does", "[unit][pg]") {
    CHECK(ParseLsn("0/0").value() == Lsn{});
    CHECK(ParseLsn("16/B374D848").value() == Lsn{0x16B374D848});
    CHECK(ParseLsn("16/b374d848").value() == Lsn{0x16B374D848});
    CHECK(ParseLsn("0000000F/000000FF").value() == Lsn{0xF000000FF});
    for (const std::string text : {"0/0", "16/B374D848", "1/FF", "FFFFFFFF/FFFFFFFF"}) {
        CHECK(ParseLsn(text).value().ToString() == text);
    }
    CHECK(ParseLsn("1/0").value() > ParseLsn("0/FFFFFFFF").value());
}

TEST_CASE("Lsn: what is none is refused", "[unit][pg]") {
    for (const std::string text :
         {"",
          "/",
          "0/",
          "/0",
          "0",
          "0/0/0",
          "-1/0",
          "+1/0",
          "0x1/0",
          " 0/0",
          "0/0 ",
          "G/0",
          "123456789/0",
          "0/000000001",
          "0/1'; DROP TABLE"}) {
        INFO(text);
        CHECK_THAT(ParseLsn(text).status(), test::HasCode(Code::kInvalidArgument));
    }
}

}  // namespace
}  // namespace unibox::pg
