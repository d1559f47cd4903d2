// What is counted in PostgreSQL is what a look at everything finds, after random webhooks and
// commands, before and after the keeper has folded it.
#include "committer_fixture.hpp"
#include "domain/inbound_event.hpp"
#include "store/admin/counts.hpp"
#include "store/admin/objects.hpp"
#include "store/writer/counts.hpp"
#include "support/command_builder.hpp"
#include "support/random_world.hpp"
#include "support/status_matchers.hpp"

#include <catch2/catch.hpp>

namespace unibox::test {
namespace {

constexpr std::uint64_t kFirstSeed = 900;
constexpr int kCaseCount = 4;

class Counted {
public:
    explicit Counted(std::uint64_t seed)
        : world_(seed, NowMs() / kDay * kDay - 20 * kDay),
          admin_(pg::Pool::Create(committer.database().settings("ub_admin"), metrics_).value()) {
        committer.Run(
            "INSERT INTO agents (tenant_id, agent_id, external_id, name, role) SELECT t, "
            "(repeat(lpad(to_hex(n), 2, '0'), 16))::uuid, n::text, 'agent', 3 "
            "FROM generate_series(7, 8) t, generate_series(1, 3) n;"
            "INSERT INTO teams (tenant_id, team_id, slug, name) SELECT t, "
            "(repeat(lpad(to_hex(n), 2, '0'), 16))::uuid, n::text, 'team' "
            "FROM generate_series(7, 8) t, generate_series(6, 7) n;"
            "INSERT INTO channels (tenant_id, channel_id, slug, name, provider, route_key) "
            "VALUES (7, '" +
            Channel{7, 1}.channel_id().ToString() + "', 'a', 'a', 1, 'a'), (7, '" +
            Channel{7, 2}.channel_id().ToString() + "', 'b', 'b', 4, 'b'), (8, '" +
            Channel{8, 1}.channel_id().ToString() + "', 'c', 'c', 2, 'c')"
        );
    }

    void Work(std::size_t length) {
        std::vector<event::v1::InboundEvent> batch;
        for (const Step& step : world_.Stream(length, false)) {
            if (!domain::Validate(step.event).ok()) continue;
            batch.push_back(step.event);
            if (!world_.OneIn(6)) continue;
            REQUIRE(committer.Write(batch));
            batch.clear();
            for (std::size_t i = world_.Below(5); i > 0; --i) Command();
        }
        REQUIRE(committer.Write(batch));
    }
    // "" or the first thing that is counted wrong.
    std::string WhatIsWrong() {
        for (const std::int64_t tenant : {7, 8}) {
            const auto recount = store::RecountInbox(*admin_, TenantId{tenant}, false);
            REQUIRE_OK(recount);
            if (!recount->differences.empty()) return "tallies of " + std::to_string(tenant);
            if (!recount->history.empty()) return "history of " + std::to_string(tenant);
        }
        return committer.Ask(kVolumesSql);
    }
    std::string Sums() { return committer.Ask(kSumsSql); }
    pg::Pool& admin() { return *admin_; }

    CommitterFixture committer;
    int done_count = 0;

private:
    // Messages and conversations by hour, channel and author, and the same as it was counted.
    static constexpr const char* kVolumesSql = R"sql(
SELECT string_agg(coalesce(f, c)::text, E'\n') FROM (
    SELECT tenant_id, hour, channel_id, agent, sum(begun) AS begun, sum(inbound) AS inbound,
           sum(of_agents) AS of_agents, sum(of_bots) AS of_bots, sum(others) AS others
    FROM (
        SELECT tenant_id, date_trunc('hour', created_at, 'UTC') AS hour, channel_id,
               '00000000-0000-0000-0000-000000000000'::uuid AS agent, 1 AS begun, 0 AS inbound,
               0 AS of_agents, 0 AS of_bots, 0 AS others
        FROM conversations
        UNION ALL
        SELECT tenant_id, date_trunc('hour', created_at, 'UTC'), channel_id,
               CASE WHEN author_kind = 1 THEN author_id
                    ELSE '00000000-0000-0000-0000-000000000000' END,
               0, (direction = 1)::int, (direction = 2 AND author_kind = 1)::int,
               (direction = 2 AND author_kind IN (2, 3))::int,
               (direction = 2 AND author_kind = 0)::int
        FROM messages WHERE direction IN (1, 2)) x
    GROUP BY 1, 2, 3, 4) f
FULL JOIN (
    SELECT tenant_id, starts_at AS hour, channel_id, agent_id AS agent,
           sum(begun_count) AS begun, sum(inbound_count) AS inbound,
           sum(agent_outbound_count) AS of_agents, sum(bot_outbound_count) AS of_bots,
           sum(other_outbound_count) AS others
    FROM inbox_volumes WHERE period = 1 GROUP BY 1, 2, 3, 4
    HAVING sum(begun_count + inbound_count + agent_outbound_count + bot_outbound_count
               + other_outbound_count) > 0) c
USING (tenant_id, hour, channel_id, agent)
WHERE (f.begun, f.inbound, f.of_agents, f.of_bots, f.others)
      IS DISTINCT FROM (c.begun, c.inbound, c.of_agents, c.of_bots, c.others))sql";
    // That no fold may change.
    static constexpr const char* kSumsSql = R"sql(
SELECT string_agg(line, E'\n' ORDER BY line) FROM (
    SELECT concat_ws(' ', tenant_id, channel_id, status, assignee_id, team_id,
               sum(conversation_count), sum(unread_count), sum(unread_message_count),
               sum(waiting_count)) AS line
    FROM conversation_tallies GROUP BY tenant_id, channel_id, status, assignee_id, team_id
    HAVING sum(conversation_count) <> 0
    UNION ALL
    SELECT concat_ws(' ', tenant_id, starts_at, channel_id, agent_id, sum(begun_count),
               sum(inbound_count), sum(agent_outbound_count), sum(bot_outbound_count),
               sum(other_outbound_count), sum(response_count), sum(response_ms),
               sum(first_response_count), sum(first_response_ms), sum(closed_count),
               sum(resolution_ms))
    FROM inbox_volumes WHERE period = 1 GROUP BY tenant_id, starts_at, channel_id, agent_id) x)sql";

