// The books stay right while everything is killed: 500 webhooks a second, and each process dies by
// kill -9 in turn.
#include "support/ledger.hpp"

#include "support/eventually.hpp"
#include "support/stack.hpp"
#include "support/webhook_client.hpp"

#include <catch2/catch.hpp>

namespace unibox::test {
namespace {

using std::chrono::seconds;

// How long the load runs undisturbed between two kills: long enough to work, too short to finish
// catching up.
constexpr auto kBetweenKills = seconds(5);
constexpr int kRoundCount = 2;

TEST_CASE("Ledger: nothing is lost or doubled while every process is killed in turn", "[fault]") {
    StackOptions options;
    options.writer_count = 2;
    Stack stack(options);
    WebhookClient client(LoadOf(stack));
    const auto begun = std::chrono::steady_clock::now();
    client.Start();
    WaitForProgress(client, 500);
    const auto per_pause = static_cast<std::int64_t>(kBetweenKills.count()) * 200;
    for (int round = 0; round < kRoundCount; ++round) {
        stack.ingest().Kill9();
        stack.StartIngest();
        WaitForProgress(client, per_pause);
        stack.writer(static_cast<std::size_t>(round % 2)).Kill9();
        stack.StartWriter(static_cast<std::size_t>(round % 2));
        WaitForProgress(client, per_pause);
        stack.nats().Kill9();
        stack.nats().Start();
        WaitForProgress(client, per_pause);
        stack.postgres().Kill9();
        stack.postgres().Start();
        WaitForProgress(client, per_pause);
    }
    client.Stop();
    const std::chrono::duration<double> took = std::chrono::steady_clock::now() - begun;
    const double per_second = static_cast<double>(client.webhook_count()) / took.count();
    const auto acknowledged = client.AcknowledgedIds();
    CAPTURE(client.webhook_count(), client.retry_count(), acknowledged.size(), per_second);
    CHECK(client.retry_count() > 0);
    // The client offers 500 and catches up after each outage; far fewer would be no load.
    CHECK(per_second > 100);

    CHECK(CheckBooks(stack, acknowledged) == Complaints{});
    CHECK(stack.Ask("SELECT count(*) FROM dead_letter") == "0");
}

}  // namespace
}  // namespace unibox::test
