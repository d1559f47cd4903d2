// The count of partitions of each generation of the ingest log.
#include "store/admin/log_generations.hpp"
#include "store/streams/generations.hpp"
#include "store_fixture.hpp"

namespace unibox::store {
namespace {

using subjects::Generation;
using test::StoreFixture;

TEST_CASE("Generations: a count is written down once and stands", "[pg][store]") {
    StoreFixture fixture;
    pg::Pool& admin = fixture.Pool("ub_admin");
    CHECK(ListLogGenerations(admin)->empty());
    CHECK(RecordLogGeneration(admin, {2, 16}).value() == 16);
    CHECK(RecordLogGeneration(admin, {1, 8}).value() == 8);
    CHECK(RecordLogGeneration(admin, {1, 8}).value() == 8);
    CHECK(RecordLogGeneration(admin, {1, 7}).value() == 8);
    CHECK_FALSE(RecordLogGeneration(admin, {3, 0}).ok());
    const std::vector<Generation> all{{1, 8}, {2, 16}};
    for (const std::string role : {"ub_admin", "ub_ingest", "ub_writer"}) {
        CAPTURE(role);
        CHECK(ListLogGenerations(fixture.Pool(role)).value() == all);
    }
}

TEST_CASE("Generations: no role changes or removes a count", "[pg][store]") {
    StoreFixture fixture;
    REQUIRE_OK(RecordLogGeneration(fixture.Pool("ub_admin"), {1, 8}));
    for (const std::string role : {"ub_admin", "ub_ingest", "ub_writer", "ub_gateway"}) {
        for (const std::string sql :
             {"UPDATE log_generation SET partition_count = 7",
              "DELETE FROM log_generation",
              "TRUNCATE log_generation"}) {
            CAPTURE(role, sql);
            CHECK(fixture.Run(role, sql).status().reason() == "42501");
        }
    }
    CHECK(fixture.Run("ub_ingest", "SELECT * FROM log_generation", 1).status().reason() == "42501");
}

}  // namespace
}  // namespace unibox::store
