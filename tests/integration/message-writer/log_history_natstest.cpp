// nats-server comes back with an older store, and new messages take the sequences of those that the
// writer has committed: nothing of the new history may be passed over.
#include "message-writer/keeper.hpp"
#include "subjects/subjects.hpp"
#include "support/eventually.hpp"
#include "support/status_matchers.hpp"
#include "support/tcp_gate.hpp"
#include "writer_fixture.hpp"

#include <algorithm>

namespace unibox::test {
namespace {

using std::chrono::seconds;

// A conversation of each of two partitions; what is said is said in both.
class TwoConversations {
public:
    explicit TwoConversations(WriterFixture& stack) : stack_(stack) {
        threads_.push_back("thread-0");
        const int first = PartitionOf("thread-0");
        for (int i = 1; threads_.size() < 2; ++i) {
            const std::string thread = "thread-" + std::to_string(i);
            if (PartitionOf(thread) != first) threads_.push_back(thread);
        }
    }

    void Say(const std::string& letter, int first, int last) {
        std::vector<event::v1::InboundEvent> events;
        for (int i = first; i <= last; ++i) {
            const std::string text = letter + std::to_string(i);
            for (const auto& thread : threads_) events.push_back(Event(thread, text));
        }
        stack_.Publish(events);
    }
    // What the messages of both say, in order; "different" if they differ.
    std::string Said() {
        const std::string said = SaidIn(threads_[0]);
        return SaidIn(threads_[1]) == said ? said : "different";
    }
    bool EndWith(const std::string& end) {
        return Eventually(seconds(30), [&] {
            return std::all_of(threads_.begin(), threads_.end(), [&](const auto& thread) {
                return SaidIn(thread).ends_with(end);
            });
        });
    }
    bool Become(const std::string& wanted) {
        return Eventually(seconds(30), [&] { return Said() == wanted; });
    }

private:
    std::string SaidIn(const std::string& thread) {
        return stack_.Ask(
            "SELECT string_agg(m.body, ' ' ORDER BY m.seq) FROM messages m JOIN conversations "
            "USING (tenant_id, conversation_id) WHERE thread_key = '" +
            thread + "'"
        );
    }
    static event::v1::InboundEvent Event(const std::string& thread, const std::string& text) {
        return AMessage(thread + text).InThread(thread).WithText(text).Build();
    }
    static int PartitionOf(const std::string& thread) {
        return PartitionOfEvent(Event(thread, "x"), WriterFixture::kPartitions);
    }

