// PostgreSQL comes back from a backup that is older than what was written: the log has the rest.
#include "support/eventually.hpp"
#include "support/ledger.hpp"
#include "support/stack.hpp"
#include "support/status_matchers.hpp"
#include "support/webhook_client.hpp"

#include <catch2/catch.hpp>

namespace unibox::test {
namespace {

using std::chrono::seconds;

class Backup {
public:
    explicit Backup(Stack& stack) : stack_(stack), name_(stack.database().name()) {}

    void Take() { Run("CREATE DATABASE backup TEMPLATE " + name_); }
    void Restore() {
        Run("ALTER DATABASE " + name_ + " RENAME TO lost");
        Run("ALTER DATABASE backup RENAME TO " + name_);
    }

private:
    // Neither works while somebody is connected.
    void Run(const std::string& sql) {
        stack_.postgres().Run(
            "postgres",
            "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE datname = '" +
                name_ + "'"
        );
        stack_.postgres().Run("postgres", sql);
    }

    Stack& stack_;
    const std::string name_;
};

void SendUntil(Stack& stack, std::int64_t webhook_count, std::set<std::string>& acknowledged) {
    WebhookLoad load = LoadOf(stack);
    load.id_prefix = acknowledged.empty() ? "wamid.before" : "wamid.after";
    WebhookClient client(std::move(load));
    client.Start();
    REQUIRE(Eventually(seconds(30), [&] { return client.webhook_count() >= webhook_count; }));
    client.Stop();
    acknowledged.merge(client.AcknowledgedIds());
    REQUIRE(Eventually(seconds(30), [&] {
        return stack.Ask("SELECT count(*) FROM messages") == std::to_string(acknowledged.size());
    }));
}

TEST_CASE("Restore: what the backup lacks comes back from the log, once", "[fault]") {
    Stack stack;
    Backup backup(stack);
    std::set<std::string> acknowledged;
    SendUntil(stack, 200, acknowledged);
    CHECK(stack.writer(0).Terminate() == 0);
    backup.Take();
    stack.StartWriter(0);
    SendUntil(stack, 200, acknowledged);
    CHECK(stack.writer(0).Terminate() == 0);
    const auto feed_epoch = stack.Ask("SELECT feed_epoch FROM feed");

    backup.Restore();
    stack.Ctl({"restored"});
    CHECK(stack.Ask("SELECT feed_epoch FROM feed") != feed_epoch);
    CHECK(stack.Ask("SELECT count(*) FROM messages") != std::to_string(acknowledged.size()));
    stack.StartWriter(0);
    REQUIRE(Eventually(seconds(30), [&] {
        return stack.Ask("SELECT count(*) FROM messages") == std::to_string(acknowledged.size());
    }));
    obs::Metrics metrics;
    auto pool = pg::Pool::Create(stack.database().settings(), metrics);
    REQUIRE_OK(pool);
    CHECK(CheckMessagesAre(**pool, acknowledged) == Complaints{});
    CHECK(CheckCounters(**pool) == Complaints{});
    CHECK(stack.Ask("SELECT count(*) FROM dead_letter") == "0");
    CHECK(Eventually(seconds(20), [&] { return stack.Ask("SELECT count(*) FROM outbox") == "0"; }));
}

}  // namespace
}  // namespace unibox::test
