// Lists by filter and order: each finds what a look at every conversation finds, page by page,
// however few rows a page may look at.
#include "gateway_fixture.hpp"
#include "rpc/status_map.hpp"
#include "store/inbox/lists.hpp"
#include "support/status_matchers.hpp"

#include <catch2/catch.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <string>
#include <vector>

using namespace unibox;  // NOLINT(google-build-using-namespace)
using store::ConversationFilter;
using store::ConversationOrder;
using test::GatewayFixture;
using test::TestTenant;

namespace {

constexpr int kCount = 120;

std::string Numbered(const char* kind, int number) {
    return fmt::format("{}-0000-7000-8000-{:012d}", kind, number);
}
template <typename Id>
Id IdOf(const std::string& uuid) {
    return Id{Uuid::Parse(uuid).value()};
}
AgentId Agent(int number) {
    return IdOf<AgentId>(Numbered("abababab", number));
}

// What conversation n is, as Fill makes it.
bool IsClosed(int n) {
    return n % 11 == 0;
}
v1::ConversationStatus StatusOf(int n) {
    return IsClosed(n) ? v1::CONVERSATION_STATUS_CLOSED
                       : static_cast<v1::ConversationStatus>(1 + n % 3);
}
bool Waits(int n) {
    return !IsClosed(n) && n % 2 == 0;
}

// Agents 1 and 2 are members of other_channel.
void Fill(GatewayFixture& fixture, const TestTenant& tenant) {
    fixture.AddConversations(tenant, 1, kCount, false);
    const auto of_tenant = [&](const std::string& sql) {
        fixture.Sql(sql + " WHERE tenant_id = " + tenant.id.ToString());
    };
    of_tenant(
        "UPDATE conversations SET "
        "assignee_id = CASE WHEN version % 3 > 0 THEN ('abababab-0000-7000-8000-' || "
        "lpad((version % 3)::text, 12, '0'))::uuid END, "
        "team_id = CASE WHEN version % 4 > 0 THEN ('bcbcbcbc-0000-7000-8000-' || "
        "lpad((version % 4)::text, 12, '0'))::uuid END, "
        "labels = CASE version % 5 WHEN 0 THEN '{vip}' WHEN 1 THEN '{late,vip}' "
        "WHEN 2 THEN '{late}' ELSE '{}' END::text[], priority = version % 5, "
        // The longer, the greater; every fourth as it was before there was such a column.
        "last_customer_at = timestamptz '2026-07-02' - version * interval '1 minute', "
        "waiting_since = CASE WHEN version % 2 = 0 THEN CASE WHEN version % 4 = 0 "
        "THEN '-infinity' ELSE timestamptz '2026-07-02' - version * interval '1 minute' END END"
    );
    of_tenant(
        "UPDATE conversations SET closed_at = CASE WHEN version % 11 = 0 "
        "THEN CASE version % 2 WHEN 0 THEN now() ELSE date_trunc('month', now()) - interval "
        "'1 day' END ELSE 'infinity' END, "
        "status = CASE WHEN version % 11 = 0 THEN 4 ELSE status END, "
        "waiting_since = CASE WHEN version % 11 = 0 THEN NULL ELSE waiting_since END"
    );
    fixture.Sql(fmt::format(
        "INSERT INTO channels (tenant_id, channel_id, slug, name, provider, route_key) "
        "VALUES ({0}, '{1}', 'o', 'o', 1, 'o')",
        tenant.id.value,
        tenant.other_channel
    ));
    fixture.Sql(fmt::format(
        "INSERT INTO agents (tenant_id, agent_id, external_id, name, role) "
        "SELECT {0}, ('abababab-0000-7000-8000-' || lpad(n::text, 12, '0'))::uuid, n, n, 1 "
        "FROM generate_series(1, 3) n",
        tenant.id.value
    ));
    fixture.Sql(fmt::format(
        "INSERT INTO channel_members (tenant_id, channel_id, agent_id) "
        "SELECT tenant_id, '{}', agent_id FROM agents WHERE external_id <> '3'",
        tenant.other_channel
    ));
}

struct Condition {
    const char* name;
    std::function<void(ConversationFilter&)> ask;
    std::function<bool(int)> holds;
};

std::vector<Condition> ConditionsOf(const TestTenant& tenant) {
    const auto statuses = [](std::vector<v1::ConversationStatus> all) {
        return Condition{
            "statuses",
            [all](auto& filter) { filter.statuses = all; },
            [all](int n) { return std::count(all.begin(), all.end(), StatusOf(n)) > 0; }};
    };
    const auto channel = IdOf<ChannelId>(tenant.channel);
    const auto other = IdOf<ChannelId>(tenant.other_channel);
    return {
        {"nothing", [](auto&) {}, [](int) { return true; }},
        statuses({v1::CONVERSATION_STATUS_OPEN, v1::CONVERSATION_STATUS_SNOOZED}),
        statuses({v1::CONVERSATION_STATUS_CLOSED}),
        statuses({v1::CONVERSATION_STATUS_PENDING, v1::CONVERSATION_STATUS_CLOSED}),
        {"channel",
         [other](auto& filter) {
             filter.channels = {other, other};
         },
         [](int n) { return n % 5 == 0; }},
        {"channels",
         [=](auto& filter) {
             filter.channels = {other, channel, ChannelId{}};
         },
         [](int) { return true; }},
        {"unread", [](auto& filter) { filter.unread = true; }, [](int n) { return n % 4 != 0; }},
        {"waiting", [](auto& filter) { filter.waiting = true; }, Waits},
        {"assignee",
         [](auto& filter) { filter.assignee = Agent(1); },
         [](int n) { return n % 3 == 1; }},
        {"nobody's",
         [](auto& filter) { filter.unassigned = true; },
         [](int n) { return n % 3 == 0; }},
        {"team",
         [](auto& filter) { filter.team = IdOf<TeamId>(Numbered("bcbcbcbc", 2)); },
         [](int n) { return n % 4 == 2; }},
        {"labels",
         [](auto& filter) {
             filter.labels = {"late", "never"};
         },
         [](int n) { return n % 5 == 1 || n % 5 == 2; }},
        {"priorities",
         [](auto& filter) {
             filter.priorities = {v1::PRIORITY_UNSPECIFIED, v1::PRIORITY_HIGH};
         },
         [](int n) { return n % 5 == 0 || n % 5 == 3; }}};
}

// The numbers of all pages, one after the other.
std::vector<std::string> Walk(
    pg::Pool& pool,
    const TestTenant& tenant,
    const store::Viewer& viewer,
    store::ConversationQuery query
) {
    std::vector<std::string> ids;
    for (int page_count = 0; page_count < 500; ++page_count) {
        const auto page =
            store::ListConversations(pool, tenant.id, viewer, query, SteadyTime::max());
        REQUIRE_OK(page);
        CHECK(page->conversations.size() <= static_cast<std::size_t>(query.count_max));
        for (const auto& conversation : page->conversations) ids.push_back(conversation.id());
        if (!page->next) return ids;
        query.after = page->next;
    }
    FAIL("the walk does not end");
    return ids;
}

}  // namespace

