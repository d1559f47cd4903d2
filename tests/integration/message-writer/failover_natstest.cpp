// The primary dies, a replica takes its place: the writer goes on there by itself.
#include "pg/transaction.hpp"
#include "support/eventually.hpp"
#include "support/pg_replica.hpp"
#include "writer_fixture.hpp"

#include <catch2/catch.hpp>
#include <fmt/format.h>

#include <string>
#include <vector>

namespace unibox::test {
namespace {

using std::chrono::seconds;

std::vector<event::v1::InboundEvent> MessagesOf(const std::string& contact, int count) {
    std::vector<event::v1::InboundEvent> events;
    for (int i = 0; i < count; ++i) events.push_back(AMessage().From(contact).Build());
    return events;
}

// -1 while the server does not answer.
std::int64_t CountIn(const PgDatabase& database, const std::string& sql) {
    obs::Metrics metrics;
    auto pool = pg::Pool::Create(database.settings(), metrics).value();
    auto tx = pg::SystemTx::Begin(*pool, pg::Access::kReadOnly);
    if (!tx.ok()) return -1;
    const auto rows = tx->ExecuteUnprepared(sql);
    return rows.ok() ? (*rows)[0].Int64(0) : -1;
}

TEST_CASE("Failover: writer and keeper go on where a replica was promoted", "[nats][failover]") {
    PgServer primary(PgReplica::PrimarySettings());
    WriterFixture stack(primary);
    PgReplica replica(primary);
    const PgDatabase there = replica.Database(stack.database());
    stack.config.postgres.url = fmt::format(
        "postgresql://ub_writer@127.0.0.1:{},127.0.0.1:{}/{}?sslmode=disable"
        "&target_session_attrs=read-write",
        primary.port(),
        replica.port(),
        there.name()
    );
    stack.StartWriter("one");
    stack.Publish(MessagesOf("before", 50));
    REQUIRE(stack.AllCommitted());
    REQUIRE(Eventually(seconds(60), [&] {
        return CountIn(there, "SELECT count(*) FROM messages") == 50;
    }));
    primary.Kill9();
    stack.Publish(MessagesOf("between", 20));  // NATS takes it.
    replica.Promote();
    stack.Publish(MessagesOf("after", 30));
    CHECK(Eventually(seconds(90), [&] {
        return CountIn(there, "SELECT count(*) FROM messages") == 100;
    }));
    // What was told is deleted, and one keeper has the upkeep's lock.
    CHECK(Eventually(seconds(60), [&] {
        return CountIn(there, "SELECT count(*) FROM outbox") == 0;
    }));
    CHECK(Eventually(seconds(60), [&] {
        return CountIn(there, "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory'") > 0;
    }));
    stack.StopWriter(0);  // Before its database goes.
}

}  // namespace
}  // namespace unibox::test
