// Writers that stand still for longer than their lease, wherever they happen to be, and wake up
// again as if nothing had been.
#include "support/eventually.hpp"
#include "support/ledger.hpp"
#include "support/stack.hpp"
#include "support/webhook_client.hpp"

#include <catch2/catch.hpp>

namespace unibox::test {
namespace {

using std::chrono::seconds;

constexpr int kRoundCount = 4;
// The lease is 1.5 s and the zombie's transaction is ended after 5 s; the rest is room for a
// busy machine.
constexpr auto kTakeOverMax = seconds(20);

TEST_CASE("Zombie: writers frozen in turn under load write nothing twice", "[fault]") {
    StackOptions options;
    options.writer_count = 2;
    options.environment = {
        {"UNIBOX_OWNERSHIP_LEASE_MS", "1500"}, {"UNIBOX_OWNERSHIP_INTERVAL_MS", "200"}};
    Stack stack(options);
    WebhookClient client(LoadOf(stack));
    const auto owned = [&](const Process& writer) {
        return stack.Ask(
            "SELECT count(*) FROM ingest_partition WHERE owner LIKE '%" +
            std::to_string(writer.pid()) + "%'"
        );
    };
    client.Start();
    for (int round = 0; round < kRoundCount; ++round) {
        INFO("round " << round);
        auto& zombie = stack.writer(static_cast<std::size_t>(round % 2));
        auto& other = stack.writer(static_cast<std::size_t>((round + 1) % 2));
        REQUIRE(Eventually(seconds(20), [&] { return owned(zombie) == "2"; }));
        zombie.Pause();
        const bool taken = Eventually(kTakeOverMax, [&] { return owned(other) == "4"; });
        INFO(stack.Ask(
            "SELECT string_agg(concat_ws(' ', pid, state, wait_event, pg_blocking_pids(pid)::text,"
            " left(query, 70)), E'\\n') FROM pg_stat_activity WHERE usename = 'ub_writer'"
        ));
        INFO(stack.Ask("SELECT string_agg(ingest_partition::text, E'\\n') FROM ingest_partition"));
        REQUIRE(taken);
        // The successor writes in every partition: no lock of the zombie is in its way for long.
        const auto taken_over = stack.Ask("SELECT now()");
        REQUIRE(Eventually(seconds(20), [&] {
            return stack.Ask(
                       "SELECT count(*) FROM ingest_partition WHERE committed_at > '" + taken_over +
                       "'"
                   ) == "4";
        }));
        zombie.Resume();
    }
    client.Stop();
    CHECK(client.retry_count() == 0);
    CHECK(CheckBooks(stack, client.AcknowledgedIds()) == Complaints{});
}

}  // namespace
}  // namespace unibox::test
