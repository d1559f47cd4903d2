// Commands of people and programs, from the call to the row and the feed, with a real PostgreSQL
// and a real nats-server.
#include "message-writer/service.hpp"
#include "support/command_builder.hpp"
#include "support/eventually.hpp"
#include "support/status_matchers.hpp"
#include "writer_client.hpp"
#include "writer_fixture.hpp"

#include <catch2/catch.hpp>

#include <future>
#include <set>

namespace unibox::test {
namespace {

using std::chrono::seconds;

// A writer, and a customer who has written once.
struct Inbox : WriterFixture {
    Inbox() {
        create_writer = [](const writer::Config& settings, const Clock& time, obs::Metrics& metrics
                        ) { return writer::CreateService(settings, time, metrics); };
        Publish({AMessage().From("anna").WithText("hello?").Build()});
        first = StartWriter("one").address("grpc");
        REQUIRE(AllCommitted());
        conversation =
            ConversationId{Uuid::Parse(Ask("SELECT conversation_id FROM conversations")).value()};
    }
    std::int64_t Replies() { return Count("SELECT count(*) FROM messages WHERE direction = 2"); }

    // What agent 1 does in Anna's conversation.
    CommandBuilder Ana() const { return Ana({TenantId{1}, conversation}); }
    static CommandBuilder Ana(const domain::ConversationKey& where) {
        return CommandBuilder(where).By(AnAgent(1)).At(NowMs());
    }

