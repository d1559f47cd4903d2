// The feed's stream is made anew or comes back older under living writers: the first event of the
// new history carries a new epoch.
#include "store/admin/restored.hpp"
#include "store/streams/feed.hpp"
#include "subjects/subjects.hpp"
#include "support/eventually.hpp"
#include "support/status_matchers.hpp"
#include "writer_fixture.hpp"

#include <set>

namespace unibox::test {
namespace {

using std::chrono::seconds;

std::vector<event::v1::InboundEvent> Some(int count) {
    std::vector<event::v1::InboundEvent> events;
    for (int i = 0; i < count; ++i) {
        events.push_back(AMessage().From("contact-" + std::to_string(i % 10)).Build());
    }
    return events;
}

// The epochs of the events that the stream holds from `from` on.
std::set<std::string> EpochsFrom(WriterFixture& stack, std::uint64_t from) {
    const auto info = stack.streams().Info(subjects::kEvStream);
    REQUIRE_OK(info);
    REQUIRE(info->last_seq >= from);
    std::set<std::string> epochs;
    for (std::uint64_t sequence = from; sequence <= info->last_seq; ++sequence) {
        const auto message = stack.streams().Get(subjects::kEvStream, sequence);
        REQUIRE_OK(message);
        event::v1::FeedEvent event;
        REQUIRE(event.ParseFromString(message->payload));
        epochs.insert(event.feed_epoch());
    }
    return epochs;
}

std::string Epoch(WriterFixture& stack) {
    const auto feed = store::GetFeed(stack.pool());
    REQUIRE_OK(feed);
    return feed->epoch.ToBytes();
}

void Write(WriterFixture& stack, int count) {
    stack.Publish(Some(count));
    REQUIRE(stack.AllCommitted());
    REQUIRE(stack.AllPublished());
}

double EpochsBegun(WriterFixture& stack) {
    return stack.registry.GetCounter("unibox_writer_feed_epochs_total", "").Get();
}

TEST_CASE("Feed history: a stream made anew begins with a new epoch", "[nats]") {
    WriterFixture stack;
    stack.StartWriter("one");
    stack.StartWriter("two");
    Write(stack, 40);
    const std::string before = Epoch(stack);
    CHECK(EpochsFrom(stack, 1) == std::set{before});
    REQUIRE_OK(stack.streams().Delete(subjects::kEvStream));
    stack.EnsureStreams();
    Write(stack, 40);
    CHECK(Epoch(stack) != before);
    CHECK(EpochsFrom(stack, 1) == std::set{Epoch(stack)});
    CHECK(EpochsBegun(stack) == 1);
}

TEST_CASE("Feed history: a stream made anew in the middle of a load", "[nats]") {
    WriterFixture stack;
    stack.StartWriter("one");
    stack.StartWriter("two");
    Write(stack, 20);
    const std::string before = Epoch(stack);
    stack.Publish(Some(400));
    REQUIRE_OK(stack.streams().Delete(subjects::kEvStream));
    stack.Publish(Some(400));
    REQUIRE(Eventually(seconds(30), [&] { return stack.Count("SELECT count(*) FROM outbox") > 0; })
    );
    stack.EnsureStreams();
    Write(stack, 400);
    CHECK(Epoch(stack) != before);
    CHECK(EpochsFrom(stack, 1) == std::set{Epoch(stack)});
    CHECK(EpochsBegun(stack) == 1);
}

TEST_CASE("Feed history: a stream that lost its tail goes on with a new epoch", "[nats]") {
    WriterFixture stack;
    stack.StartWriter("one");
    stack.StartWriter("two");
    Write(stack, 20);
    const std::string before = Epoch(stack);
    stack.CopyLog();
    Write(stack, 30);
    CHECK(Epoch(stack) == before);  // A server that only was away is no other history.
    stack.LogGoesBack();
    const std::uint64_t kept = stack.streams().Info(subjects::kEvStream)->last_seq;
    stack.published_count -= 30;
    stack.Publish(Some(60));  // More than were lost.
    const auto messages = [&] { return stack.Count("SELECT count(*) FROM messages"); };
    REQUIRE(Eventually(seconds(30), [&] { return messages() == 110; }));
    REQUIRE(stack.AllPublished());
    CHECK(Epoch(stack) != before);
    CHECK(EpochsFrom(stack, kept + 1) == std::set{Epoch(stack)});
    CHECK(EpochsBegun(stack) == 1);
}

TEST_CASE("Feed history: the next writer knows the end that the last one knew", "[nats]") {
    WriterFixture stack;
    stack.StartWriter("one");
    Write(stack, 20);
    const std::string before = Epoch(stack);
    stack.CopyLog();
    Write(stack, 30);
    stack.StopWriter(0);
    stack.LogGoesBack();
    const std::uint64_t kept = stack.streams().Info(subjects::kEvStream)->last_seq;
    stack.published_count -= 30;
    stack.Publish(Some(60));
    stack.StartWriter("two");
    const auto messages = [&] { return stack.Count("SELECT count(*) FROM messages"); };
    REQUIRE(Eventually(seconds(30), [&] { return messages() == 110; }));
    REQUIRE(stack.AllPublished());
    CHECK(Epoch(stack) != before);
    CHECK(EpochsFrom(stack, kept + 1) == std::set{Epoch(stack)});
}

TEST_CASE("Feed history: an epoch that an operator begins is the next event's", "[nats]") {
    WriterFixture stack;
    stack.StartWriter("one");
    Write(stack, 10);
    const std::uint64_t end = stack.streams().Info(subjects::kEvStream)->last_seq;
    REQUIRE_OK(store::RenewFeedEpoch(stack.pool()));
    Write(stack, 10);
    CHECK(EpochsFrom(stack, end + 1) == std::set{Epoch(stack)});
    CHECK(EpochsBegun(stack) == 0);
}

}  // namespace
}  // namespace unibox::test
