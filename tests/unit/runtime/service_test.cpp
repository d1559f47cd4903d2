// The parts of a service: order, failure, grace.
#include "runtime/service.hpp"

#include "support/status_matchers.hpp"

#include <catch2/catch.hpp>

#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace unibox::runtime {
namespace {

using test::HasCode;

// Parts that write down what is called.
struct Parts {
    std::vector<std::string> calls;
    std::vector<Millis> graces;

    Part Make(const std::string& name, Status start = {}) {
        return {
            .name = name,
            .start =
                [this, name, start] {
                    calls.push_back("start " + name);
                    return start;
                },
            .address = [name] { return "address of " + name; },
            .announce_stop = [this, name] { calls.push_back("announce " + name); },
            .refuse_work = [this, name] { calls.push_back("refuse " + name); },
            .stop =
                [this, name](Millis grace) {
                    calls.push_back("stop " + name);
                    graces.push_back(grace);
                }};
    }
    std::vector<std::string> Take() { return std::exchange(calls, {}); }
};

using Calls = std::vector<std::string>;

TEST_CASE("Service: parts start in order and stop in reverse", "[unit][runtime]") {
    Parts parts;
    auto objects = std::make_shared<int>(0);
    const std::weak_ptr<int> alive = objects;
    {
        Service service(std::move(objects), {parts.Make("a"), parts.Make("b"), {.name = "bare"}});
        CHECK(service.takes_requests());
        CHECK(service.address("a").empty());
        REQUIRE_OK(service.Start());
        CHECK(service.address("a") == "address of a");
        CHECK(service.address("c").empty());
        CHECK(parts.Take() == Calls{"start a", "start b"});
        service.AnnounceStop();
        CHECK(parts.Take() == Calls{"announce b", "announce a"});
        service.Stop(Millis(600'000));
        // No part may wait while another one still takes work.
        CHECK(parts.Take() == Calls{"refuse b", "refuse a", "stop b", "stop a"});
        REQUIRE(parts.graces.size() == 2);
        CHECK(parts.graces[0] > Millis(0));
        CHECK(parts.graces[0] <= Millis(600'000));
        CHECK(parts.graces[1] <= parts.graces[0]);  // One grace for all.
        service.Stop(Millis(0));
        CHECK_FALSE(alive.expired());
    }
    CHECK(parts.Take().empty());
    CHECK(alive.expired());
}

TEST_CASE("Service: what did not start is not stopped", "[unit][runtime]") {
    Parts parts;
    {
        Service service(
            nullptr, {parts.Make("a"), parts.Make("b", Unavailable("no server")), parts.Make("c")}
        );
        const Status status = service.Start();
        CHECK_THAT(status, HasCode(Code::kUnavailable));
        CHECK(status.ToString().find("b: no server") != std::string::npos);
        service.AnnounceStop();
    }
    CHECK(parts.Take() == Calls{"start a", "start b", "announce a", "refuse a", "stop a"});
    CHECK(parts.graces == std::vector<Millis>{Millis(0)});
}

TEST_CASE(
    "Service: the first part that is dead, with its name, until it stops", "[unit][runtime]"
) {
    Part well{.name = "well", .alive = [] { return Status(); }};
    Part dead{.name = "dead", .alive = [] { return Unavailable("no answer"); }};
    Service service(nullptr, {{.name = "bare"}, well, dead});
    CHECK_FALSE(service.takes_requests());
    REQUIRE_OK(service.Alive());
    REQUIRE_OK(service.Start());
    CHECK(service.Alive().ToString().find("dead: no answer") != std::string::npos);
    service.Stop(Millis(0));
    REQUIRE_OK(service.Alive());
}

}  // namespace
}  // namespace unibox::runtime
