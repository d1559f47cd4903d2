// Commands and webhooks at once, handed to the writer's threads without its API: so the thread
// sanitizer sees them.
#include "base/ids.hpp"
#include "message-writer/command_lanes.hpp"
#include "support/command_builder.hpp"
#include "support/eventually.hpp"
#include "writer_fixture.hpp"

#include <catch2/catch.hpp>

#include <algorithm>
#include <future>
#include <iterator>
#include <set>

namespace unibox::test {
namespace {

constexpr int kAgents = 4;
constexpr int kReplies = 25;  // of each agent

// What a writer of this test can be asked for besides the life of a service.
struct OpenWriter : WriterFixture {
    OpenWriter() {
        create_writer = [this](
                            const writer::Config& settings, const Clock& time, obs::Metrics& metrics
                        ) -> Result<std::unique_ptr<runtime::Service>> {
            UNIBOX_ASSIGN_OR_RETURN(
                std::shared_ptr<writer::Writing> made,
                writer::Writing::Create(settings, time, metrics)
            );
            writing = made.get();
            return std::make_unique<runtime::Service>(made, made->Parts());
        };
    }

    Status Do(const writer::v1::Command& command) const {
        std::promise<Status> answer;
        writing->commands().Submit({
            .command = command,
            .deadline = std::chrono::steady_clock::now() + std::chrono::seconds(60),
            .is_cancelled = {},
            .done = [&answer](const writer::CommandResult& result
                    ) { answer.set_value(result.status); },
        });
        return answer.get_future().get();
    }

    writer::Writing* writing = nullptr;
};

TEST_CASE("Writing: agents and customers at once, each message once", "[nats]") {
    OpenWriter inbox;
    inbox.Publish({AMessage().From("anna").WithText("hello?").Build()});
    inbox.StartWriter("one");
    REQUIRE(inbox.AllCommitted());
    const ConversationId conversation{
        Uuid::Parse(inbox.Ask("SELECT conversation_id FROM conversations")).value()};

    std::vector<std::vector<writer::v1::Command>> replies(kAgents);
    for (int i = 0; i < kAgents * kReplies; ++i) {
        const auto agent = static_cast<std::uint8_t>(i % kAgents);
        replies[agent].push_back(CommandBuilder({TenantId{1}, conversation})
                                     .By(AnAgent(agent + 1))
                                     .At(NowMs())
                                     .Text("reply " + std::to_string(i)));
    }
    std::vector<std::future<std::ptrdiff_t>> agents;
    for (const auto& of_agent : replies) {
        agents.push_back(std::async(std::launch::async, [&inbox, &of_agent] {
            return std::count_if(of_agent.begin(), of_agent.end(), [&](const auto& reply) {
                return inbox.Do(reply).ok();
            });
        }));
    }
    for (int i = 0; i < kReplies; ++i) {
        inbox.Publish({AMessage().From("anna").WithText("again " + std::to_string(i)).Build()});
    }
    for (auto& agent : agents) CHECK(agent.get() == kReplies);

    REQUIRE(inbox.AllCommitted());
    // The jobs of sending lie there until somebody sends.
    REQUIRE(Eventually(std::chrono::seconds(60), [&] {
        return inbox.Count("SELECT count(*) FROM outbox WHERE target = 1") == 0;
    }));
    CHECK(inbox.Count("SELECT count(*) FROM messages WHERE direction = 2") == kAgents * kReplies);
    CHECK(inbox.Count("SELECT count(*) FROM messages WHERE direction = 1") == 1 + kReplies);
    CHECK(inbox.Count("SELECT max(seq) FROM messages") == 1 + (kAgents + 1) * kReplies);
    // Every version is told; what agents did may come later than what customers wrote after it.
    std::set<std::int64_t> versions;
    for (const auto& event : inbox.Feed()) versions.insert(event.version());
    versions.erase(0);
    const auto last = inbox.Count("SELECT version FROM conversation_counters");
    CHECK(*versions.rbegin() == last);
    CHECK(std::ssize(versions) == last);
}

}  // namespace
}  // namespace unibox::test
