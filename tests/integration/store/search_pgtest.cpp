// What a search finds, of whom, and how.
#include "search_fixture.hpp"
#include "support/plan_log.hpp"

namespace unibox::store {
namespace {

using test::SearchFixture;
using Texts = std::vector<std::string>;

constexpr SearchScope kAll{TenantId{SearchFixture::kTenant}};

std::string Ago(int days) {
    return fmt::format("date_trunc('second', now()) - interval '{} days'", days);
}

TEST_CASE("Search: words, phrases, beginnings, other scripts", "[pg][store]") {
    SearchFixture fixture;
    fixture.AddConversation(1, "Ana");
    const Texts bodies = {
        "My order is late",
        "Is late my order",
        "Bestellung verspätet",
        "我的订单在哪里",
        "أين طلبي؟",
        "thanks 🎉",
        "re-order please"};
    for (std::size_t i = 0; i < bodies.size(); ++i) {
        fixture.Write(SearchFixture::InsertMessage(1, static_cast<int>(i) + 1, bodies[i]));
    }
    fixture.Index();
    CHECK(fixture.Find("LATE order ").size() == 2);
    CHECK(fixture.Find("\"order is late\"") == Texts{bodies[0]});
    CHECK(fixture.Find("verspatet") == Texts{bodies[2]});
    CHECK(fixture.Find("bestell") == Texts{bodies[2]});
    CHECK(fixture.Find("bestell ").empty());
    CHECK(fixture.Find("订单") == Texts{bodies[3]});
    CHECK(fixture.Find("单") == Texts{bodies[3]});
    CHECK(fixture.Find("哪里") == Texts{bodies[3]});
    CHECK(fixture.Find("订在").empty());
    CHECK(fixture.Find("طلبي") == Texts{bodies[4]});
    CHECK(fixture.Find("🎉") == Texts{bodies[5]});
    CHECK(fixture.Find("re-order") == Texts{bodies[6]});
    CHECK(fixture.Find("late parcel").empty());
}

TEST_CASE("Search: a tenant finds its own, whatever it asks for", "[pg][store]") {
    SearchFixture fixture;
    for (const std::int64_t tenant : {7, 8}) {
        const auto body = "secret of " + std::to_string(tenant);
        fixture.AddConversation(1, "Ana", SearchFixture::kChannel, tenant);
        fixture.Write(
            SearchFixture::InsertMessage(1, 1, body, "now()", SearchFixture::kChannel, tenant)
        );
    }
    fixture.Index();
    for (const std::int64_t tenant : {7, 8}) {
        const SearchScope scope{TenantId{tenant}};
        CHECK(
            fixture.Find(SearchFixture::For("secret"), scope) ==
            Texts{"secret of " + std::to_string(tenant)}
        );
        CHECK(fixture.FindContacts("ana", scope).size() == 1);
    }
    CHECK(fixture.Find(SearchFixture::For("secret"), {TenantId{9}}).empty());
    CHECK(fixture.FindContacts("ana", {TenantId{9}}).empty());
    // The words of another tenant, asked of the function itself.
    const std::string forged =
        "SELECT * FROM ub_search_messages('''7.secret''', NULL, NULL, 0::smallint, NULL, false, "
        "'', NULL, now() + interval '1 hour', '00000000-0000-0000-0000-000000000000', 0, 10, 1000)";
    CHECK(fixture.Run("ub_gateway", forged, 7).value().size() == 1);
    CHECK(fixture.Run("ub_gateway", forged, 8).value().empty());
    CHECK(fixture.Run("ub_gateway", forged).value().empty());
    const std::string contacts =
        "SELECT * FROM ub_search_contacts('''7.ana''', '{ana}', NULL, NULL, '', "
        "'00000000-0000-0000-0000-000000000000', 10)";
    CHECK(fixture.Run("ub_gateway", contacts, 7).value().size() == 1);
    CHECK(fixture.Run("ub_gateway", contacts, 8).value().empty());
}

TEST_CASE("Search: a member finds what lies on its channels", "[pg][store]") {
    SearchFixture fixture;
    fixture.AddConversation(1, "Ana");
    fixture.AddConversation(2, "Ananda", SearchFixture::kOtherChannel);
    fixture.Write(SearchFixture::InsertMessage(1, 1, "hello here"));
    fixture.Write(
        SearchFixture::InsertMessage(2, 1, "hello there", "now()", SearchFixture::kOtherChannel)
    );
    REQUIRE_OK(fixture.Owner(fmt::format(
        "WITH c AS (INSERT INTO channels (tenant_id, channel_id, slug, name, provider, route_key) "
        "VALUES (7, '{0}', 'c', 'C', 2, '') RETURNING 1), a AS (INSERT INTO agents (tenant_id, "
        "agent_id, external_id, name, role) SELECT 7, '{1}', 'a', 'A', 1 FROM c RETURNING 1) "
        "SELECT * FROM a",
        SearchFixture::kChannel,
        SearchFixture::Contact(9)
    )));
    REQUIRE_OK(fixture.Owner(fmt::format(
        "INSERT INTO channel_members (tenant_id, channel_id, agent_id) VALUES (7, '{}', '{}')",
        SearchFixture::kChannel,
        SearchFixture::Contact(9)
    )));
    fixture.Index();
    SearchScope scope = kAll;
    CHECK(fixture.Find(SearchFixture::For("hello"), scope).size() == 2);
    CHECK(fixture.FindContacts("ana", scope).size() == 2);
    scope.member = AgentId{Uuid::Parse(SearchFixture::Contact(9)).value()};
    CHECK(fixture.Find(SearchFixture::For("hello"), scope) == Texts{"hello here"});
    CHECK(fixture.FindContacts("ana", scope) == Texts{"Ana"});
    scope.channel = ChannelId{Uuid::Parse(SearchFixture::kOtherChannel).value()};
    CHECK(fixture.Find(SearchFixture::For("hello"), scope).empty());
    CHECK(fixture.FindContacts("ana", scope).empty());
    scope.member = AgentId{};
    scope.channel = {};
    CHECK(fixture.Find(SearchFixture::For("hello"), scope).empty());
    CHECK(fixture.FindContacts("ana", scope).empty());
}

TEST_CASE("Search: filters look at the conversation as it is now", "[pg][store]") {
    SearchFixture fixture;
    for (int i = 1; i <= 4; ++i) {
        fixture.AddConversation(i, "Ana");
        fixture.Write(SearchFixture::InsertMessage(i, 1, "hello " + std::to_string(i), Ago(i)));
    }
    const std::string agent = SearchFixture::Contact(9);
    REQUIRE_OK(fixture.Owner(fmt::format(
        "UPDATE conversations SET assignee_id = '{}', labels = '{{vip,\"a b\"}}' "
        "WHERE conversation_id = '{}'",
        agent,
        SearchFixture::Conversation(2)
    )));
    REQUIRE_OK(fixture.Owner(fmt::format(
        "WITH n AS (UPDATE conversation_counters SET closed_at = date_trunc('day', now()) WHERE "
        "conversation_id = '{0}') UPDATE conversations SET status = 4, closed_at = "
        "date_trunc('day', now()) WHERE conversation_id = '{0}'",
        SearchFixture::Conversation(3)
    )));
    fixture.Index();
    const auto with = [&](const std::function<void(MessageSearch&)>& change) {
        MessageSearch search = SearchFixture::For("hello ");
        change(search);
        return fixture.Find(search);
    };
    using Search = MessageSearch;
    CHECK(with([](Search&) {}) == Texts{"hello 1", "hello 2", "hello 3", "hello 4"});
    CHECK(with([](Search& s) { s.status = v1::CONVERSATION_STATUS_CLOSED; }) == Texts{"hello 3"});
    CHECK(with([](Search& s) { s.status = v1::CONVERSATION_STATUS_OPEN; }).size() == 3);
    CHECK(with([&](Search& s) {
              s.assignee = AgentId{Uuid::Parse(agent).value()};
          }) == Texts{"hello 2"});
    CHECK(with([](Search& s) { s.unassigned = true; }).size() == 3);
    CHECK(with([](Search& s) { s.label = "a b"; }) == Texts{"hello 2"});
    CHECK(with([](Search& s) { s.label = "none"; }).empty());
    const std::int64_t now_ms = SystemClock().UnixMillis();
    const std::int64_t day_ms = 24LL * 3'600'000;
    CHECK(with([&](Search& s) {
              s.from_ms = now_ms - day_ms * 5 / 2;
          }) == Texts{"hello 1", "hello 2"});
    CHECK(with([&](Search& s) {
              s.until_ms = now_ms - day_ms * 5 / 2;
          }) == Texts{"hello 3", "hello 4"});
    CHECK(with([&](Search& s) { s.until_ms = 0; }).empty());
}

// Pages of every size show each message once, over weeks and months, also where several have the
// same time; with no time at all each page is partial and the walk comes to its end.
TEST_CASE("Search: pages show each once, in time or not", "[pg][store]") {
    SearchFixture fixture;
    REQUIRE_OK(
        fixture.Owner("SELECT ub_make_partition('messages', now() - n * interval '28 days') "
                      "FROM generate_series(1, 11) n")
    );
    Texts expected;
    for (int i = 1; i <= 5; ++i) {
        fixture.AddConversation(i, "Ana");
        for (int seq = 1; seq <= 6; ++seq) {
            const std::string at = Ago(seq * seq * 8 - 8);
            const std::string body = fmt::format("hello {} {}", i, seq);
            fixture.Write(SearchFixture::InsertMessage(i, seq, body, at));
            expected.push_back(body);
        }
    }
    fixture.Index();
    for (const auto& [count_max, time_max] : {std::pair{1, 1'000}, {4, 1'000}, {7, 0}, {30, 0}}) {
        CAPTURE(count_max, time_max);
        MessageSearch search = SearchFixture::For("hello ");
        search.count_max = count_max;
        search.time_max = Millis(time_max);
        std::vector<std::string> order;
        Texts found;
        bool any_partial = false;
        for (int round = 0; round < 200; ++round) {
            const FoundPage page = fixture.Page(search, kAll);
            any_partial = any_partial || page.partial;
            CHECK((page.partial || !page.next || std::cmp_equal(page.messages.size(), count_max)));
            for (const auto& message : page.messages) {
                found.push_back(message.snippet());
                order.push_back(fmt::format("{:020d}", message.create_time().seconds()));
            }
            if (!page.next) break;
            search.after = page.next;
        }
        CHECK(any_partial == (time_max == 0));
        CHECK(std::is_sorted(order.rbegin(), order.rend()));
        std::sort(found.begin(), found.end());
        CHECK(found == expected);
    }
}

TEST_CASE("Search: what is shown of a message", "[pg][store]") {
    SearchFixture fixture;
    fixture.AddConversation(1, "Ana");
    fixture.Write(SearchFixture::InsertMessage(1, 5, "Où est ma commande?"));
    fixture.Index();
    const FoundPage page = fixture.Page(SearchFixture::For("commande"), kAll);
    REQUIRE(page.messages.size() == 1);
    const v1::FoundMessage& found = page.messages[0];
    CHECK(found.conversation_id() == SearchFixture::Conversation(1));
    CHECK(found.seq() == 5);
    CHECK(found.channel_id() == SearchFixture::kChannel);
    CHECK(found.contact_id() == SearchFixture::Contact(1));
    CHECK(found.contact_name() == "Ana");
    CHECK(found.conversation_status() == v1::CONVERSATION_STATUS_OPEN);
    CHECK(found.direction() == v1::DIRECTION_INBOUND);
    CHECK(found.message_id().size() == 36);
    REQUIRE(found.matches_size() == 1);
    CHECK(found.matches(0).begin() == 10);
    CHECK(found.matches(0).end() == 18);
}

TEST_CASE("Search: contacts by any part of name and ids, in pages by name", "[pg][store]") {
    SearchFixture fixture;
    const Texts names = {"Zoë Müller", "ANA SILVA", "Joana", "王小明", ""};
    for (std::size_t i = 0; i < names.size(); ++i) {
        fixture.AddConversation(static_cast<int>(i) + 1, names[i]);
    }
    fixture.Index();
    CHECK(fixture.FindContacts("ana") == Texts{"ANA SILVA", "Joana"});
    CHECK(fixture.FindContacts("silv AN") == Texts{"ANA SILVA"});
    CHECK(fixture.FindContacts("mull") == Texts{"Zoë Müller"});
    CHECK(fixture.FindContacts("oe m") == Texts{"Zoë Müller"});
    CHECK(fixture.FindContacts("小明") == Texts{"王小明"});
    CHECK(fixture.FindContacts("明") == Texts{"王小明"});
    CHECK(fixture.FindContacts("351915") == Texts{""});
    CHECK(fixture.FindContacts("9").size() == 5);
    CHECK(fixture.FindContacts("anas").empty());
    CHECK(fixture.FindContacts("a_a").size() == 2);  // Two parts, and no pattern.

    ContactSearch search;
    search.words = search::ContactQueryOf(TenantId{7}, "3519").value();
    search.count_max = 2;
    Texts walked;
    for (int round = 0; round < 10; ++round) {
        const auto page = SearchContacts(
            fixture.gateway(), kAll, search, SystemClock().Steady() + Millis(20'000)
        );
        REQUIRE_OK(page);
        for (const auto& contact : page->contacts) walked.push_back(contact.display_name());
        if (!page->next) break;
        search.after = page->next;
    }
    CHECK(walked == Texts{"", "ANA SILVA", "Joana", "Zoë Müller", "王小明"});

    fixture.Write("UPDATE contacts SET display_name = 'Maria' WHERE display_name = 'Joana'");
    fixture.Index();
    CHECK(fixture.FindContacts("joana").empty());
    CHECK(fixture.FindContacts("maria") == Texts{"Maria"});
}

TEST_CASE("Search: a statement that takes too long is given up", "[pg][store]") {
    SearchFixture fixture;
    auto lock = pg::SystemTx::Begin(fixture.Pool("postgres"), pg::Access::kReadWrite).value();
    REQUIRE_OK(lock.ExecuteScript("LOCK TABLE message_search IN ACCESS EXCLUSIVE MODE"));
    const auto page = SearchMessages(
        fixture.gateway(), kAll, SearchFixture::For("hello"), SystemClock().Steady() + Millis(300)
    );
    CHECK_THAT(page.status(), test::HasCode(Code::kDeadlineExceeded));
}

// On a grown table: the words lead there, on few leaves, and nothing is read from end to end.
TEST_CASE("Search: plans go by the words", "[pg][store]") {
    auto options = test::PlanLog::ServerSettings();
    options.emplace_back("auto_explain.log_nested_statements = on");
    test::PgServer server(options);
    SearchFixture fixture(server);
    const auto grow = [&](const std::string& sql) { server.Run(fixture.database().name(), sql); };
    for (const int week : {0, 1, 2, 5, 9}) {
        const std::string at =
            fmt::format("date_trunc('week', now(), 'UTC') - interval '{} weeks'", week);
        grow("SELECT ub_make_partition('message_search', " + at + ")");
        grow(
            "INSERT INTO message_search SELECT 3 + n % 5, gen_random_uuid(), n, " + at +
            " + n * interval '1 second', gen_random_uuid(), format('''%s.w%s'':1 ''%s.all'':2', "
            "3 + n % 5, n % 997, 3 + n % 5)::tsvector FROM generate_series(1, 4000) n"
        );
    }
    grow(
        "INSERT INTO contact_search SELECT 3 + n % 5, gen_random_uuid(), gen_random_uuid(), "
        "'name' || n, format('''%s.n%s''', 3 + n % 5, n % 997)::tsvector "
        "FROM generate_series(1, 4000) n"
    );
    test::PlanLog log(server, "ub_gateway");
    const auto check = [&](const char* what, int scans) {
        // Before statistics and with them.
        CAPTURE(what);
        auto search = SearchFixture::For(what);
        search.count_max = 2;
        const auto plans = log.Of([&] { fixture.Page(search, kAll); });
        int indexes = 0;
        for (const std::string& plan : plans) {
            INFO(plan);
            CHECK(test::PlanLog::Executed(plan, "Seq Scan on message_search") == 0);
            CHECK(test::PlanLog::Executed(plan, "_pkey on message_search") == 0);
            indexes += test::PlanLog::Executed(plan, "_words_idx");
        }
        CHECK(indexes == scans);
    };
    for (int round = 0; round < 2; ++round) {
        check("all ", 1);   // The latest week has enough.
        check("none ", 5);  // All weeks that there are.
        const auto plans = log.Of([&] { fixture.FindContacts("n42 "); });
        int indexes = 0;
        for (const std::string& plan : plans) {
            INFO(plan);
            CHECK(test::PlanLog::Executed(plan, "Seq Scan on contact_search") == 0);
            CHECK(test::PlanLog::Executed(plan, "contact_search_pkey") == 0);
            indexes += test::PlanLog::Executed(plan, "contact_search_grams");
        }
        CHECK(indexes == 1);
        REQUIRE_OK(fixture.Owner("ANALYZE message_search"));
        REQUIRE_OK(fixture.Owner("ANALYZE contact_search"));
    }
}

}  // namespace
}  // namespace unibox::store
