#include "domain/tenant_limits.hpp"

#include "support/status_matchers.hpp"

#include <catch2/catch.hpp>

using namespace unibox;  // NOLINT(google-build-using-namespace)
using domain::LimitPolicy;
using domain::Rate;
using domain::TenantLimits;

TEST_CASE("TenantLimits: reads what it writes, in the order of the policies", "[unit][domain]") {
    const auto limits = TenantLimits::Parse("search=10/20 key=1/1 tenant=100000/1000000");
    REQUIRE_OK(limits);
    CHECK(limits->Of(LimitPolicy::kKey) == Rate{1, 1});
    CHECK(limits->Of(LimitPolicy::kTenant) == Rate{100'000, 1'000'000});
    CHECK(limits->Of(LimitPolicy::kSearch) == Rate{10, 20});
    CHECK_FALSE(limits->Of(LimitPolicy::kAgent));
    CHECK(limits->ToText() == "key=1/1 tenant=100000/1000000 search=10/20");
    CHECK(TenantLimits::Parse(limits->ToText()).value() == *limits);
    CHECK(TenantLimits::Parse("").value() == TenantLimits());
    CHECK(TenantLimits().ToText().empty());
}

TEST_CASE("TenantLimits: anything else is refused and named", "[unit][domain]") {
    for (const char* text :
         {"tenant",
          "tenant=5",
          "tenant=/5",
          "tenant=5/",
          "tenant=0/5",
          "tenant=5/0",
          "tenant=-1/5",
          "tenant=5/5x",
          "tenant=5.5/5",
          "tenant=100001/5",
          "tenant=5/1000001",
          "Tenant=5/5",
          "all=5/5",
          "=5/5",
          "tenant/5=5",
          "tenant=5/5 tenant=6/6",
          " tenant=5/5",
          "tenant=5/5 ",
          "tenant=5/5  key=1/1",
          "tenant=5/5,key=1/1",
          "tenant=99999999999999999999/5"}) {
        INFO(text);
        CHECK_THAT(TenantLimits::Parse(text).status(), test::HasCode(Code::kInvalidArgument));
    }
    const auto wrong = TenantLimits::Parse("key=1/1 tenant=5").status();
    CHECK(wrong.message().find("\"tenant=5\"") == 0);
}
