// The count of partitions changes while webhooks come in and a writer dies.
#include "support/ledger.hpp"
#include "support/stack.hpp"
#include "support/webhook_client.hpp"

#include <catch2/catch.hpp>

namespace unibox::test {
namespace {

TEST_CASE("Repartition: under load, and nothing is lost or doubled", "[fault]") {
    StackOptions options;
    options.writer_count = 2;
    Stack stack(options);
    WebhookClient client(LoadOf(stack, 300));
    client.Start();
    WaitForProgress(client, 500);
    stack.writer(0).Kill9();  // So that something is left to write when the turn changes.
    stack.Ctl({"streams", "ensure", "--generation", "2", "--partitions", "7"});
    WaitForProgress(client, 300);
    stack.Ctl({"streams", "seal", "--generation", "1"});
    WaitForProgress(client, 500);
    stack.writer(1).Kill9();
    stack.StartWriter(0);
    stack.StartWriter(1);
    WaitForProgress(client, 500);
    client.Stop();

    CHECK(CheckBooks(stack, client.AcknowledgedIds()) == Complaints{});
    CHECK(stack.Ask("SELECT count(*) FROM dead_letter") == "0");
    const std::string written = "SELECT count(*) FROM ingest_partition WHERE last_seq > 0 AND ";
    CHECK(stack.Ask(written + "generation = 1") == "4");
    CHECK(stack.Ask(written + "generation = 2") == "7");
}

}  // namespace
}  // namespace unibox::test
