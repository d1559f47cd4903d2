// What comes back older than it was. PostgreSQL from a backup: the log has the rest. nats-server on
// an older copy of its store: new messages take sequences that PostgreSQL holds as written.
#include "support/eventually.hpp"
#include "support/ledger.hpp"
#include "support/stack.hpp"
#include "support/status_matchers.hpp"
#include "support/temp_dir.hpp"
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

// nats-server's store as it once was, under a load of webhooks in three phases: before the copy,
// the tail that the copy lacks, and after the return.
class OldLog {
public:
    explicit OldLog(Stack& stack) : stack_(stack) {}

    // Sends one after the other, so that the ids of a conversation are in the order of answers.
    void Send(std::int64_t webhook_count) {
        WebhookLoad load = LoadOf(stack_, 400);
        load.thread_count = 1;
        load.id_prefix = "wamid." + std::to_string(sent_.size() + 1);
        WebhookClient client(std::move(load));
        client.Start();
        REQUIRE(Eventually(seconds(60), [&] { return client.webhook_count() >= webhook_count; }));
        client.Stop();
        sent_.push_back(client.AcknowledgedIds());
    }
    // The same; then all that was acknowledged so far is in PostgreSQL.
    void Write(std::int64_t webhook_count) {
        Send(webhook_count);
        std::size_t count = 0;
        for (const auto& ids : sent_) count += ids.size();
        REQUIRE(Eventually(seconds(30), [&] {
            return stack_.Ask("SELECT count(*) FROM messages") == std::to_string(count);
        }));
    }
    // The same, which is all that the copy holds.
    void WriteAndCopy(std::int64_t webhook_count) {
        Write(webhook_count);
        Restart([&] { stack_.nats().CopyStore(dir_ / "store"); });
    }
    void GoBack() {
        epoch_ = stack_.Ask("SELECT feed_epoch FROM feed");
        Restart([&] { stack_.nats().RestoreStore(dir_ / "store"); });
    }
    // Nothing acknowledged of these phases is lost, nothing of any is there twice, and order holds.
    Complaints Check(const std::vector<std::size_t>& phases, std::size_t lost_phase = 0) {
        std::set<std::string> wanted;
        for (const std::size_t phase : phases) {
            wanted.insert(sent_.at(phase - 1).begin(), sent_.at(phase - 1).end());
        }
        const std::string lost =
            " WHERE split_part(provider_id, '.', 2) <> '" + std::to_string(lost_phase) + "'";
        Eventually(seconds(60), [&] {
            return stack_.Ask("SELECT count(*) FROM messages" + lost) ==
                   std::to_string(wanted.size());
        });
        if (lost_phase > 0) wanted.merge(std::set(sent_.at(lost_phase - 1)));
        auto pool = pg::Pool::Create(stack_.database().settings(), metrics_);
        REQUIRE_OK(pool);
        Complaints complaints;
        for (auto& complaint : CheckMessagesAre(**pool, wanted)) {
            const bool may_be = lost_phase > 0 &&
                                complaint.find("lost: wamid." + std::to_string(lost_phase) + ".") !=
                                    std::string::npos;
            if (!may_be) complaints.push_back(std::move(complaint));
        }
        for (auto& complaint : CheckCounters(**pool)) complaints.push_back(std::move(complaint));
        for (auto& complaint : CheckOrder(**pool)) complaints.push_back(std::move(complaint));
        return complaints;
    }
    std::int64_t Breaks(const std::string& condition) {
        return std::stoll(stack_.Ask("SELECT count(*) FROM ingest_break WHERE " + condition));
    }
    bool FeedEpochChanged() {
        return Eventually(seconds(20), [&] {
            return stack_.Ask("SELECT feed_epoch FROM feed") != epoch_;
        });
    }

private:
    template <typename WhileDown>
    void Restart(const WhileDown& while_down) {
        stack_.nats().Stop();
        while_down();
        stack_.nats().Start();
    }

    Stack& stack_;
    TempDir dir_;
    obs::Metrics metrics_;
    std::vector<std::set<std::string>> sent_;
    std::string epoch_;
};

TEST_CASE("Restore: an older log under a living writer, passed soon and late", "[fault]") {
    Stack stack;
    OldLog log(stack);
    log.WriteAndCopy(200);
    log.Write(300);
    log.GoBack();
    log.Send(100);  // Fewer than were lost: the numbers end below what was written.
    CHECK(log.Check({1, 2, 3}) == Complaints{});
    log.Send(500);
    CHECK(log.Check({1, 2, 3, 4}) == Complaints{});
    CHECK(log.Breaks("committed_seq > common_seq AND committed_stored_at IS NOT NULL") == 4);
    CHECK(log.FeedEpochChanged());
}

TEST_CASE("Restore: an older log, passed before the writer looks again", "[fault]") {
    Stack stack;
    OldLog log(stack);
    log.WriteAndCopy(200);
    log.Write(200);
    stack.writer(0).Pause();
    log.GoBack();
    log.Send(600);
    stack.writer(0).Resume();
    CHECK(log.Check({1, 2, 3}) == Complaints{});
    CHECK(log.Breaks("stream_last_seq > committed_seq") == 4);
    CHECK(log.FeedEpochChanged());
}

TEST_CASE("Restore: an older log while the writer is down", "[fault]") {
    Stack stack;
    OldLog log(stack);
    log.WriteAndCopy(200);
    log.Write(200);
    CHECK(stack.writer(0).Terminate() == 0);
    log.GoBack();
    log.Send(600);
    stack.StartWriter(0);
    CHECK(log.Check({1, 2, 3}) == Complaints{});
    CHECK(log.Breaks("stream_last_seq > committed_seq") == 4);
    CHECK(log.FeedEpochChanged());
}

TEST_CASE("Restore: an older log that lost what nobody had written", "[fault]") {
    Stack stack;
    OldLog log(stack);
    log.WriteAndCopy(200);
    stack.writer(0).Kill9();
    log.Send(200);  // Nobody but the log has them.
    log.GoBack();
    log.Send(300);
    stack.StartWriter(0);
    CHECK(log.Check({1, 3}, 2) == Complaints{});
    CHECK(log.Breaks("true") == 0);  // The last committed message is where it was.
}

}  // namespace
}  // namespace unibox::test
