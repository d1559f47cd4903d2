#include "webhook-ingest/config.hpp"

#include "config/load.hpp"
#include "support/status_matchers.hpp"

#include <catch2/catch.hpp>

using unibox::Status;

namespace {

Status LoadWith(const std::string& public_base_url) {
    unibox::ingest::Config config;
    unibox::config::FieldTable table;
    config.Describe(table);
    return unibox::config::Load(
        table,
        std::nullopt,
        {},
        {"secrets.key_file=/dev/null", "ingest.public_base_url=" + public_base_url}
    );
}

}  // namespace

TEST_CASE("Config: the base URL is as Twilio signs it", "[unit][webhook-ingest]") {
    REQUIRE_OK(LoadWith("https://hooks.example.com/in"));
    REQUIRE_OK(LoadWith("http://127.0.0.1:8080"));
    for (const std::string& wrong :
         {std::string("https://hooks.example.com/"),
          std::string("hooks.example.com"),
          std::string()}) {
        const Status refused = LoadWith(wrong);
        CHECK_THAT(refused, unibox::test::HasCode(unibox::Code::kInvalidArgument));
        CHECK(refused.field() == "ingest.public_base_url");
    }
}
