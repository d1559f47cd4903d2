// What is counted of a conversation from its beginning to its end.
#include "command_fixture.hpp"

#include <catch2/catch.hpp>

namespace unibox::test {
namespace {

constexpr std::int64_t kMinute = 60'000;

domain::TallyKey KeyOf(const CommandFixture& f) {
    return {f.channel.tenant_id(), f.channel.channel_id(), f.Row().status, {}, {}};
}

// All hours together, of nobody or of an agent.
domain::Volume VolumeOf(const CommandFixture& f, std::optional<std::uint8_t> agent = {}) {
    domain::Volume sum;
    for (const auto& [key, volume] : f.inbox.volumes) {
        const bool same = agent ? key.agent == AgentId{IdOfNumber(*agent)} : !key.agent;
        if (same) sum += volume;
    }
    return sum;
}

}  // namespace

TEST_CASE("Tallies: a conversation is counted once, under what it is now", "[unit][decide]") {
    CommandFixture f;
    f.Agent(1, v1::AGENT_ROLE_ADMIN);
    f.inbox.teams[{f.channel.tenant_id(), TeamId{IdOfNumber(7)}}] = false;
    const auto only = [&](const domain::TallyKey& key, const domain::Tally& tally) {
        CHECK(f.inbox.tallies == domain::Tallies{{key, tally}});
    };
    domain::TallyKey key = KeyOf(f);
    only(key, {1, 1, 1, 1});
    f.inbox.Commit({ChannelEvent::Message(f.channel, "m2")});
    only(key, {1, 1, 2, 1});
    REQUIRE(f.Do(f.A().Read()) == "");
    only(key, {1, 0, 0, 1});
    REQUIRE(f.Do(f.A().Assign(1, 7)) == "");
    key.assignee = AgentId{IdOfNumber(1)};
    key.team = TeamId{IdOfNumber(7)};
    only(key, {1, 0, 0, 1});
    REQUIRE(f.Do(f.A().Text("hello").By(AnAgent(1))) == "");
    only(key, {1, 0, 0, 0});
    REQUIRE(f.Do(f.A().Status(v1::CONVERSATION_STATUS_PENDING)) == "");
    key.status = v1::CONVERSATION_STATUS_PENDING;
    only(key, {1, 0, 0, 0});
    REQUIRE(f.Do(f.A().Status(v1::CONVERSATION_STATUS_CLOSED)) == "");
    CHECK(f.inbox.tallies.empty());
    f.inbox.now_ms += kMinute;
    f.inbox.Commit({ChannelEvent::Message(f.channel, "m3")});
    key.status = v1::CONVERSATION_STATUS_OPEN;
    only(key, {1, 1, 1, 1});
}

TEST_CASE("Volumes: who answered after how long, and who closed", "[unit][decide]") {
    CommandFixture f;
    CHECK(VolumeOf(f).begun == 1);
    CHECK(VolumeOf(f).inbound == 1);
    const std::int64_t began = f.Row().created_at;
    f.inbox.now_ms = began + 5 * kMinute;
    REQUIRE(f.Do(f.A().Text("hello").By(AnAgent(1))) == "");
    f.inbox.now_ms = began + 6 * kMinute;
    REQUIRE(f.Do(f.A().Text("still there?")) == "");  // by a program, to nobody who waits
    REQUIRE(f.Do(f.A().Note("he is not").By(AnAgent(1))) == "");
    const domain::Volume of_agent = VolumeOf(f, 1);
    CHECK(of_agent.agent_outbound == 1);
    CHECK(of_agent.responses == 1);
    CHECK(of_agent.response_ms == 5 * kMinute);
    CHECK(of_agent.first_responses == 1);
    CHECK(of_agent.first_response_ms == 5 * kMinute);
    CHECK(VolumeOf(f).bot_outbound == 1);
    CHECK(VolumeOf(f).responses == 0);
    f.inbox.now_ms = began + 90 * kMinute;
    REQUIRE(f.Do(f.A().Status(v1::CONVERSATION_STATUS_CLOSED, "done").By(AnAgent(2))) == "");
    CHECK(VolumeOf(f, 2).closed == 1);
    CHECK(VolumeOf(f, 2).resolution_ms == 90 * kMinute);
    CHECK(VolumeOf(f, 2).agent_outbound == 0);
    REQUIRE(f.Nothing(f.A().Status(v1::CONVERSATION_STATUS_CLOSED)));
    CHECK(WhatIsWrong(f.inbox) == "");
}

TEST_CASE("Volumes: an event is counted in the hour of its own time, once", "[unit][decide]") {
    CommandFixture f;
    const domain::Volumes before = f.inbox.volumes;
    REQUIRE(before.size() == 1);
    CHECK(before.begin()->first.hour_ms == domain::HourOf(f.Row().created_at));
    f.inbox.now_ms += 5 * domain::kHourMs;
    f.inbox.Commit({ChannelEvent::Message(f.channel, "m1").Name("Ada")});  // again
    CHECK(f.inbox.volumes == before);
    CHECK(domain::HourOf(-1) == -domain::kHourMs);
    CHECK(domain::HourOf(0) == 0);
    CHECK(domain::HourOf(domain::kHourMs - 1) == 0);
}

TEST_CASE("Volumes: an echo ends the waiting, by nobody whom we know", "[unit][decide]") {
    CommandFixture f;
    f.inbox.Commit({ChannelEvent::Echo(f.channel, "e1")});
    CHECK(VolumeOf(f).other_outbound == 1);
    CHECK(VolumeOf(f).responses == 1);
    CHECK(VolumeOf(f).first_responses == 1);
    CHECK(f.inbox.tallies.at(KeyOf(f)).waiting == 0);
}

}  // namespace unibox::test
