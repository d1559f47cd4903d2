#include "config/describe.hpp"

#include "config/load.hpp"
#include "support/status_matchers.hpp"
#include "support/temp_dir.hpp"

#include <catch2/catch.hpp>

#include <fstream>

using namespace unibox;  // NOLINT(google-build-using-namespace)

TEST_CASE("Print: what is printed loads again to the same values", "[unit][config]") {
    std::string text = "a \"quoted\" \\ line\n\ttab";
    double real = 3;
    config::TextList list = {"x", "y \"z\""};
    std::int64_t wait_ms = 5;
    const auto bind = [&](config::FieldTable& table) {
        table.Section("all")
            .Add("text", &text, "Text.")
            .Add("real", &real, "Real.")
            .Add("list", &list, "List.")
            .Add("wait_ms", &wait_ms, "Wait.", config::InRange(1, 9));
    };
    config::FieldTable table;
    bind(table);
    const std::string printed = config::Print(table);
    CHECK(
        printed.find("# Wait. Unit: ms. Must be 1 to 9. From: default.\nwait_ms = 5\n") !=
        std::string::npos
    );

    const test::TempDir dir;
    std::ofstream(dir / "c.toml") << printed;
    const auto text_before = text;
    const auto list_before = list;
    text.clear();
    real = 0;
    list.clear();
    wait_ms = 1;
    config::FieldTable again;
    bind(again);
    REQUIRE_OK(config::Load(again, dir / "c.toml", {}, {}));
    CHECK(text == text_before);
    CHECK(real == 3);
    CHECK(list == list_before);
    CHECK(wait_ms == 5);
}

TEST_CASE("Document: one row a field, with variable, default, unit and rule", "[unit][config]") {
    int batch_interval_ms = 5;
    config::FieldTable table;
    table.Section("writer", "Batches.")
        .Add("batch_interval_ms", &batch_interval_ms, "A | B.", config::InRange(0, 9));
    const std::string text = config::Document(table, "message-writer");
    CHECK(text.find("## message-writer\n\n### message-writer `[writer]`\n\nBatches.\n") == 0);
    CHECK(
        text.find("| `batch_interval_ms` | `UNIBOX_WRITER_BATCH_INTERVAL_MS` | `5` | ms | 0 to 9 | "
                  "A \\| B. |\n") != std::string::npos
    );
}

TEST_CASE("Document: shows defaults, whatever was loaded", "[unit][config]") {
    int size = 5;
    config::FieldTable table;
    table.Section("s").Add("size", &size, "Size.");
    const auto before = config::Document(table, "x");
    REQUIRE_OK(config::Load(table, {}, {}, {"s.size=6"}));
    CHECK(config::Document(table, "x") == before);
}

TEST_CASE(
    "FieldTable: a field's place does not depend on what was described before", "[unit][config]"
) {
    int x = 1;
    int y = 2;
    config::FieldTable table;
    auto first = table.Section("first", "First.");
    auto second = table.Section("second");
    first.Add("x", &x, "X.");
    second.Add("x", &y, "Another x.");
    first.AddRule([] { return InvalidArgument("cannot be").WithField("x"); });
    table.Section("first", "A second description does not count.").Add("y", &y, "Y.");
    REQUIRE(table.Find("first", "x") != nullptr);
    CHECK(table.Find("first", "x")->description == "X.");
    CHECK(table.Find("second", "x")->description == "Another x.");
    CHECK(table.Find("first", "y") != nullptr);
    CHECK(table.DescriptionOf("first") == "First.");
    CHECK(config::Load(table, {}, {}, {}).field() == "first.x");
}
