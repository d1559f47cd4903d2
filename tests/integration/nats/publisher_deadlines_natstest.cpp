// What becomes of a message whose time ends. The time is the test's.
#include "publisher_fixture.hpp"
#include "support/fake_clock.hpp"

using namespace unibox;
using namespace unibox::test;
using nats::Outgoing;

TEST_CASE("Publisher: without a stream it tries until the deadline", "[nats]") {
    FakeClock clock;
    PublisherFixture nats({}, LogSpec(), {}, clock);
    Outgoing message = Message(1);
    message.subject = "nowhere";
    nats.publisher->Publish(message, clock.Steady() + 2s, nats.outcomes.Done(1));
    auto& resent = nats.metrics.GetCounter("unibox_nats_resent_total", "");
    // Whatever is sent after it is answered after it: by then it has been refused.
    REQUIRE_OK(nats.PublishAndWait(Message(2)));
    clock.Advance(1s);
    REQUIRE(Eventually(20s, [&] { return resent.Get() == 1; }));
    REQUIRE_OK(nats.PublishAndWait(Message(3)));
    CHECK(nats.outcomes.count() == 0);
    clock.Advance(1s);
    REQUIRE(nats.outcomes.WaitFor(1));
    CHECK_THAT(nats.outcomes.Of(1).at(0).status(), HasCode(Code::kUnavailable));
    CHECK(nats.outcomes.Of(1).at(0).status().reason() == "NO_STREAM");
}

TEST_CASE("Publisher: a stream that comes before the deadline gets the message", "[nats]") {
    PublisherFixture nats;
    Outgoing message = Message(1);
    message.subject = "late.x";
    message.expected_stream = "LATE";
    nats.publisher->Publish(message, In(10s), nats.outcomes.Done(1));
    auto& resent = nats.metrics.GetCounter("unibox_nats_resent_total", "");
    REQUIRE(Eventually(5s, [&] { return resent.Get() >= 1; }));
    nats::StreamSpec spec = LogSpec();
    spec.name = "LATE";
    spec.subjects = {"late.>"};
    REQUIRE_OK(nats.streams.Ensure(spec));
    REQUIRE(nats.outcomes.WaitFor(1));
    REQUIRE_OK(nats.outcomes.Of(1).at(0));
}

TEST_CASE("Publisher: an unanswered message ends with DEADLINE_EXCEEDED", "[nats]") {
    FakeClock clock;
    PublisherFixture nats({}, LogSpec(), {}, clock);
    nats.server.Pause();
    nats.publisher->Publish(Message(1), clock.Steady() + 200ms, nats.outcomes.Done(1));
    CHECK(nats.outcomes.count() == 0);
    clock.Advance(200ms);
    REQUIRE(nats.outcomes.WaitFor(1));
    CHECK_THAT(nats.outcomes.Of(1).at(0).status(), HasCode(Code::kDeadlineExceeded));
    nats.server.Resume();
    // It was stored after all: publishing it again is right, and harmless.
    const auto again = nats.PublishAndWait(Message(1));
    REQUIRE_OK(again);
    CHECK(again->duplicate);
}

TEST_CASE("Publisher: without a connection it waits for one until the deadline", "[nats]") {
    FakeClock clock;
    PublisherFixture nats({}, LogSpec(), {}, clock);
    nats.server.Kill9();
    REQUIRE(Eventually(20s, [&] { return !nats.connection->connected(); }));
    nats.publisher->Publish(Message(1), clock.Steady() + 150ms, nats.outcomes.Done(1));
    nats.publisher->Publish(Message(2), clock.Steady() + 60s, nats.outcomes.Done(2));
    clock.Advance(150ms);
    REQUIRE(nats.outcomes.WaitFor(1));
    CHECK_THAT(nats.outcomes.Of(1).at(0).status(), HasCode(Code::kUnavailable));
    CHECK(nats.outcomes.Of(1).at(0).status().reason() == "NOT_CONNECTED");
    nats.server.Start();
    REQUIRE(nats.outcomes.WaitFor(2));
    REQUIRE_OK(nats.outcomes.Of(2).at(0));
    CHECK(nats.outcomes.Of(2).at(0)->sequence == 1);
}
