#include "pg/read_settings.hpp"

#include "config/field_table.hpp"

#include <catch2/catch.hpp>

#include <string>
#include <vector>

namespace unibox::pg {
namespace {

using Urls = std::vector<std::string>;

TEST_CASE("ReadSettings: those of the file come before the list", "[unit][pg]") {
    ReadSettings settings;
    CHECK(settings.Urls().empty());
    settings.urls = {"host=a"};
    CHECK(settings.Urls() == Urls{"host=a"});
    settings.urls_file = Secret("postgresql://u:p@b/x\n\n  host=c password=p\r\n");
    CHECK(settings.Urls() == Urls{"postgresql://u:p@b/x", "host=c password=p"});
}

TEST_CASE("ReadSettings: the list has no passwords, which would be printed", "[unit][pg]") {
    ReadSettings settings;
    config::FieldTable table;
    settings.Describe(table);
    const auto& holds = table.Find("postgres", "read_urls")->check.holds;
    CHECK(holds(Urls{}));
    CHECK(holds(Urls{"postgresql://u@a/x", "host=b"}));
    CHECK_FALSE(holds(Urls{"host=b", "postgresql://u:p@a/x"}));
    CHECK_FALSE(holds(Urls{"nonsense"}));
}

TEST_CASE("ReadSettings: a bound that no probe could prove is refused", "[unit][pg]") {
    ReadSettings settings;
    config::FieldTable table;
    settings.Describe(table);
    REQUIRE(table.rules().size() == 1);
    CHECK(table.rules()[0].check().ok());
    settings.probe_interval_ms = settings.lag_ms_max / 2 + 1;
    CHECK(table.rules()[0].check().field() == "read_probe_interval_ms");
}

}  // namespace
}  // namespace unibox::pg
