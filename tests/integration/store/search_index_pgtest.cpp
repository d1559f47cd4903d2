// The indexer: nothing is passed over, whatever happens when.
#include "search_fixture.hpp"

namespace unibox::store {
namespace {

using test::Eventually;
using test::SearchFixture;
using Texts = std::vector<std::string>;

TEST_CASE("Search index: what is written is found, in the words that it has now", "[pg][store]") {
    SearchFixture fixture;
    fixture.AddConversation(1, "Ana");
    fixture.Write(SearchFixture::InsertMessage(1, 1, "Where is my order?"));
    CHECK(fixture.Find("order").empty());
    CHECK(fixture.Index() == 2);  // The contact too.
    CHECK(fixture.Find("order") == Texts{"Where is my order?"});

    fixture.Write("UPDATE messages SET body = 'Where is my parcel?' WHERE seq = 1");
    CHECK(fixture.Index() == 1);
    CHECK(fixture.Find("order").empty());
    CHECK(fixture.Find("parcel") == Texts{"Where is my parcel?"});

    fixture.Write("UPDATE messages SET body = '', deleted_at = now() WHERE seq = 1");
    CHECK(fixture.Index() == 1);
    CHECK(fixture.Find("parcel").empty());
    CHECK(fixture.Number("SELECT count(*) FROM message_search") == 0);
    CHECK(fixture.Index() == 0);
    CHECK(fixture.Number("SELECT count(*) FROM search_pending") == 0);
}

TEST_CASE("Search index: what changes no text is no work", "[pg][store]") {
    SearchFixture fixture;
    fixture.AddConversation(1, "Ana");
    fixture.Write(SearchFixture::InsertMessage(1, 1, "Hello"));
    fixture.Write(SearchFixture::InsertMessage(1, 2, ""));  // A picture, say.
    fixture.Index();
    CHECK(fixture.Number("SELECT count(*) FROM message_search") == 1);
    fixture.Write("UPDATE messages SET delivery_state = 3, version = 2, body = body");
    fixture.Write("UPDATE contacts SET updated_at = now(), aliases = '{}', display_name = 'Ana'");
    CHECK(fixture.Number("SELECT count(*) FROM search_pending") == 0);
}

TEST_CASE("Search index: what is taken back and not indexed yet is not found", "[pg][store]") {
    SearchFixture fixture;
    fixture.AddConversation(1, "Ana");
    fixture.Write(SearchFixture::InsertMessage(1, 1, "secret"));
    fixture.Index();
    fixture.Write("UPDATE messages SET body = '', deleted_at = now()");
    CHECK(fixture.Find("secret").empty());
}

// A transaction that began earlier and commits later than one that is indexed already.
TEST_CASE("Search index: a late commit is not passed over", "[pg][store]") {
    SearchFixture fixture;
    fixture.AddConversation(1, "Ana");
    auto late = pg::SystemTx::Begin(fixture.writer(), pg::Access::kReadWrite).value();
    REQUIRE_OK(late.ExecuteUnprepared(SearchFixture::InsertMessage(1, 1, "late one")));
    fixture.Write(SearchFixture::InsertMessage(1, 2, "early one"));
    fixture.Index();
    CHECK(fixture.Find("one") == Texts{"early one"});
    REQUIRE_OK(late.Commit());
    CHECK(fixture.Index() == 1);
    CHECK(fixture.Find("one").size() == 2);
}

// An edit that is under way while the row of an older change of the same message is worked on.
TEST_CASE("Search index: the last change counts, in whatever order they come", "[pg][store]") {
    SearchFixture fixture;
    fixture.AddConversation(1, "Ana");
    fixture.Write(SearchFixture::InsertMessage(1, 1, "first"));
    auto edit = pg::SystemTx::Begin(fixture.writer(), pg::Access::kReadWrite).value();
    REQUIRE_OK(edit.ExecuteUnprepared("UPDATE messages SET body = 'second'"));
    fixture.Index();
    CHECK(fixture.Find("first") == Texts{"first"});
    REQUIRE_OK(edit.Commit());
    fixture.Index();
    CHECK(fixture.Find("first").empty());
    CHECK(fixture.Find("second") == Texts{"second"});
}

TEST_CASE("Search index: one session at a time, until its connection ends", "[pg][store]") {
    SearchFixture fixture;
    fixture.AddConversation(1, "Ana");
    fixture.Write(SearchFixture::InsertMessage(1, 1, "hello"));
    const SearchLimits one{.key_count_max = 1};
    REQUIRE(IndexChanged(fixture.session(), one)->held);
    const auto other = fixture.NewSession();
    auto step = IndexChanged(*other, one);
    REQUIRE_OK(step);
    CHECK_FALSE(step->held);
    CHECK_FALSE(IndexWalked(*other, one)->held);
    CHECK(fixture.Find("hello").empty());
    fixture.session().Disconnect();
    CHECK(Eventually(std::chrono::seconds(10), [&] {
        step = IndexChanged(*other, one);
        return step.ok() && step->held;
    }));
    CHECK(fixture.Find("hello") == Texts{"hello"});
}

// The backend is ended between batches, which the next one meets or not: what had not committed is
// still there to be done, and done once.
TEST_CASE("Search index: goes on where it was, whenever it is interrupted", "[pg][store]") {
    SearchFixture fixture;
    fixture.AddConversation(1, "Ana");
    for (int seq = 1; seq <= 40; ++seq) {
        fixture.Write(SearchFixture::InsertMessage(1, seq, "number " + std::to_string(seq)));
    }
    const SearchLimits few{.key_count_max = 3};
    const std::string kill =
        "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE usename = "
        "'ub_writer' AND datname = current_database()";
    int kills = 0;
    for (int round = 0; round < 1'000; ++round) {
        const auto step = IndexChanged(fixture.session(), few);
        if (step.ok() && step->held && !step->more) break;
        if (round % 4 != 1) continue;
        REQUIRE_OK(fixture.Owner(kill));
        ++kills;
    }
    CHECK(kills > 2);
    auto search = SearchFixture::For("number ");
    search.count_max = 100;
    CHECK(fixture.Find(search).size() == 40);
    CHECK(fixture.Number("SELECT count(*) FROM search_pending") == 0);
}

TEST_CASE("Search index: what was there before is walked through", "[pg][store]") {
    SearchFixture fixture;
    for (int i = 1; i <= 12; ++i) fixture.AddConversation(i, "Contact " + std::to_string(i));
    REQUIRE_OK(fixture.Owner("SELECT ub_make_partition('messages', now() - interval '100 days')"));
    for (int i = 1; i <= 12; ++i) {
        const std::string at = "date_trunc('second', now()) - interval '100 days'";
        fixture.Write(SearchFixture::InsertMessage(i, 1, "recent one"));
        fixture.Write(SearchFixture::InsertMessage(i, 2, "old one", at));
    }
    REQUIRE_OK(fixture.Owner("DELETE FROM search_pending"));
    const SearchLimits few{.key_count_max = 5};
    CHECK(fixture.Index() == 0);
    CHECK(ReadSearchLag(fixture.writer())->walking);
    CHECK(fixture.Walk(few) == 12 + 24);
    CHECK_FALSE(ReadSearchLag(fixture.writer())->walking);
    auto search = SearchFixture::For("one ");
    search.count_max = 100;
    CHECK(fixture.Find(search).size() == 24);
    CHECK(fixture.FindContacts("contact").size() == 12);
    CHECK(fixture.Walk(few) == 0);
}

TEST_CASE("Search index: what waits for too long is walked through instead", "[pg][store]") {
    SearchFixture fixture;
    fixture.Walk();
    fixture.AddConversation(1, "Ana");
    fixture.Write(SearchFixture::InsertMessage(1, 1, "hello"));
    CHECK(*ForgetOldSearchChanges(fixture.writer(), Millis(3'600'000)) == false);
    CHECK(ReadSearchLag(fixture.writer())->pending_count == 2);
    REQUIRE_OK(fixture.Owner("UPDATE search_pending SET made_at = now() - interval '8 days'"));
    CHECK(ReadSearchLag(fixture.writer())->lag > Millis(7LL * 24 * 3'600'000));
    CHECK(*ForgetOldSearchChanges(fixture.writer(), Millis(3'600'000)));
    CHECK(ReadSearchLag(fixture.writer())->pending_count == 0);
    CHECK(fixture.Walk() == 2);
    CHECK(fixture.Find("hello") == Texts{"hello"});
}

TEST_CASE("Search index: a message older than what is kept is left out", "[pg][store]") {
    SearchFixture fixture;
    REQUIRE_OK(fixture.Owner("SELECT ub_make_partition('messages', now() - interval '399 days')"));
    fixture.AddConversation(1, "Ana");
    const std::string at = "now() - interval '398 days'";
    fixture.Write(SearchFixture::InsertMessage(1, 1, "ancient", at));
    fixture.Write(SearchFixture::InsertMessage(1, 2, "recent"));
    fixture.Index();
    CHECK(fixture.Find("ancient").empty());
    CHECK(fixture.Find("recent") == Texts{"recent"});
}

}  // namespace
}  // namespace unibox::store
