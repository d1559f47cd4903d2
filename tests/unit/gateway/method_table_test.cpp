#include "gateway/method_table.hpp"

#include "auth/scopes.hpp"
#include "gateway/http_api.hpp"
#include "gateway/methods.hpp"
#include "open_limits.hpp"
#include "support/status_matchers.hpp"

#include <catch2/catch.hpp>

#include <algorithm>
#include <string>
#include <vector>

using namespace unibox;  // NOLINT(google-build-using-namespace)
using gateway::Caller;
using gateway::Method;
using gateway::MethodTable;
using gateway::Repetition;
using test::HasCode;

namespace {

const std::string kGetContact = "unibox.v1.InboxService.GetContact";

// The gateway's own, of a database that nobody asks.
std::vector<Method> RealMethods() {
    static obs::Metrics metrics;
    static const auto pool = pg::Pool::Create({}, metrics).value();
    static const auto reads = pg::ReadRouter::Create(*pool, {}, {}, metrics).value();
    static const gateway::Inbox inbox(*reads, SystemClock(), 1 << 20);
    static const auto writer =
        rpc::Client::Create({}, gateway::WriterMethods(Millis(1'000)), metrics).value();
    static const gateway::Commands commands(*writer, SystemClock());
    static const gateway::Admin admin({}, SystemClock());
    static const gateway::Search search(*pool, SystemClock(), Millis(100));
    static const gateway::Stats stats(*reads, SystemClock());
    static const gateway::Views views(*reads, admin, SystemClock());
    return gateway::MethodsOf({inbox, commands, admin, search, stats, views});
}

// Another class of use cases, which remembers.
struct Counting {
    Status GetContact(
        const Caller& caller, const v1::GetContactRequest& request, v1::Contact& response
    ) {
        ++count;
        response.set_id(request.contact_id() + " of " + caller.principal.tenant.ToString());
        return {};
    }
    Status ListMessages(const Caller&, const v1::GetContactRequest&, v1::Contact&) { return {}; }

    int count = 0;
};

// The real rows, but that one is another.
std::vector<Method> With(Method other) {
    auto methods = RealMethods();
    for (Method& method : methods) {
        if (method.name == other.name) method = other;
    }
    return methods;
}

std::string WhyRefused(std::vector<Method> methods) {
    const Status status = MethodTable::Create(std::move(methods)).status();
    CHECK_THAT(status, HasCode(Code::kInternal));
    return status.message();
}

// HttpRoutes of the methods.
Status RoutesOf(std::vector<Method> methods) {
    const auto table = MethodTable::Create(std::move(methods));
    REQUIRE_OK(table);
    obs::Metrics metrics;
    const rpc::Calls calls({}, metrics);
    auth::Authenticator authenticator(
        {}, [](const auto&, SteadyTime) { return domain::ApiKeysByHash(); }, SystemClock(), metrics
    );
    async::FairPool work("t", {1, 1, 1, 1}, SystemClock());
    test::OpenLimits open(metrics);
    gateway::Admission admission(
        calls, authenticator, open.limiter, open.call_limits, {work, work, work, work}, metrics
    );
    return gateway::HttpRoutes(*table, admission).status();
}

}  // namespace

TEST_CASE("Methods: each method of the services has exactly one row", "[unit][gateway]") {
    const auto table = MethodTable::Create(RealMethods());
    REQUIRE_OK(table);
    std::size_t count = 0;
    for (const auto* service : table->services()) {
        for (int i = 0; i < service->method_count(); ++i) {
            const auto& method = *service->method(i);
            CHECK(table->Of(method).name == method.full_name());
            ++count;
        }
    }
    CHECK(count == table->methods().size());
    CHECK(count >= 4);
    CHECK_THAT(RoutesOf(RealMethods()), test::IsOk());
}

TEST_CASE("Methods: a row that is missing, double or wrong is named", "[unit][gateway]") {
    for (std::size_t i = 0; i < RealMethods().size(); ++i) {
        auto missing = RealMethods();
        const std::string name = missing[i].name;
        missing.erase(missing.begin() + static_cast<std::ptrdiff_t>(i));
        CHECK(WhyRefused(missing) == name + " has 0 rows, not one");
        auto twice = RealMethods();
        twice.push_back(twice[i]);
        CHECK(WhyRefused(twice) == name + " has 2 rows, not one");
    }

    Counting counting;
    const auto scope = auth::kScopeInboxRead;
    auto unknown = RealMethods();
    unknown.push_back(
        gateway::Row(kGetContact + "s", scope, Repetition::kReads, counting, &Counting::GetContact)
    );
    CHECK(WhyRefused(unknown) == kGetContact + "s is a method of no proto");
    const std::string list = "unibox.v1.InboxService.ListMessages";
    CHECK(
        WhyRefused(
            With(gateway::Row(list, scope, Repetition::kReads, counting, &Counting::ListMessages))
        ) == "the use case of " + list + " takes other messages"
    );
    auto forgetful = RealMethods();
    const auto once = std::find_if(forgetful.begin(), forgetful.end(), [](const Method& method) {
        return method.repetition == Repetition::kOnceByRequestId;
    });
    once->repetition = Repetition::kActsAgain;
    CHECK(WhyRefused(forgetful) == once->name + " and its row disagree about request_id");
    CHECK(
        WhyRefused(With(gateway::Row(
            kGetContact, scope, Repetition::kOnceByRequestId, counting, &Counting::GetContact
        ))) == kGetContact + " and its row disagree about request_id"
    );
    CHECK(
        WhyRefused(With(gateway::Row(
            kGetContact, "inbox:raed", Repetition::kReads, counting, &Counting::GetContact
        ))) == kGetContact + " asks for a scope that does not exist"
    );
}

TEST_CASE("Methods: any class does, also one that changes", "[unit][gateway]") {
    Counting counting;
    const auto methods = With(gateway::Row(
        kGetContact, auth::kScopeInboxRead, Repetition::kReads, counting, &Counting::GetContact
    ));
    const auto table = MethodTable::Create(methods);
    REQUIRE_OK(table);
    const Method& row =
        *std::find_if(table->methods().begin(), table->methods().end(), [](const Method& method) {
            return method.name == kGetContact;
        });
    const rpc::Call call;
    const auto in = row.new_request();
    const auto out = row.new_response();
    dynamic_cast<v1::GetContactRequest&>(*in).set_contact_id("c");
    auth::Principal principal;
    principal.tenant = TenantId{7};
    REQUIRE_OK(row.use_case({principal, call}, *in, *out));
    CHECK(dynamic_cast<v1::Contact&>(*out).id() == "c of 7");
    CHECK(counting.count == 1);
}

TEST_CASE("Methods: a GET only reads", "[unit][gateway]") {
    Counting counting;
    const Status status = RoutesOf(With(gateway::Row(
        kGetContact, auth::kScopeInboxRead, Repetition::kIdempotent, counting, &Counting::GetContact
    )));
    CHECK_THAT(status, HasCode(Code::kInternal));
    CHECK(status.message() == kGetContact + " does more than read, which a GET may not");
}
