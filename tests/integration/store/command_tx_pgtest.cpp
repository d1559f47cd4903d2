// The writer's transaction, as commands use it: by id, every column, between leaves.
#include "command_fixture.hpp"
#include "store/inbox/reads.hpp"
#include "store/writer/failure.hpp"
#include "support/eventually.hpp"

#include <atomic>
#include <thread>

namespace unibox::store {
namespace {

using domain::ConversationWrite;
using test::CommandFixture;
using test::HasCode;
using test::kTenant;
using test::MakeId;

constexpr std::int64_t kHourMs = 3'600'000;

TEST_CASE("Commands: a conversation by id comes with all that belongs to it", "[pg][store]") {
    CommandFixture fixture;
    const auto key = fixture.Seed(0);
    const auto lane = fixture.Lane("a");
    auto tx = lane->Begin().value();
    domain::BatchPlan plan = CommandFixture::PlanOf(key);
    plan.conversations.insert({kTenant, MakeId<ConversationId>(77)});  // nobody's
    plan.conversations.insert({TenantId{2}, key.conversation});        // another tenant's
    const auto state = lane->Read(tx, plan);
    REQUIRE_OK(state);
    REQUIRE(state->conversations.size() == 1);
    REQUIRE(state->counters.size() == 1);
    REQUIRE(state->threads.size() == 1);
    CHECK(state->conversations.at(key).preview == "hello");
    CHECK(state->counters.at(key).version == 1);
    CHECK(state->threads.at(CommandFixture::ThreadOf(0)).conversation == key.conversation);
    const domain::ContactKey contact{kTenant, CommandFixture::channel(), "contact0"};
    CHECK(state->contacts.at(contact).id == MakeId<ContactId>(0));
    const domain::ChannelRow& channel = state->channels.at({kTenant, CommandFixture::channel()});
    CHECK(channel.reopen_window_ms == 7 * 24 * kHourMs);
    CHECK(channel.reply_window_ms == 24 * kHourMs);
    CHECK(state->now_ms > 0);
    CHECK(state->feed_epoch.size() == 16);
}

void ChangeAll(ConversationWrite& write, std::int64_t now_ms) {
    write.row.status = v1::CONVERSATION_STATUS_SNOOZED;
    write.row.priority = v1::PRIORITY_URGENT;
    write.row.assignee = MakeId<AgentId>(5);
    write.row.team = MakeId<TeamId>(6);
    write.row.labels = {"a,b", "quote\"d", "vip"};
    write.row.attributes = {{"order", "4711"}, {"shop", "Ärmel & Söhne"}};
    write.row.snooze_time = now_ms + kHourMs;
    write.row.muted = true;
    write.row.waiting_since = now_ms - kHourMs;
    write.row.can_reply_until = now_ms + 2 * kHourMs;
    write.row.preview = "note";
    write.row.preview_seq = 1;
    write.counters.last_seq = 2;
    write.counters.version = 2;
    write.counters.rate_minute = 29'700'000;
    write.counters.rate_count = 17;
}

void CheckSame(const ConversationWrite& now, const ConversationWrite& written) {
    CHECK(now.counters == written.counters);
    CHECK(now.row.status == written.row.status);
    CHECK(now.row.priority == written.row.priority);
    CHECK(now.row.assignee == written.row.assignee);
    CHECK(now.row.team == written.row.team);
    CHECK(now.row.labels == written.row.labels);
    CHECK(now.row.attributes == written.row.attributes);
    CHECK(now.row.snooze_time == written.row.snooze_time);
    CHECK(now.row.muted == written.row.muted);
    CHECK(now.row.waiting_since == written.row.waiting_since);
    CHECK(now.row.can_reply_until == written.row.can_reply_until);
    CHECK(now.row.preview_seq == written.row.preview_seq);
}

TEST_CASE(
    "Commands: every column is written, kept when its row moves, and emptied", "[pg][store]"
) {
    CommandFixture fixture;
    const auto key = fixture.Seed(0);
    const auto lane = fixture.Lane("a");
    ConversationWrite written;
    const auto change = [&](const std::function<void(ConversationWrite&)>& how) {
        REQUIRE_OK(fixture.Change(*lane, key, [&](ConversationWrite& write) {
            how(write);
            written = write;
        }));
        CheckSame(fixture.Whole(key), written);
    };
    change([&](ConversationWrite& write) { ChangeAll(write, fixture.now_ms); });
    CHECK(fixture.Number("SELECT message_count FROM conversations") == 2);
    change([&](ConversationWrite& write) {
        write.row.status = v1::CONVERSATION_STATUS_CLOSED;
        write.counters.closed_at = fixture.now_ms + 5;
        write.row.snooze_time.reset();
        write.row.labels.emplace_back("with the move");
    });
    CHECK(fixture.Number("SELECT count(*) FROM conversations_live") == 0);
    change([&](ConversationWrite& write) {
        write.row.status = v1::CONVERSATION_STATUS_OPEN;
        write.counters.closed_at = domain::kInfinity;
    });
    CHECK(fixture.Number("SELECT count(*) FROM conversations_live") == 1);
    change([](ConversationWrite& write) {
        write.row.labels.clear();
        write.row.attributes.clear();
        write.row.assignee.reset();
        write.row.team.reset();
        write.row.waiting_since.reset();
        write.row.muted = false;
    });
    CHECK(fixture.Number("SELECT count(*) FROM conversations") == 1);
}

TEST_CASE("Commands: what people made of it is not written anew if it stays", "[pg][store]") {
    CommandFixture fixture;
    const auto key = fixture.Seed(0);
    const auto lane = fixture.Lane("a");
    REQUIRE_OK(fixture.Change(*lane, key, [](ConversationWrite& write) {
        write.row.labels = {"vip"};
        write.row.attributes = {{"order", "4711"}};
    }));
    auto tx = lane->Begin().value();
    const auto state = lane->Read(tx, CommandFixture::PlanOf(key));
    REQUIRE_OK(state);
    // Nothing may do that: it shows what the transaction writes and what it leaves alone.
    REQUIRE_OK(
        fixture.Owner("UPDATE conversations SET labels = '{left}', priority = 4, preview = 'lost'")
    );
    domain::Effects effects;
    effects.conversations.push_back(CommandFixture::WriteOf(*state, key));
    effects.conversations[0].row.waiting_since = fixture.now_ms;
    REQUIRE_OK(tx.Commit(effects, {}));
    const auto now = fixture.Whole(key);
    CHECK(now.row.labels == std::vector<std::string>{"left"});
    CHECK(now.row.attributes.at("order") == "4711");
    CHECK(now.row.priority == v1::PRIORITY_URGENT);
    CHECK(now.row.preview == "hello");
    CHECK(now.row.waiting_since == fixture.now_ms);
}

TEST_CASE("Commands: whoever reads while it moves between leaves finds it once", "[pg][store]") {
    CommandFixture fixture;
    const auto key = fixture.Seed(0);
    const auto mover = fixture.Lane("mover");
    const auto reader = fixture.Lane("reader");
    pg::Pool& gateway = fixture.gateway();
    std::atomic<bool> moving = true;
    std::atomic<int> read_count = 0;
    std::string fault;
    std::thread reading([&] {
        while (fault.empty() && (moving || read_count == 0)) {
            const auto shown =
                GetConversation(gateway, kTenant, {}, key.conversation, SteadyTime::max());
            if (!shown.ok()) fault = "gateway: " + shown.status().ToString();
            auto tx = reader->Begin().value();
            const auto state = reader->Read(tx, CommandFixture::PlanOf(key));
            if (!state.ok()) {
                fault = "lane: " + state.status().ToString();
            } else if (!state->conversations.contains(key) || state->threads.size() != 1) {
                fault = "not there";
            } else {
                const bool closed = state->counters.at(key).closed_at != domain::kInfinity;
                const auto status = state->conversations.at(key).status;
                if (closed != (status == v1::CONVERSATION_STATUS_CLOSED)) fault = "neither nor";
            }
            ++read_count;
        }
    });
    for (int i = 0; i < 200; ++i) {
        REQUIRE_OK(fixture.Change(*mover, key, [&](ConversationWrite& write) {
            const bool close = write.counters.closed_at == domain::kInfinity;
            write.row.status =
                close ? v1::CONVERSATION_STATUS_CLOSED : v1::CONVERSATION_STATUS_OPEN;
            write.counters.closed_at = close ? fixture.now_ms + i : domain::kInfinity;
            ++write.counters.version;
        }));
    }
    moving = false;
    reading.join();
    CHECK(fault == "");
    CHECK(fixture.Whole(key).counters.version == 201);
}

TEST_CASE("Commands: who lost its slot writes nothing, and is told which", "[pg][store]") {
    CommandFixture fixture;
    const auto key = fixture.Seed(0);
    const auto loser = fixture.Lane("loser");
    REQUIRE_OK(fixture.Change(*loser, key, [](ConversationWrite& write) {
        write.row.priority = v1::PRIORITY_LOW;
    }));
    REQUIRE_OK(fixture.Owner("UPDATE writer_slots SET lease_until = now() - interval '1 s'"));
    const auto winner = fixture.Lane("winner");
    REQUIRE(winner->slot.slot == loser->slot.slot);
    const auto lost = fixture.Change(*loser, key, [](ConversationWrite& write) {
        write.row.priority = v1::PRIORITY_HIGH;
    });
    REQUIRE_THAT(lost.status(), HasCode(Code::kAborted));
    CHECK(ClassifyFailure(lost.status()) == Failure::kFenced);
    CHECK(LostShards(lost.status()) == std::vector{loser->slot.Shard()});
    CHECK(fixture.Whole(key).row.priority == v1::PRIORITY_LOW);
    REQUIRE_OK(fixture.Change(*winner, key, [](ConversationWrite& write) {
        write.row.priority = v1::PRIORITY_URGENT;
    }));
    CHECK(
        fixture.Number(
            "SELECT count(*) FROM writer_slots WHERE lease_until > now() + interval '50 s'"
        ) >= 1
    );
}

TEST_CASE("Commands: a commit tells where it stands in PostgreSQL's log", "[pg][store]") {
    CommandFixture fixture;
    const auto key = fixture.Seed(0);
    const auto lane = fixture.Lane("a");
    const auto before = fixture.Owner("SELECT pg_current_wal_insert_lsn()::text");
    REQUIRE_OK(before);
    const auto committed =
        fixture.Change(*lane, key, [](ConversationWrite& write) { write.row.muted = true; });
    REQUIRE_OK(committed);
    const std::string token = committed->consistency_token;
    INFO(token);
    const std::string compare = "SELECT ('" + token + "'::pg_lsn > '" +
                                std::string((*before)[0].Text(0)) + "' AND '" + token +
                                "' <= pg_current_wal_flush_lsn())::int::bigint";
    CHECK(fixture.Number(compare) == 1);

    lane->OwnPartition(0);
    auto tx = lane->Begin().value();
    REQUIRE_OK(lane->ReadLog(tx, {}));
    const auto of_log = tx.Commit({}, {});
    REQUIRE_OK(of_log);
    CHECK(of_log->consistency_token.empty());
}

// What a batch of the log read of a contact may be older than what a command wrote meanwhile.
TEST_CASE("Commands: a name that was given meanwhile stands", "[pg][store]") {
    CommandFixture fixture;
    fixture.Seed(0);
    const domain::ThreadKey thread = CommandFixture::ThreadOf(0);
    const domain::ContactKey key{kTenant, thread.channel, "contact0"};
    const auto log = fixture.Lane("log");
    log->OwnPartition(0);
    domain::BatchPlan heard;
    heard.threads[thread] = {key.contact_key, fixture.now_ms};
    heard.contacts[key] = {MakeId<ContactId>(0), "Contact", {}, fixture.now_ms};
    auto late = log->Begin().value();
    const auto before = log->ReadLog(late, heard);
    REQUIRE_OK(before);

    const auto commands = fixture.Lane("commands");
    domain::BatchPlan named;
    named.contact_ids[{kTenant, MakeId<ContactId>(0)}] = false;
    auto tx = commands->Begin().value();
    const auto state = commands->Read(tx, named);
    REQUIRE_OK(state);
    domain::Effects given;
    given.contacts.push_back({key, state->contacts.at(key), true});
    given.contacts[0].row.display_name = "Given";
    given.contacts[0].row.name_given = true;
    REQUIRE_OK(tx.Commit(given, {}));

    domain::Effects told;
    told.contacts.push_back({key, before->contacts.at(key)});
    told.contacts[0].row.display_name = "Told";
    REQUIRE_OK(late.Commit(told, {}));
    CHECK(fixture.Number("SELECT count(*) FROM contacts WHERE display_name = 'Given'") == 1);
}

}  // namespace
}  // namespace unibox::store
