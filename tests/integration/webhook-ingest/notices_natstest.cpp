// Notices about a whole account, on the route of an app that serves many tenants.
#include "ingest_fixture.hpp"

#include <catch2/catch.hpp>

#include <set>

namespace unibox::test {
namespace {

TEST_CASE("Ingest: a notice about an account reaches the channels of its numbers", "[nats][pg]") {
    IngestFixture f;
    f.PutChannel(f.first, "wa1", v1::PROVIDER_WHATSAPP, "111", {});
    f.PutChannel(f.second, "wa2", v1::PROVIDER_WHATSAPP, "222", {});
    const std::string path = "/v1/hooks/meta";
    const std::string notice =
        R"({"object":"whatsapp_business_account","entry":[{"id":"1","time":1785412800,"changes":[)"
        R"({"field":"account_update","value":{"event":"DISABLED_UPDATE"}}]}]})";
    // Nobody knows yet whose account it is: kept, not lost.
    CHECK(f.PostSigned("meta", path, f.kAppSecret, notice) == 200);
    REQUIRE(f.Raw().size() == 1);
    CHECK(f.Raw()[0].reason() == "unknown_route");
    CHECK(f.Raw()[0].detail() == "account 1");
    CHECK(f.PostSigned("meta", path, f.kAppSecret, WhatsAppBody({"111", "222"}, "A")) == 200);
    CHECK(f.PostSigned("meta", path, f.kAppSecret, notice) == 200);
    std::set<std::int64_t> told;
    for (const auto& event : f.Stored()) {
        if (!event.has_control()) continue;
        CHECK(event.control().type() == "account_update");
        CHECK(event.control().about_channel());
        CHECK(event.thread_key().empty());
        told.insert(event.tenant_id());
    }
    CHECK(told == std::set<std::int64_t>{f.first.value, f.second.value});
    CHECK(f.Raw().size() == 1);
}

}  // namespace
}  // namespace unibox::test
