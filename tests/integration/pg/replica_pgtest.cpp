// Reads from a real streaming replica that is paused, lost, slow, promoted or led astray.
#include "replica_fixture.hpp"

#include <vector>

namespace unibox::pg {
namespace {

using namespace std::chrono_literals;
using test::Eventually;
using test::HasCode;
using test::PgReplica;
using test::PgServer;
using test::ReplicaFixture;
using test::SeenRead;
using test::TcpGate;

TEST_CASE("Replica: reads go there, and with a token they see the write", "[pg][replica]") {
    ReplicaFixture fixture;
    REQUIRE(fixture.EventuallyAtReplica());
    for (std::int64_t value = 1; value <= 200; ++value) {
        const Lsn token = fixture.Write(value);
        const auto seen = fixture.Read(token);
        REQUIRE_OK(seen);
        REQUIRE(seen->last == value);
    }
    CHECK(fixture.EventuallyAtReplica(fixture.Write(201)));
    CHECK(fixture.Read()->at_replica);
    // A place where nobody has been yet is the primary's to judge.
    const auto beyond = fixture.Read(Lsn{1ULL << 62U});
    REQUIRE_OK(beyond);
    CHECK_FALSE(beyond->at_replica);
}

TEST_CASE("Replica: a paused one shows nothing stale to a token", "[pg][replica]") {
    ReplicaFixture fixture;
    REQUIRE(fixture.EventuallyAtReplica(fixture.Write(1)));
    fixture.replica->Pause();
    for (std::int64_t value = 2; value < 20; ++value) {
        const auto seen = fixture.Read(fixture.Write(value));
        REQUIRE_OK(seen);
        CHECK(seen->last == value);
        CHECK_FALSE(seen->at_replica);
    }
    CHECK(fixture.Fallbacks("not_replayed") > 0);
    // Within the bound, without a token: the replica as it is.
    CHECK(fixture.Read()->last == 1);
    const Lsn token = fixture.Write(20);
    fixture.replica->Resume();
    CHECK(fixture.EventuallyAtReplica(token));
}

TEST_CASE("Replica: without a token a read is late by the bound at most", "[pg][replica]") {
    constexpr Millis kBound = 400ms;
    ReplicaFixture fixture(kBound.count());
    REQUIRE(fixture.EventuallyAtReplica());
    fixture.replica->Pause();
    fixture.Write(1);
    const auto written = std::chrono::steady_clock::now();
    bool all_in_time = true;
    const bool at_primary = Eventually(30s, [&] {
        const auto began = std::chrono::steady_clock::now();
        const auto seen = fixture.Read();
        REQUIRE_OK(seen);
        if (seen->last != 1 && began - written > kBound) all_in_time = false;
        return !seen->at_replica && began - written > 2 * kBound;
    });
    CHECK(at_primary);
    CHECK(all_in_time);
    CHECK(fixture.EventuallyUsable(false));
    CHECK(fixture.metrics.Render().find("unibox_pg_read_lag_seconds{") != std::string::npos);
    fixture.replica->Resume();
    CHECK(fixture.EventuallyUsable(true));
    CHECK(fixture.EventuallyAtReplica());
}

TEST_CASE("Replica: an idle primary does not make it late", "[pg][replica]") {
    ReplicaFixture fixture(300);
    REQUIRE(fixture.EventuallyAtReplica());
    const auto began = std::chrono::steady_clock::now();
    // The log stands still for longer than the bound.
    REQUIRE(Eventually(30s, [&] { return std::chrono::steady_clock::now() - began > 900ms; }));
    CHECK(fixture.EventuallyAtReplica());
}

TEST_CASE("Replica: lost in mid-read, the read is repeated at the primary", "[pg][replica]") {
    ReplicaFixture fixture;
    REQUIRE(fixture.EventuallyAtReplica());
    std::vector<bool> at_replica;
    const auto read = [&](Pool& from, SteadyTime deadline) -> Result<SeenRead> {
        UNIBOX_ASSIGN_OR_RETURN(auto tx, SystemTx::Begin(from, Access::kReadOnly, deadline));
        UNIBOX_ASSIGN_OR_RETURN(
            const auto first, tx.Execute({"r_where", "SELECT pg_is_in_recovery()"}, {})
        );
        at_replica.push_back(first[0].Bool(0));
        if (at_replica.size() == 1) fixture.gate.SetMode(TcpGate::Mode::kRefuse);
        UNIBOX_ASSIGN_OR_RETURN(
            const auto last, tx.ExecuteAndCommit({"r_max", "SELECT max(a)::bigint FROM t"}, {})
        );
        return SeenRead{last[0].Int64(0), at_replica.back()};
    };
    const auto seen = fixture.router->Do({}, std::chrono::steady_clock::now() + 20s, read);
    REQUIRE_OK(seen);
    CHECK(at_replica == std::vector<bool>{true, false});
    CHECK(fixture.Fallbacks("lost") == 1);
    for (int i = 0; i < 50; ++i) CHECK_FALSE(fixture.Read()->at_replica);
    fixture.gate.SetMode(TcpGate::Mode::kPass);
    CHECK(fixture.EventuallyAtReplica());
}

TEST_CASE("Replica: a silent one costs a read its share of time, then none", "[pg][replica]") {
    ReplicaFixture fixture;
    REQUIRE(fixture.EventuallyAtReplica());
    fixture.gate.SetMode(TcpGate::Mode::kDrop);
    REQUIRE_OK(fixture.Read({}, 10s));
    CHECK(fixture.EventuallyUsable(false));
    CHECK(fixture.EventuallyAtPrimary());
    fixture.gate.SetMode(TcpGate::Mode::kPass);
    fixture.gate.CloseAll();
    CHECK(fixture.EventuallyAtReplica());
}

TEST_CASE("Replica: a slow one is not waited for", "[pg][replica]") {
    ReplicaFixture fixture;
    REQUIRE(fixture.EventuallyAtReplica());
    fixture.gate.SetDelay(1'500ms);
    const auto seen = fixture.Read({}, 20s);
    REQUIRE_OK(seen);
    CHECK_FALSE(seen->at_replica);
    CHECK(fixture.EventuallyUsable(false));
    fixture.gate.SetDelay(0ms);
    CHECK(fixture.EventuallyAtReplica());
}

TEST_CASE("Replica: a promoted one is none any more, until it is replaced", "[pg][replica]") {
    ReplicaFixture fixture;
    REQUIRE(fixture.EventuallyAtReplica(fixture.Write(1)));
    fixture.replica->Promote();
    fixture.replica->Run(fixture.database.name(), "INSERT INTO t VALUES (666)");
    const auto with_token = fixture.Read(fixture.Write(2));
    REQUIRE_OK(with_token);
    CHECK(with_token->last == 2);
    for (int i = 0; i < 50; ++i) CHECK(fixture.Read()->last != 666);
    CHECK(fixture.EventuallyUsable(false));
    auto next = std::make_unique<PgReplica>(fixture.primary);
    fixture.gate.SetTarget(next->port());
    fixture.gate.CloseAll();
    fixture.replica = std::move(next);
    CHECK(fixture.EventuallyAtReplica());
    CHECK(fixture.Read()->last == 2);
}

TEST_CASE("Replica: one that follows the old primary after a failover", "[pg][replica]") {
    ReplicaFixture fixture;
    PgReplica heir(fixture.primary);
    REQUIRE(fixture.EventuallyAtReplica(fixture.Write(1)));
    // Nobody has told the old primary, which goes on writing, nor the replica.
    heir.Promote();
    fixture.primary_gate.SetTarget(heir.port());
    fixture.primary_gate.CloseAll();
    fixture.primary.Run(
        fixture.database.name(), "INSERT INTO t SELECT 666 FROM generate_series(1, 10000)"
    );
    REQUIRE(fixture.EventuallyUsable(false));
    const auto seen = fixture.Read(fixture.Write(2));
    REQUIRE_OK(seen);
    CHECK(seen->last == 2);
    for (int i = 0; i < 50; ++i) CHECK(fixture.Read()->last == 2);
    // What has gone another way cannot follow; a new one can.
    auto next = std::make_unique<PgReplica>(static_cast<const PgServer&>(heir));
    fixture.gate.SetTarget(next->port());
    fixture.gate.CloseAll();
    fixture.replica = std::move(next);
    CHECK(fixture.EventuallyAtReplica());
    CHECK(fixture.Read()->last == 2);
}

TEST_CASE("Replica: one that follows the new primary is right again", "[pg][replica]") {
    ReplicaFixture fixture;
    PgReplica heir(fixture.primary);
    const Lsn before = fixture.Write(1);
    REQUIRE(fixture.EventuallyAtReplica(before));
    fixture.primary.Stop();  // In order: both have all of it.
    heir.Promote();
    fixture.primary_gate.SetTarget(heir.port());
    fixture.primary_gate.CloseAll();
    fixture.replica->Follow(heir);
    REQUIRE(Eventually(ReplicaFixture::kEventually, [&] { return fixture.pool->Ping().ok(); }));
    const Lsn token = fixture.Write(2);
    REQUIRE(fixture.EventuallyAtReplica(token));
    CHECK(fixture.Read(token)->last == 2);
    // It stays so when there is nobody to receive from.
    heir.Kill9();
    REQUIRE(Eventually(ReplicaFixture::kEventually, [&] { return !fixture.pool->Ping().ok(); }));
    for (int i = 0; i < 3; ++i) REQUIRE(fixture.LookedAtAgain());
    CHECK(fixture.ReadsAtReplica(token));
}

TEST_CASE("Replica: a role without rights learns of a new timeline too", "[pg][replica]") {
    ReplicaFixture fixture;
    PgReplica heir(fixture.primary);
    REQUIRE(fixture.EventuallyAtReplica(fixture.Write(1)));
    fixture.primary.Stop();
    heir.Promote();
    heir.Run(fixture.database.name(), "CREATE ROLE plain LOGIN; GRANT SELECT ON t TO plain");
    fixture.primary_gate.SetTarget(heir.port());
    fixture.primary_gate.CloseAll();
    fixture.replica->Follow(heir);
    fixture.user = "plain";
    fixture.OpenRouter();
    // At its restart points, that is; these are made by hand here.
    heir.Run("postgres", "CHECKPOINT");
    CHECK(Eventually(ReplicaFixture::kEventually, [&] {
        fixture.replica->Run("postgres", "CHECKPOINT");
        return fixture.ReadsAtReplica();
    }));
}

TEST_CASE("Replica: without the primary, and without both", "[pg][replica]") {
    ReplicaFixture fixture(500);
    const Lsn token = fixture.Write(1);
    REQUIRE(fixture.EventuallyAtReplica(token));
    fixture.primary.Kill9();
    // The bound cannot be proved any more, what the token says can.
    REQUIRE(Eventually(ReplicaFixture::kEventually, [&] { return !fixture.Read().ok(); }));
    CHECK_THAT(fixture.Read().status(), HasCode(Code::kUnavailable));
    const auto seen = fixture.Read(token);
    REQUIRE_OK(seen);
    CHECK(seen->last == 1);
    CHECK(seen->at_replica);
    fixture.replica->Kill9();
    CHECK_THAT(fixture.Read(token).status(), HasCode(Code::kUnavailable));
    CHECK_THAT(fixture.Read().status(), HasCode(Code::kUnavailable));
    fixture.primary.Start();
    CHECK(Eventually(ReplicaFixture::kEventually, [&] { return fixture.Read().ok(); }));
    fixture.replica->Start();
    CHECK(fixture.EventuallyAtReplica(token));
}

}  // namespace
}  // namespace unibox::pg
