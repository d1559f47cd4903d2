#include "channels/account_routes.hpp"

#include <catch2/catch.hpp>

namespace unibox::channels {
namespace {

ProviderEvent Event(
    const std::string& route, const std::string& account, const std::string& number = ""
) {
    ProviderEvent event;
    event.provider = v1::PROVIDER_WHATSAPP;
    event.route_key = route;
    event.account_key = account;
    event.account_number = number;
    return event;
}

std::vector<std::string> Resolved(AccountRoutes& accounts, std::vector<ProviderEvent> events) {
    accounts.Resolve(events);
    std::vector<std::string> routes;
    for (const auto& event : events) routes.push_back(event.route_key);
    return routes;
}

using Routes = std::vector<std::string>;

TEST_CASE("AccountRoutes: a notice is for the channels of its account", "[unit][channels]") {
    AccountRoutes accounts;
    CHECK(Resolved(accounts, {Event("", "waba")}) == Routes{""});
    CHECK(
        Resolved(accounts, {Event("n1", "waba", "1555"), Event("n2", "waba", "1556")}) ==
        Routes{"n1", "n2"}
    );
    CHECK(Resolved(accounts, {Event("o1", "other", "1555")}) == Routes{"o1"});
    CHECK(Resolved(accounts, {Event("", "waba")}) == Routes{"n1", "n2"});
    CHECK(Resolved(accounts, {Event("", "waba", "1556")}) == Routes{"n2"});
    CHECK(Resolved(accounts, {Event("", "waba", "1999")}) == Routes{""});
    CHECK(
        Resolved(accounts, {Event("x", ""), Event("", "other"), Event("", "")}) ==
        Routes{"x", "o1", ""}
    );
    // In one body: learnt before it is needed.
    CHECK(Resolved(accounts, {Event("", "new"), Event("w1", "new")}) == Routes{"w1", "w1"});
}

TEST_CASE("AccountRoutes: a number that moved is learnt anew", "[unit][channels]") {
    AccountRoutes accounts;
    (void)Resolved(accounts, {Event("n1", "waba", "1555")});
    (void)Resolved(accounts, {Event("n1", "waba", "1777")});
    CHECK(Resolved(accounts, {Event("", "waba", "1777")}) == Routes{"n1"});
    CHECK(Resolved(accounts, {Event("", "waba", "1555")}) == Routes{""});
}

TEST_CASE("AccountRoutes: their number is bounded, the oldest goes first", "[unit][channels]") {
    AccountRoutes accounts(2);
    for (const std::string account : {"a", "b", "c"})
        (void)Resolved(accounts, {Event("n" + account, account)});
    CHECK(Resolved(accounts, {Event("", "a")}) == Routes{""});
    CHECK(Resolved(accounts, {Event("", "b")}) == Routes{"nb"});
    CHECK(Resolved(accounts, {Event("", "c")}) == Routes{"nc"});
    for (int i = 0; i < 200; ++i) (void)Resolved(accounts, {Event("r" + std::to_string(i), "c")});
    CHECK(Resolved(accounts, {Event("", "c")}).size() == AccountRoutes::kRoutesPerAccountMax);
}

}  // namespace
}  // namespace unibox::channels