TEST_CASE("Filters: any two of them, in any order, for whoever looks", "[pg][gateway]") {
    GatewayFixture fixture;
    const auto tenant = fixture.AddTenant("filters");
    Fill(fixture, tenant);
    obs::Metrics metrics;
    const auto pool = pg::Pool::Create(fixture.settings("ub_gateway"), metrics).value();
    const auto conditions = ConditionsOf(tenant);
    for (const Condition& one : conditions) {
        for (const Condition& two : conditions) {
            store::ConversationQuery query;
            one.ask(query.filter);
            const bool live_alone = query.filter.statuses.empty();
            two.ask(query.filter);
            if (!live_alone && std::string(two.name) == "statuses") continue;
            const bool are_channels = std::string(one.name).starts_with("channel") &&
                                      std::string(two.name).starts_with("channel");
            if (are_channels && one.name != two.name) continue;  // The same set.
            const bool is_live = query.filter.statuses.empty();
            query.count_max = 7;
            for (const auto order :
                 {ConversationOrder::kLatestActivity, ConversationOrder::kLongestWaiting}) {
                const bool by_waiting = order == ConversationOrder::kLongestWaiting;
                for (const int member : {0, 1, 3}) {
                    INFO(one.name << " and " << two.name << ' ' << by_waiting << ' ' << member);
                    std::vector<std::string> expected;
                    for (int n = kCount; n >= 1; --n) {
                        if (!one.holds(n) || !two.holds(n) || (is_live && IsClosed(n))) continue;
                        if (by_waiting && !Waits(n)) continue;
                        if (member == 3 || (member == 1 && n % 5 != 0)) continue;
                        expected.push_back(GatewayFixture::ConversationUuid(tenant, n));
                    }
                    query.order = order;
                    store::Viewer viewer;
                    if (member != 0) viewer.member = Agent(member);
                    for (const int scan_count_max : {8, 5'000}) {
                        query.scan_count_max = scan_count_max;
                        CHECK(Walk(*pool, tenant, viewer, query) == expected);
                    }
                }
            }
        }
    }
}

TEST_CASE("Filters: a page looks at no more rows than it may", "[pg][gateway]") {
    GatewayFixture fixture;
    const auto tenant = fixture.AddTenant("bounded");
    Fill(fixture, tenant);
    obs::Metrics metrics;
    const auto pool = pg::Pool::Create(fixture.settings("ub_gateway"), metrics).value();
    store::ConversationQuery query;
    query.filter.labels = {"nothing has it"};
    query.count_max = 10;
    query.scan_count_max = 20;
    std::size_t page_count = 0;
    do {
        const auto page = store::ListConversations(*pool, tenant.id, {}, query, SteadyTime::max());
        REQUIRE_OK(page);
        CHECK(page->conversations.empty());
        query.after = page->next;
        ++page_count;
    } while (query.after);
    CHECK(page_count == 6);  // 110 live conversations.
}

TEST_CASE("Filters: over both transports, and what is wrong is named", "[pg][gateway]") {
    GatewayFixture fixture;
    const auto tenant = fixture.AddTenant("asked");
    Fill(fixture, tenant);
    const std::string list = "/v1/conversations?pageSize=100&";
    const auto count_of = [&](const std::string& query) {
        const auto response = fixture.Get(list + query, tenant.key);
        INFO(query << ' ' << response.body);
        CHECK(response.status == 200);
        std::size_t count = 0;
        for (std::size_t at = 0;
             (at = response.body.find("\"threadKey\"", at)) != std::string::npos;
             ++at) {
            ++count;
        }
        return static_cast<int>(count);
    };
    const auto expected = [](const std::function<bool(int)>& holds) {
        int count = 0;
        for (int n = 1; n <= kCount; ++n) count += holds(n) ? 1 : 0;
        return count;
    };
    const auto live = [&](const std::function<bool(int)>& holds) {
        return expected([&](int n) { return !IsClosed(n) && holds(n); });
    };
    CHECK(count_of("assignee=" + Agent(1).ToString()) == live([](int n) { return n % 3 == 1; }));
    CHECK(count_of("assignee=none") == live([](int n) { return n % 3 == 0; }));
    CHECK(count_of("teamId=" + Numbered("bcbcbcbc", 2)) == live([](int n) { return n % 4 == 2; }));
    CHECK(count_of("labels=late&labels=x") == live([](int n) { return n % 5 == 1 || n % 5 == 2; }));
    CHECK(count_of("priorities=PRIORITY_HIGH&priorities=0") == live([](int n) {
              return n % 5 == 3 || n % 5 == 0;
          }));
    CHECK(count_of("statuses=CONVERSATION_STATUS_OPEN&statuses=4") == expected([](int n) {
              return StatusOf(n) == 1 || StatusOf(n) == 4;
          }));
    CHECK(count_of("channelIds=" + tenant.other_channel) == live([](int n) { return n % 5 == 0; }));
    CHECK(count_of("waiting=true") == expected(Waits));
    CHECK(count_of("orderBy=CONVERSATION_ORDER_LONGEST_WAITING") == expected(Waits));

    struct Wrong {
        std::string query;
        std::string field;
    };
    const std::vector<Wrong> wrongs = {
        {"assignee=me", "assignee"},  // An API key is no agent.
        {"assignee=x", "assignee"},
        {"teamId=x", "team_id"},
        {"labels=", "labels"},
        {"labels=a%00b", "labels"},
        {"labels=" + std::string(65, 'x'), "labels"},
        {"statuses=0", "statuses"},
        {"statuses=9", "statuses"},
        {"priorities=9", "priorities"},
        {"orderBy=9", "order_by"},
        {"channelIds=x", "channel_ids"},
        {"status=1&statuses=2", "status"},
        {"channelId=" + tenant.channel + "&channelIds=" + tenant.channel, "channel_id"}};
    for (const Wrong& wrong : wrongs) {
        const auto response = fixture.Get(list + wrong.query, tenant.key);
        INFO(wrong.query << ' ' << response.body);
        CHECK(response.status == 400);
        CHECK(response.body.find("\"field\":\"" + wrong.field + "\"") != std::string::npos);
    }
}

TEST_CASE("Filters: a page token belongs to its filter and its order", "[pg][gateway]") {
    GatewayFixture fixture;
    const auto tenant = fixture.AddTenant("bound");
    Fill(fixture, tenant);
    const auto ask = [&](const v1::ListConversationsRequest& request) {
        v1::ListConversationsResponse response;
        const auto context = GatewayFixture::Context(tenant.key);
        const auto status = fixture.stub().ListConversations(context.get(), request, &response);
        return std::pair(rpc::FromGrpc(status), response.next_page_token());
    };
    using Request = v1::ListConversationsRequest;
    const std::vector<std::function<void(Request&)>> lists = {
        [](Request&) {},
        [](Request& request) { request.set_assignee("none"); },
        [](Request& request) { request.set_assignee(Agent(1).ToString()); },
        [](Request& request) { request.set_team_id(Numbered("bcbcbcbc", 2)); },
        [](Request& request) { request.add_labels("late"); },
        [](Request& request) { request.add_priorities(v1::PRIORITY_HIGH); },
        [](Request& request) { request.add_statuses(v1::CONVERSATION_STATUS_OPEN); },
        [&](Request& request) { request.add_channel_ids(tenant.channel); },
        [](Request& request) { request.set_unread(true); },
        [](Request& request) { request.set_waiting(true); },
        [](Request& request) { request.set_order_by(v1::CONVERSATION_ORDER_LONGEST_WAITING); }};
    for (std::size_t made = 0; made < lists.size(); ++made) {
        Request request;
        lists[made](request);
        request.set_page_size(1);
        const auto [status, token] = ask(request);
        REQUIRE_OK(status);
        REQUIRE_FALSE(token.empty());
        for (std::size_t used = 0; used < lists.size(); ++used) {
            INFO(made << " at " << used);
            Request next;
            lists[used](next);
            next.set_page_token(token);
            const Status answer = ask(next).first;
            CHECK(answer.ok() == (made == used));
            if (made != used) CHECK(answer.field() == "page_token");
        }
    }
}