    WriterFixture& stack_;
    std::vector<std::string> threads_;
};

// Of the four messages that are written, only the first is in the log that can come back.
void ThreeAreNotInTheCopy(WriterFixture& stack, TwoConversations& both) {
    both.Say("A", 0, 0);
    REQUIRE(both.Become("A0"));
    stack.CopyLog();
    both.Say("A", 1, 3);
    REQUIRE(both.Become("A0 A1 A2 A3"));
}

double Behind(writer::WriterMetrics& metrics) {
    double messages = 0;
    for (int i = 0; i < WriterFixture::kPartitions; ++i) {
        messages += metrics.LagMessages(domain::ShardId::OfPartition(1, i)).Get();
    }
    return messages;
}

double Recreated(WriterFixture& stack) {
    return stack.registry.GetCounter("unibox_writer_streams_recreated_total", "").Get();
}

TEST_CASE("Log history: new messages took the numbers while the writer was away", "[nats]") {
    WriterFixture stack;
    TwoConversations both(stack);
    stack.StartWriter("one");
    ThreeAreNotInTheCopy(stack, both);
    stack.StopWriter(0);
    stack.LogGoesBack();
    both.Say("B", 4, 8);
    stack.StartWriter("two");
    CHECK(both.Become("A0 A1 A2 A3 B4 B5 B6 B7 B8"));
    CHECK(Recreated(stack) == 2);
    CHECK(
        stack.Count("SELECT count(*) FROM ingest_break WHERE committed_seq = 4 AND "
                    "committed_stored_at IS NOT NULL AND stream_last_seq = 6") == 2
    );
    CHECK(stack.Count("SELECT count(*) FROM dead_letter") == 0);
}

TEST_CASE("Log history: new messages took the numbers under a living writer", "[nats]") {
    WriterFixture stack;
    TwoConversations both(stack);
    stack.StartWriter("one");
    ThreeAreNotInTheCopy(stack, both);
    stack.LogGoesBack();
    both.Say("B", 4, 8);
    CHECK(both.Become("A0 A1 A2 A3 B4 B5 B6 B7 B8"));
    CHECK(Recreated(stack) == 2);
    both.Say("B", 9, 9);
    CHECK(both.Become("A0 A1 A2 A3 B4 B5 B6 B7 B8 B9"));
    CHECK(Recreated(stack) == 2);  // Once each.
}

TEST_CASE("Log history: exactly as many new messages as were lost", "[nats]") {
    WriterFixture stack;
    TwoConversations both(stack);
    stack.StartWriter("one");
    stack.CopyLog();
    both.Say("A", 0, 2);
    REQUIRE(both.Become("A0 A1 A2"));
    stack.LogGoesBack();
    both.Say("B", 3, 5);  // The stream ends where it ended before: no number tells.
    CHECK(both.Become("A0 A1 A2 B3 B4 B5"));
}

TEST_CASE("Log history: is read again from the last place that both share", "[nats]") {
    WriterFixture stack;
    stack.config.keeper.interval_ms = 100;
    stack.config.keeper.keep_committed_ms = 2'000;  // A checkpoint each 200 ms.
    TwoConversations both(stack);
    stack.StartWriter("one");
    both.Say("A", 0, 1);
    REQUIRE(both.Become("A0 A1"));
    const std::string known =
        "SELECT count(DISTINCT partition) FROM ingest_checkpoint WHERE last_seq = 2 AND "
        "msg_id IS NOT NULL";
    REQUIRE(Eventually(seconds(30), [&] { return stack.Count(known) == 2; }));
    stack.CopyLog();
    both.Say("A", 2, 3);
    REQUIRE(both.Become("A0 A1 A2 A3"));
    stack.LogGoesBack();
    both.Say("B", 4, 8);
    CHECK(both.Become("A0 A1 A2 A3 B4 B5 B6 B7 B8"));
    CHECK(stack.Count("SELECT count(*) FROM ingest_break WHERE common_seq = 2") == 2);
}

TEST_CASE("Log history: what a stream lost before it was written is counted", "[nats]") {
    PgServer server;
    WriterFixture stack(server);
    TwoConversations both(stack);
    stack.StartWriter("one");
    both.Say("A", 0, 1);
    REQUIRE(both.Become("A0 A1"));
    stack.CopyLog();
    writer::WriterMetrics metrics(stack.registry);
    REQUIRE(Eventually(seconds(30), [&] { return Behind(metrics) == 0; }));
    server.Stop();
    both.Say("A", 2, 2001);
    REQUIRE(Eventually(seconds(30), [&] { return Behind(metrics) == 4'000; }));
    stack.LogGoesBack();
    // Some are in the writer's hands and will be written, more of one conversation than of the
    // other; what has vanished is counted.
    CHECK(Eventually(seconds(30), [&] { return metrics.lost_events.Get() == 4'000; }));
    server.Start();
    both.Say("B", 1, 3);
    CHECK(both.EndWith(" B1 B2 B3"));
    CHECK(metrics.lost_events.Get() == 4'000);  // Once, whoever found it.
}

TEST_CASE("Log history: new messages do not hide how many were lost", "[nats]") {
    PgServer server;
    WriterFixture stack(server);
    TcpGate gate(stack.nats().port());
    stack.config.nats.url = "nats://127.0.0.1:" + std::to_string(gate.port());
    TwoConversations both(stack);
    stack.StartWriter("one");
    both.Say("A", 0, 1);
    REQUIRE(both.Become("A0 A1"));
    writer::WriterMetrics metrics(stack.registry);
    stack.CopyLog();
    server.Stop();
    both.Say("A", 2, 301);
    REQUIRE(Eventually(seconds(30), [&] { return Behind(metrics) == 600; }));
    // The writer looks when more have come since than were lost.
    gate.SetMode(TcpGate::Mode::kRefuse);
    stack.LogGoesBack();
    both.Say("B", 1, 400);
    gate.SetMode(TcpGate::Mode::kPass);
    CHECK(Eventually(seconds(30), [&] { return metrics.lost_events.Get() == 600; }));
    server.Start();
    CHECK(both.EndWith(" B399 B400"));
    CHECK(metrics.lost_events.Get() == 600);
}

TEST_CASE("Log history: the keeper purges nothing of a history that nobody has read", "[nats]") {
    WriterFixture stack;
    stack.config.batch.lane_count = 1;
    TwoConversations both(stack);
    stack.StartWriter("one");
    stack.CopyLog();
    both.Say("A", 0, 3);
    REQUIRE(both.Become("A0 A1 A2 A3"));
    stack.StopWriter(0);
    stack.LogGoesBack();
    both.Say("B", 4, 8);
    // A keeper without a writer that reads: all of the log is committed long ago, by the numbers.
    stack.config.keeper.keep_committed_ms = 0;
    auto metrics = writer::WriterMetrics(stack.registry);
    auto keeper = writer::Keeper::Create(
        stack.config, stack.pool(), stack.connection(), metrics, SystemClock()
    );
    REQUIRE_OK(keeper);
    REQUIRE_OK((*keeper)->Round());
    REQUIRE_OK((*keeper)->Round());
    (*keeper)->Stop();
    stack.StartWriter("two");
    CHECK(both.Become("A0 A1 A2 A3 B4 B5 B6 B7 B8"));
}

}  // namespace
}  // namespace unibox::test
