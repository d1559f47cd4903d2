// Search is kept up behind the writer: by the service as it runs, and over the death of the one
// that indexes.
#include "support/eventually.hpp"
#include "support/status_matchers.hpp"
#include "writer_fixture.hpp"

#include <catch2/catch.hpp>

#include <csignal>

namespace unibox::test {
namespace {

using std::chrono::seconds;

std::vector<event::v1::InboundEvent> Messages(int count) {
    std::vector<event::v1::InboundEvent> events;
    for (int i = 0; i < count; ++i) {
        events.push_back(AMessage().From("contact" + std::to_string(i % 10)).Build());
    }
    return events;
}

bool AllIndexed(WriterFixture& stack) {
    return Eventually(seconds(60), [&] {
        return stack.Count("SELECT count(*) FROM search_pending") == 0 &&
               stack.Count("SELECT count(*) FROM message_search") ==
                   stack.Count("SELECT count(*) FROM messages WHERE body <> ''");
    });
}

TEST_CASE("Search index: the writer's messages and contacts become searchable", "[nats]") {
    WriterFixture stack;
    stack.config.search_index.interval_ms = 20;
    stack.StartWriter("one");
    stack.StartWriter("two");
    stack.Publish(Messages(300));
    REQUIRE(stack.AllCommitted());
    REQUIRE(AllIndexed(stack));
    CHECK(stack.Count("SELECT count(*) FROM messages WHERE body <> ''") == 300);
    CHECK(stack.Count("SELECT count(*) FROM contact_search") == 10);
    CHECK(Eventually(seconds(20), [&] {
        return stack.Ask("SELECT month::text FROM search_walk") == "-infinity";
    }));
}

TEST_CASE("Search index: switched off, what is new waits", "[nats]") {
    WriterFixture stack;
    stack.config.search_index.enabled = false;
    stack.StartWriter("off");
    stack.Publish(Messages(50));
    REQUIRE(stack.AllCommitted());
    CHECK(Eventually(seconds(20), [&] {
        return stack.registry.Render().find("unibox_writer_search_pending 0\n") ==
                   std::string::npos &&
               stack.registry.Render().find("unibox_writer_search_walking 1\n") !=
                   std::string::npos;
    }));
    CHECK(stack.Count("SELECT count(*) FROM message_search") == 0);
    stack.config.search_index.enabled = true;
    stack.StartWriter("on");
    CHECK(AllIndexed(stack));
}

// One after the other is killed while it indexes, wherever it is; the last one finishes.
TEST_CASE("Search index: kill -9 of the one that indexes loses nothing", "[nats]") {
    WriterFixture stack;
    stack.config.search_index.enabled = false;
    stack.StartWriter("writes");
    for (int i = 0; i < 40; ++i) {
        stack.Publish(Messages(10));
        REQUIRE(stack.AllCommitted());
    }
    std::int64_t before = stack.Count("SELECT count(*) FROM search_pending");
    REQUIRE(before > 10);
    const std::map<std::string, std::string> slowly = {
        {"UNIBOX_SEARCH_INDEX_BATCH_COUNT_MAX", "1"},
        {"UNIBOX_SEARCH_INDEX_BUSY_PERCENT", "5"},
        {"UNIBOX_SEARCH_INDEX_INTERVAL_MS", "10"}};
    for (int death = 0; death < 3; ++death) {
        const auto indexer = stack.StartProcess("killed-" + std::to_string(death), "", slowly);
        REQUIRE(Eventually(seconds(60), [&] {
            return stack.Count("SELECT count(*) FROM search_pending") < before;
        }));
        indexer->Kill9();
        before = stack.Count("SELECT count(*) FROM search_pending");
    }
    CHECK(before > 0);
    stack.config.search_index.enabled = true;
    stack.StartWriter("finishes");
    CHECK(AllIndexed(stack));
    CHECK(stack.Count("SELECT count(*) FROM message_search") == 400);
}

}  // namespace
}  // namespace unibox::test
