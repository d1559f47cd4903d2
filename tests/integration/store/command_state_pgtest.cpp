// What commands read beside conversations: messages by seq, people, channels; and what they leave
// beside them.
#include "command_fixture.hpp"
#include "store/admin/people.hpp"
#include "store/inbox/conversation_audit.hpp"
#include "store/writer/snoozes.hpp"
#include "store/writer/upkeep.hpp"
#include "support/eventually.hpp"

namespace unibox::store {
namespace {

using test::CommandFixture;
using test::HasCode;
using test::kTenant;
using test::MakeId;

constexpr std::int64_t kDayMs = 24LL * 3600 * 1000;

domain::MessageWrite MessageAt(
    const domain::ConversationKey& key, std::int64_t seq, std::int64_t created_at
) {
    domain::MessageWrite write;
    write.tenant = key.tenant;
    write.position = {key.conversation, seq, created_at};
    write.created = true;
    write.row.id = MakeId<MessageId>(static_cast<int>(seq) + 100);
    write.row.channel = CommandFixture::channel();
    write.row.direction = v1::DIRECTION_OUTBOUND;
    write.row.kind = v1::MESSAGE_KIND_TEXT;
    write.row.body = "answer";
    write.row.payload = "payload " + std::to_string(seq);
    write.row.delivery_state = v1::DELIVERY_STATE_QUEUED;
    write.row.received_at = created_at;
    write.row.version = seq;
    write.row.author.set_kind(v1::ACTOR_KIND_AGENT);
    write.row.author.set_id(MakeId<AgentId>(3).ToString());
    write.row.author.set_name("Anna");
    return write;
}

// Messages 2 to `last`, a day apart from each other, the last one now.
void Append(CommandFixture& fixture, const domain::ConversationKey& key, std::int64_t last) {
    const auto at_of = [&](std::int64_t seq) { return fixture.now_ms - (last - seq) * kDayMs; };
    for (std::int64_t seq = 2; seq <= last; seq += 28) {  // A month may have no more days.
        REQUIRE_OK(EnsurePeriodFor(fixture.writer(), "messages", at_of(seq)));
    }
    const auto lane = fixture.Lane("appends");
    auto tx = lane->Begin().value();
    const auto state = lane->Read(tx, CommandFixture::PlanOf(key));
    REQUIRE_OK(state);
    domain::Effects effects;
    effects.conversations.push_back(CommandFixture::WriteOf(*state, key));
    domain::CounterRow& counters = effects.conversations[0].counters;
    counters.last_seq = last;
    counters.outbound_count = last - 1;
    counters.first_message_at = at_of(2);
    for (std::int64_t seq = 2; seq <= last; ++seq) {
        effects.messages.push_back(MessageAt(key, seq, at_of(seq)));
    }
    REQUIRE_OK(tx.Commit(effects, {}));
    REQUIRE_OK(ReleaseSlot(fixture.writer(), "appends", lane->slot));
}

TEST_CASE("Commands: messages are found by seq, with their contents and author", "[pg][store]") {
    CommandFixture fixture;
    const auto key = fixture.Seed(0);
    Append(fixture, key, 70);  // over three months
    const auto lane = fixture.Lane("a");
    auto tx = lane->Begin().value();
    domain::BatchPlan plan = CommandFixture::PlanOf(key);
    for (const std::int64_t seq : {70, 2, 71, 33}) plan.messages.push_back({key, seq});
    const auto state = lane->Read(tx, plan);
    REQUIRE_OK(state);
    REQUIRE(state->message_refs.size() == 3);
    CHECK_FALSE(state->message_refs.contains({key, 71}));
    for (const std::int64_t seq : {70, 2, 33}) {
        const domain::MessagePosition& at = state->message_refs.at({key, seq});
        CHECK(at.created_at == fixture.now_ms - (70 - seq) * kDayMs);
        const domain::MessageRow& row = state->messages.at({kTenant, at});
        CHECK(row.has_contents);
        CHECK(row.payload == "payload " + std::to_string(seq));
        CHECK(row.author.name() == "Anna");
        CHECK(row.author.id() == MakeId<AgentId>(3).ToString());
        CHECK(row.author.kind() == v1::ACTOR_KIND_AGENT);
    }
    // A change of the text leaves its author alone.
    domain::Effects effects;
    domain::MessageWrite edit = MessageAt(key, 2, state->message_refs.at({key, 2}).created_at);
    edit.created = false;
    edit.text_changed = true;
    edit.row.body = "better answer";
    edit.row.author.Clear();
    effects.messages.push_back(edit);
    REQUIRE_OK(tx.Commit(effects, {}));
    CHECK(
        fixture.Number("SELECT count(*) FROM messages WHERE body = 'better answer' AND "
                       "author_name = 'Anna' AND author_kind = 1") == 1
    );
}

TEST_CASE("Commands: contents of messages are read up to a limit, in their order", "[pg][store]") {
    CommandFixture fixture;
    const auto key = fixture.Seed(0);
    Append(fixture, key, 4);
    REQUIRE_OK(fixture.Owner("UPDATE messages SET payload = repeat('x', 9000000) WHERE seq > 1"));
    const auto lane = fixture.Lane("a");
    auto tx = lane->Begin().value();
    domain::BatchPlan plan = CommandFixture::PlanOf(key);
    for (const std::int64_t seq : {3, 2, 1}) plan.messages.push_back({key, seq});
    const auto state = lane->Read(tx, plan);
    REQUIRE_OK(state);
    const auto has_contents = [&](std::int64_t seq) {
        return state->messages.at({kTenant, state->message_refs.at({key, seq})}).has_contents;
    };
    CHECK(has_contents(3));
    CHECK_FALSE(has_contents(2));
    CHECK_FALSE(has_contents(1));
}

TEST_CASE("Commands: agents come with their channels, teams with whether they are", "[pg][store]") {
    CommandFixture fixture;
    const AgentSpec anna{"anna@idp", "Anna", "anna@example.com", v1::AGENT_ROLE_AGENT, false};
    const auto agent = PutAgent(fixture.admin(), kTenant, anna).value().agent;
    const AgentSpec gone{"gone@idp", "Gone", "", v1::AGENT_ROLE_SUPERVISOR, true};
    const auto disabled = PutAgent(fixture.admin(), kTenant, gone).value().agent;
    REQUIRE_OK(AddChannelMember(fixture.admin(), kTenant, CommandFixture::channel(), agent));
    const auto team = PutTeam(fixture.admin(), kTenant, {"sales", "Sales", false}).value().team;
    const auto closed = PutTeam(fixture.admin(), kTenant, {"old", "Old", true}).value().team;
    const auto lane = fixture.Lane("a");
    auto tx = lane->Begin().value();
    domain::BatchPlan plan;
    plan.agents = {
        {kTenant, agent}, {kTenant, disabled}, {kTenant, MakeId<AgentId>(9)}, {TenantId{2}, agent}};
    plan.teams = {{kTenant, team}, {kTenant, closed}, {kTenant, MakeId<TeamId>(9)}};
    const auto state = lane->Read(tx, plan);
    REQUIRE_OK(state);
    REQUIRE(state->agents.size() == 2);
    CHECK(state->agents.at({kTenant, agent}).name == "Anna");
    CHECK(state->agents.at({kTenant, agent}).role == v1::AGENT_ROLE_AGENT);
    CHECK_FALSE(state->agents.at({kTenant, agent}).disabled);
    CHECK(state->agents.at({kTenant, agent}).channels == std::set{CommandFixture::channel()});
    CHECK(state->agents.at({kTenant, disabled}).disabled);
    CHECK(state->agents.at({kTenant, disabled}).channels.empty());
    REQUIRE(state->teams.size() == 2);
    CHECK_FALSE(state->teams.at({kTenant, team}));
    CHECK(state->teams.at({kTenant, closed}));
}

TEST_CASE("Commands: a channel's reply window is its setting, else its provider's", "[pg][store]") {
    CommandFixture fixture;
    struct Case {
        std::string settings;
        std::optional<std::int64_t> reply_window_ms;
        int provider;
        bool replies_after_window;
    };
    const Case cases[] = {
        {"{}", kDayMs, 2, false},
        {"{}", kDayMs, 3, false},
        {"{}", kDayMs, 4, false},
        {"{}", std::nullopt, 1, false},
        {"{}", std::nullopt, 5, false},
        {"{}", std::nullopt, 99, false},
        {R"({"reply_window_s": 3600, "replies_after_window": true})", 3'600'000, 2, true},
        {R"({"reply_window_s": 60.9})", 60'000, 1, false},
        {R"({"reply_window_s": -5, "replies_after_window": "true"})", 0, 2, false},
        {R"({"reply_window_s": 1e300})", 315'360'000'000, 2, false},
        {R"({"reply_window_s": "soon", "replies_after_window": 1})", kDayMs, 2, false},
        {R"({"reply_window_s": null})", kDayMs, 2, false},
        {R"([1, 2])", kDayMs, 2, false},
    };
    const auto lane = fixture.Lane("a");
    domain::BatchPlan plan;
    plan.channels.insert({kTenant, CommandFixture::channel()});
    for (const Case& one : cases) {
        CAPTURE(one.provider, one.settings);
        REQUIRE_OK(fixture.Owner(
            "UPDATE channels SET provider = " + std::to_string(one.provider) + ", settings = '" +
            one.settings + "', reopen_window_s = 5"
        ));
        auto tx = lane->Begin().value();
        const auto state = lane->Read(tx, plan);
        REQUIRE_OK(state);
        const domain::ChannelRow& channel = state->channels.at(*plan.channels.begin());
        CHECK(channel.reply_window_ms == one.reply_window_ms);
        CHECK(channel.replies_after_window == one.replies_after_window);
        CHECK(channel.reopen_window_ms == 5'000);
        CHECK_FALSE(channel.disabled);
    }
    REQUIRE_OK(fixture.Owner("UPDATE channels SET disabled_at = now()"));
    auto tx = lane->Begin().value();
    CHECK(lane->Read(tx, plan)->channels.at(*plan.channels.begin()).disabled);
}

domain::AuditWrite AuditOf(const domain::ConversationKey& key, int number, std::int64_t at) {
    domain::AuditWrite write;
    write.tenant = key.tenant;
    write.at = at;
    write.command = MakeId<MessageId>(number).value;
    write.conversation = key.conversation;
    write.actor.set_kind(v1::ACTOR_KIND_SYSTEM);
    write.actor.set_name("snooze " + std::to_string(number));
    write.action = "set_status";
    auto* change = write.changes.add_changes();
    change->set_field("status");
    change->set_new_value("CONVERSATION_STATUS_OPEN");
    return write;
}

TEST_CASE("Commands: who did what is read page by page, the newest first", "[pg][store]") {
    CommandFixture fixture;
    const auto key = fixture.Seed(0);
    const auto other = fixture.Seed(1);
    const auto lane = fixture.Lane("a");
    auto tx = lane->Begin().value();
    REQUIRE_OK(lane->Read(tx, {}));
    domain::Effects effects;
    // Two at the same time, and one that is told twice.
    for (int i = 0; i < 7; ++i) effects.audit.push_back(AuditOf(key, i, fixture.now_ms + i / 2));
    effects.audit.push_back(AuditOf(key, 6, fixture.now_ms + 3));
    effects.audit.push_back(AuditOf(other, 50, fixture.now_ms));
    REQUIRE_OK(tx.Commit(effects, {}));

    AuditQuery query{.conversation = key.conversation, .count_max = 3, .after = {}};
    std::vector<std::string> seen;
    int page_count = 0;
    do {
        const auto page =
            ListConversationAudit(fixture.gateway(), kTenant, {}, query, SteadyTime::max());
        REQUIRE_OK(page);
        for (const AuditedCommand& command : page->commands) {
            seen.push_back(command.actor.name());
            CHECK(command.action == "set_status");
            CHECK(command.changes.changes(0).field() == "status");
        }
        query.after = page->next;
        ++page_count;
    } while (query.after);
    CHECK(page_count == 3);
    CHECK(
        seen ==
        std::vector<std::string>{
            "snooze 6", "snooze 5", "snooze 4", "snooze 3", "snooze 2", "snooze 1", "snooze 0"}
    );
    Viewer viewer;
    const auto list = [&](TenantId tenant, const ConversationId& id) {
        return ListConversationAudit(
            fixture.gateway(),
            tenant,
            viewer,
            {.conversation = id, .count_max = 9, .after = {}},
            SteadyTime::max()
        );
    };
    CHECK(list(kTenant, other.conversation)->commands.size() == 1);
    CHECK(list(kTenant, fixture.Seed(2).conversation)->commands.empty());
    CHECK_THAT(list(TenantId{2}, key.conversation).status(), HasCode(Code::kNotFound));
    const auto unknown = list(kTenant, MakeId<ConversationId>(99)).status();
    CHECK_THAT(unknown, HasCode(Code::kNotFound));
    // A member of the conversation's channel sees what was done there, nobody else of its role.
    REQUIRE_OK(
        fixture.Owner("INSERT INTO agents (tenant_id, agent_id, external_id, name, role) "
                      "SELECT 1, ('abababab-0000-7000-8000-00000000000' || n)::uuid, n, 'a', 1 "
                      "FROM generate_series(1, 2) n")
    );
    REQUIRE_OK(fixture.Owner(
        "INSERT INTO channel_members SELECT tenant_id, channel_id, "
        "'abababab-0000-7000-8000-000000000001' FROM conversations "
        "WHERE conversation_id = '" +
        key.conversation.ToString() + "'"
    ));
    viewer.member = AgentId{Uuid::Parse("abababab-0000-7000-8000-000000000001").value()};
    CHECK(list(kTenant, key.conversation)->commands.size() == 7);
    viewer.member = AgentId{Uuid::Parse("abababab-0000-7000-8000-000000000002").value()};
    const auto unseen = list(kTenant, key.conversation).status();
    CHECK(unseen.ToString() == unknown.ToString());
}

TEST_CASE("Commands: the audit's old leaves go with the others", "[pg][store]") {
    CommandFixture fixture;
    const std::int64_t long_ago = fixture.now_ms - 399 * kDayMs;
    REQUIRE(EnsurePeriodFor(fixture.writer(), "command_audit", long_ago).value());
    REQUIRE(
        EnsurePeriodFor(fixture.writer(), "command_audit", fixture.now_ms - 200 * kDayMs).value()
    );
    CHECK(DropOldLeaves(fixture.writer()).value() == 1);
    CHECK(EnsurePeriodFor(fixture.writer(), "command_audit", long_ago).value());
}

TEST_CASE("Commands: snoozes are listed when their time has come, until they go", "[pg][store]") {
    CommandFixture fixture;
    const auto lane = fixture.Lane("a");
    const auto write = [&](const std::vector<domain::SnoozeWrite>& snoozes) {
        auto tx = lane->Begin().value();
        REQUIRE_OK(lane->Read(tx, {}));
        domain::Effects effects;
        effects.snoozes = snoozes;
        REQUIRE_OK(tx.Commit(effects, {}));
    };
    const auto key = [](int number) {
        return domain::ConversationKey{kTenant, MakeId<ConversationId>(number)};
    };
    const std::int64_t due = fixture.now_ms - 10'000;
    write({{key(1), due, true}, {key(2), due, true}, {key(3), due - 1, true}});
    write({{key(1), due, true}, {key(4), fixture.now_ms + 3'600'000, true}});  // one told twice
    write({{key(5), due, true}, {key(5), due, false}, {key(6), due, false}, {key(6), due, true}});
    const auto first = ClaimDueSnoozes(fixture.writer(), 2, Millis(60'000)).value();
    REQUIRE(first.size() == 2);
    CHECK(first[0].conversation == key(3));
    CHECK(first[0].snooze_time == due - 1);
    CHECK(first[1].conversation == key(1));
    const auto rest = ClaimDueSnoozes(fixture.writer(), 9, Millis(0)).value();
    REQUIRE(rest.size() == 2);  // What is claimed is passed over
    CHECK(rest[0].conversation == key(2));
    CHECK(rest[1].conversation == key(6));
    CHECK(ClaimDueSnoozes(fixture.writer(), 9, Millis(0)).value().size() == 2);  // until it ends.
    write({{key(1), due, false}, {key(3), due - 1, false}, {key(2), due, false}});
    write({{key(1), due, false}});  // gone already
    CHECK(ClaimDueSnoozes(fixture.writer(), 9, Millis(0)).value().size() == 1);
    CHECK(fixture.Number("SELECT count(*) FROM snoozes") == 2);
}

}  // namespace
}  // namespace unibox::store