    std::string first;  // address of the writer
    ConversationId conversation;
};

TEST_CASE("Commands: a reply is stored with its event, its job and its audit row", "[nats]") {
    Inbox inbox;
    const WriterClient client(inbox.first);
    const auto answer = client.Append(inbox.Ana().Text("hi Anna"));
    REQUIRE_OK(answer);
    CHECK(answer->message().text() == "hi Anna");
    CHECK(answer->message().seq() == 2);
    CHECK(answer->message().delivery_state() == v1::DELIVERY_STATE_QUEUED);
    CHECK(answer->message().author().name() == AnAgent(1).name());
    CHECK(answer->conversation().version() == 2);
    CHECK_FALSE(answer->conversation().has_waiting_since_time());
    CHECK(answer->consistency_token().find('/') != std::string::npos);
    CHECK(inbox.Replies() == 1);
    CHECK(inbox.Count("SELECT count(*) FROM command_audit WHERE action = 'append'") == 1);
    CHECK(inbox.Count("SELECT count(*) FROM outbox WHERE target <> 1") == 1);
    CHECK(Eventually(seconds(20), [&] {
        return inbox.Count("SELECT count(*) FROM outbox WHERE target = 1") == 0;
    }));
    CHECK(inbox.FeedGap() == "");
    CHECK(inbox.Feed().back().actor().name() == AnAgent(1).name());
}

TEST_CASE("Commands: other tenants' conversations and unknown ones are not there", "[nats]") {
    Inbox inbox;
    const WriterClient client(inbox.first);
    const ConversationId unknown{NewUuidV7(NowMs())};
    for (const domain::ConversationKey& key :
         {domain::ConversationKey{TenantId{1}, unknown},
          domain::ConversationKey{TenantId{2}, inbox.conversation}}) {
        const auto refused = client.Append(Inbox::Ana(key).Text("let me in"));
        CHECK_THAT(refused.status(), HasCode(Code::kNotFound));
        CHECK(refused.status().reason() == "CONVERSATION_NOT_FOUND");
    }
    CHECK(inbox.Replies() == 0);
}

TEST_CASE("Commands: a wrong version is told with the right one", "[nats]") {
    Inbox inbox;
    const WriterClient client(inbox.first);
    const auto refused = client.Apply(inbox.Ana().IfVersion(9).Labels({"vip"}));
    CHECK_THAT(refused.status(), HasCode(Code::kAborted));
    CHECK(refused.status().reason() == "VERSION_MISMATCH");
    CHECK(refused.status().metadata() == Status::Metadata{{"version", "1"}});
    REQUIRE_OK(client.Apply(inbox.Ana().IfVersion(1).Labels({"vip"})));
    CHECK(inbox.Ask("SELECT labels FROM conversations") == "{vip}");
}

TEST_CASE(
    "Commands: one request key is one message, however often and wherever it comes", "[nats]"
) {
    Inbox inbox;
    const std::string second = inbox.StartWriter("two").address("grpc");
    const writer::v1::Command request = inbox.Ana().Text("once").Key("k1");
    std::vector<std::future<std::set<std::string>>> callers;
    for (int i = 0; i < 10; ++i) {
        callers.push_back(std::async(std::launch::async, [&, i] {
            const WriterClient client(i % 2 == 0 ? inbox.first : second);
            std::set<std::string> answers;
            for (int again = 0; again < 3; ++again) {
                auto answer = client.Append(request);
                if (answer.ok()) answer->clear_consistency_token();
                answers.insert(
                    answer.ok() ? answer->SerializeAsString() : answer.status().ToString()
                );
            }
            return answers;
        }));
    }
    std::set<std::string> answers;
    for (auto& caller : callers) answers.merge(caller.get());
    REQUIRE(answers.size() == 1);
    CHECK(writer::v1::AppendResponse().ParseFromString(*answers.begin()));
    CHECK(inbox.Replies() == 1);
    const WriterClient client(inbox.first);
    const auto other = client.Append(inbox.Ana().Text("twice").Key("k1", "another"));
    CHECK_THAT(other.status(), HasCode(Code::kInvalidArgument));
    CHECK(other.status().reason() == "REQUEST_ID_REUSED");
    CHECK(other.status().field() == "request_id");
    CHECK(inbox.Replies() == 1);
}

TEST_CASE(
    "Commands: two writers, many callers, one conversation: no gap in seq or version", "[nats]"
) {
    Inbox inbox;
    const std::string second = inbox.StartWriter("two").address("grpc");
    constexpr int kCallers = 8;
    constexpr int kEach = 25;
    std::vector<std::future<Status>> callers;
    for (int i = 0; i < kCallers; ++i) {
        std::vector<writer::v1::Command> notes;
        for (int n = 0; n < kEach; ++n) notes.push_back(inbox.Ana().Note(std::to_string(n)));
        callers.push_back(std::async(std::launch::async, [&, i, notes] {
            const WriterClient client(i % 2 == 0 ? inbox.first : second);
            Status outcome;
            for (const writer::v1::Command& note : notes) {
                if (outcome.ok()) outcome = client.Append(note).status();
            }
            return outcome;
        }));
    }
    for (auto& caller : callers) REQUIRE_OK(caller.get());
    constexpr int kAll = kCallers * kEach;
    CHECK(inbox.Count("SELECT count(*) FROM messages WHERE kind = 4") == kAll);
    CHECK(inbox.Count("SELECT count(DISTINCT seq) FROM messages") == kAll + 1);
    CHECK(inbox.Count("SELECT max(version) FROM messages") == kAll + 1);
    CHECK(Eventually(seconds(30), [&] {
        return inbox.Count("SELECT count(*) FROM outbox WHERE target = 1") == 0;
    }));
    CHECK(inbox.Feed().size() == kAll + 1);
}

TEST_CASE("Commands: a snooze ends by itself, also under another writer", "[nats]") {
    Inbox inbox;
    const std::int64_t until = NowMs() + 1'500;
    {
        const WriterClient client(inbox.first);
        const auto snoozed = client.Apply(inbox.Ana().Snooze(until));
        REQUIRE_OK(snoozed);
        CHECK(snoozed->conversation().status() == v1::CONVERSATION_STATUS_SNOOZED);
    }
    inbox.StopWriter(0);
    inbox.StartWriter("two");
    CHECK(Eventually(seconds(30), [&] {
        return inbox.Ask("SELECT status FROM conversations") == "1";
    }));
    CHECK(NowMs() >= until);
    CHECK(inbox.Count("SELECT count(*) FROM snoozes") == 0);
    CHECK(inbox.Ask("SELECT actor_kind FROM command_audit ORDER BY at DESC LIMIT 1") == "3");
}

TEST_CASE("Commands: what a killed writer left in its slot is published by another", "[nats]") {
    Inbox inbox;
    inbox.StopWriter(0);
    const std::string address = "127.0.0.1:" + std::to_string(FreePort());
    const auto process =
        inbox.StartProcess("dying", "before_publish", {{"UNIBOX_GRPC_LISTEN", address}});
    Status last;
    const bool is_frozen = Eventually(seconds(30), [&] {
        const WriterClient client(address, Millis(1'000));
        last = client.Append(inbox.Ana().Note("left").Key("k")).status();
        return !last.ok() && WriterFixture::IsFrozen(*process);
    });
    CAPTURE(last, process->output());
    REQUIRE(is_frozen);
    process->Kill9();
    CHECK(inbox.Count("SELECT count(*) FROM outbox WHERE shard < 0") == 1);
    inbox.StartWriter("two");
    CHECK(Eventually(seconds(30), [&] {
        return inbox.Count("SELECT count(*) FROM outbox WHERE target = 1") == 0;
    }));
    CHECK(inbox.FeedGap() == "");
    CHECK(inbox.Count("SELECT count(*) FROM messages WHERE kind = 4") == 1);
}

}  // namespace
}  // namespace unibox::test