    void Command() {
        const std::string id = committer.Ask(
            "SELECT tenant_id || ' ' || conversation_id FROM conversations "
            "ORDER BY md5(conversation_id::text || " +
            std::to_string(world_.Below(1'000'000)) + ") LIMIT 1"
        );
        if (id.empty()) return;
        const std::size_t blank = id.find(' ');
        CommandBuilder command(
            {TenantId{std::stoll(id.substr(0, blank))},
             ConversationId{Uuid::Parse(id.substr(blank + 1)).value()}}
        );
        Choose(command);
        if (world_.OneIn(2)) command.By(AnAgent(static_cast<std::uint8_t>(1 + world_.Below(3))));
        command.At(NowMs());
        // Some are refused, as it comes.
        done_count += committer.Do(command).status.ok() ? 1 : 0;
    }
    void Choose(CommandBuilder& command) {
        switch (world_.Below(8)) {
            case 0:
                command.Status(v1::CONVERSATION_STATUS_CLOSED, world_.OneIn(2) ? "note" : "");
                break;
            case 1:
                command.Status(v1::CONVERSATION_STATUS_OPEN);
                break;
            case 2:
                command.Status(v1::CONVERSATION_STATUS_PENDING);
                break;
            case 3:
                command.Read();
                break;
            case 4:
                command.Unread();
                break;
            case 5:
                command.Muted(world_.OneIn(2));
                break;
            case 6:
                command.Text("hello");
                break;
            default:
                command.Assign(
                    static_cast<std::uint8_t>(world_.Below(4)),
                    static_cast<std::uint8_t>(world_.OneIn(2) ? 0 : 6 + world_.Below(2))
                );
        }
    }

    World world_;
    obs::Metrics metrics_;
    std::unique_ptr<pg::Pool> admin_;
};

}  // namespace

TEST_CASE("Counts: are what a look at everything finds", "[pg][writer]") {
    int done_count = 0;
    for (int i = 0; i < kCaseCount; ++i) {
        const std::uint64_t seed = kFirstSeed + static_cast<std::uint64_t>(i);
        INFO("seed " << seed);
        Counted counted(seed);
        counted.committer.Own(3);
        counted.Work(60);
        CHECK(counted.WhatIsWrong() == "");
        const std::string before = counted.Sums();
        CHECK(before.size() > 200);
        CHECK(store::FoldCounts(counted.committer.pool(), 7).value() > 0);
        CHECK(counted.Sums() == before);
        while (store::FoldCounts(counted.committer.pool(), 50).value() > 0) continue;
        CHECK(counted.Sums() == before);
        CHECK(counted.WhatIsWrong() == "");
        CHECK(counted.committer.Count("SELECT count(*) FROM inbox_volumes WHERE shard <> 0") == 0);
        CHECK(
            counted.committer.Count("SELECT count(*) FROM conversation_tallies WHERE shard <> 0 OR "
                                    "conversation_count <= 0") == 0
        );
        // Of each period there is the same.
        CHECK(
            counted.committer.Count(
                "SELECT count(DISTINCT (n, m, r)) FROM (SELECT sum(begun_count) AS n, "
                "sum(inbound_count) AS m, sum(response_ms) AS r FROM inbox_volumes "
                "GROUP BY period) x"
            ) == 1
        );
        counted.Work(20);  // On top of what was folded.
        CHECK(counted.WhatIsWrong() == "");
        done_count += counted.done_count;
    }
    CHECK(done_count > 20);
}

TEST_CASE("Counts: what is wrong is found, told and repaired", "[pg][writer]") {
    Counted counted(kFirstSeed + 100);
    counted.Work(40);
    REQUIRE(counted.WhatIsWrong() == "");
    const std::string before = counted.Sums();
    counted.committer.Run(
        "UPDATE conversation_tallies SET conversation_count = conversation_count + 5, "
        "unread_count = unread_count - 1 WHERE tenant_id = 7;"
        "DELETE FROM inbox_volumes WHERE tenant_id = 7"
    );
    const auto found = store::RecountInbox(counted.admin(), TenantId{7}, false);
    REQUIRE_OK(found);
    REQUIRE_FALSE(found->differences.empty());
    REQUIRE_FALSE(found->history.empty());
    CHECK(found->differences[0].conversations_counted > found->differences[0].conversations_found);
    CHECK(found->history[0].inbound > 0);
    const auto repaired = store::RecountInbox(counted.admin(), TenantId{7}, true);
    REQUIRE_OK(repaired);
    CHECK(repaired->differences.size() == found->differences.size());
    const auto again = store::RecountInbox(counted.admin(), TenantId{7}, true);
    REQUIRE_OK(again);
    CHECK(again->differences.empty());
    CHECK(again->history.empty());
    counted.Work(20);
    const auto after = store::RecountInbox(counted.admin(), TenantId{7}, false);
    REQUIRE_OK(after);
    CHECK(after->differences.empty());
}

}  // namespace unibox::test
