#include "gateway/call_limits.hpp"

#include "base/ids.hpp"

#include <catch2/catch.hpp>

#include <string>
#include <vector>

using namespace unibox;  // NOLINT(google-build-using-namespace)
using gateway::CallLimits;
using gateway::Method;
using gateway::Repetition;

namespace {

Method MethodNamed(const std::string& name, Repetition repetition) {
    Method method;
    method.name = name;
    method.repetition = repetition;
    return method;
}

const Method kReads = MethodNamed("unibox.v1.InboxService.GetContact", Repetition::kReads);

auth::Principal Key() {
    auth::Principal caller;
    caller.tenant = TenantId{42};
    caller.key_id = Uuid::Parse("01901f3e-0000-7000-8000-000000000001").value();
    return caller;
}

auth::Principal Agent(const std::string& id) {
    auth::Principal caller;
    caller.tenant = TenantId{42};
    caller.kind = auth::Principal::Kind::kAgent;
    caller.agent = AgentId{Uuid::Parse(id).value()};
    return caller;
}

std::string KeysOf(const std::vector<limits::Limit>& limits) {
    std::string keys;
    for (const auto& limit : limits) keys += limit.policy + " " + limit.bucket.key + "\n";
    return keys;
}

}  // namespace

TEST_CASE(
    "Call limits: of a key, its tenant and the class, under one hash tag", "[unit][gateway]"
) {
    const CallLimits limits{{}};
    CHECK(
        KeysOf(limits.Of(Key(), kReads)) ==
        "key rl:{t:42}:key:01901f3e-0000-7000-8000-000000000001\n"
        "tenant rl:{t:42}:tenant\n"
        "read rl:{t:42}:read\n"
    );
    CHECK(
        KeysOf(limits.Of(Agent("01901f3e-0000-7000-8000-000000000002"), kReads)) ==
        "agent rl:{t:42}:agent:01901f3e-0000-7000-8000-000000000002\n"
        "tenant rl:{t:42}:tenant\n"
        "read rl:{t:42}:read\n"
    );
    CHECK(KeysOf(limits.OfStranger("192.0.2.77")) == "anonymous rl:{n:192.0.2.0/24}\n");
}

TEST_CASE("Call limits: the class follows the method's name and what it does", "[unit][gateway]") {
    const CallLimits limits{{}};
    const auto class_of = [&](const std::string& name, Repetition repetition) {
        return limits.Of(Key(), MethodNamed(name, repetition)).back().policy;
    };
    CHECK(class_of("unibox.v1.InboxService.GetContact", Repetition::kReads) == "read");
    CHECK(class_of("unibox.v1.InboxService.MarkRead", Repetition::kOnceByRequestId) == "write");
    CHECK(class_of("unibox.v1.InboxService.SearchMessages", Repetition::kReads) == "search");
    CHECK(class_of("unibox.v1.AdminService.GetTenant", Repetition::kReads) == "admin");
    CHECK(class_of("unibox.v1.AdminService.SearchKeys", Repetition::kActsAgain) == "admin");
}

TEST_CASE("Call limits: the plan's values, else the settings'; 0 is none", "[unit][gateway]") {
    gateway::LimitSettings settings;
    for (domain::Rate& rate : settings.rates) rate = {7, 8};
    settings.rates[static_cast<std::size_t>(domain::LimitPolicy::kKey)].per_s = 0;
    settings.anonymous.per_s = 0;
    const CallLimits limits{settings};
    auth::Principal caller = Key();
    caller.limits = domain::TenantLimits::Parse("tenant=70/80").value();
    const auto found = limits.Of(caller, kReads);
    REQUIRE(found.size() == 2);
    CHECK(found[0].policy == "tenant");
    CHECK(found[0].bucket.rate_per_s == 70);
    CHECK(found[0].bucket.burst == 80);
    CHECK(found[1].policy == "read");
    CHECK(found[1].bucket.rate_per_s == 7);
    CHECK(limits.OfStranger("192.0.2.77").empty());
    caller.limits =
        domain::TenantLimits::Parse("key=1/2").value();  // Where the settings have none.
    CHECK(limits.Of(caller, kReads)[0].bucket.burst == 2);
}
