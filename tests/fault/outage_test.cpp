// Servers that are away, or silent, for a while under load: what the senders are told meanwhile,
// and that everything acknowledged is there afterwards.
#include "support/eventually.hpp"
#include "support/ledger.hpp"
#include "support/stack.hpp"
#include "support/status_matchers.hpp"
#include "support/webhook_client.hpp"

#include <catch2/catch.hpp>
#include <fmt/format.h>

namespace unibox::test {
namespace {

using std::chrono::seconds;

constexpr int kWebhooksPerSecond = 200;
constexpr const char* kUnknownPhoneNumberId = "106540352249999";

http::Response PostOne(
    const Stack& stack, const std::string& phone_number_id, const std::string& id = "wamid.one"
) {
    SignedWebhook webhook;
    webhook.secret = Secret(Stack::kAppSecret);
    webhook.body = WhatsAppWebhook({{phone_number_id, "351900000000", id, "one", 1}});
    const auto response = PostWebhook(stack.ingest_address(), webhook);
    REQUIRE_OK(response);
    return *response;
}

// A sender that asks until the service says that it cannot store now.
class Probe {
public:
    explicit Probe(const Stack& stack) : stack_(stack) {}

    // The answer must tell when to come again.
    void CheckRefusesToStore() {
        http::Response response;
        Eventually(seconds(20), [&] {
            const auto id = fmt::format("wamid.probe.{}", ids_.size());
            ids_.insert(id);
            response = PostOne(stack_, Stack::kFirstPhoneNumberId, id);
            return response.status == 503;
        });
        CHECK(response.status == 503);
        CHECK(response.Find("Retry-After").has_value());
    }
    // Sends all again, as a provider does. A refused one may have been stored: then it is a
    // duplicate now.
    std::set<std::string> SendAgain() {
        for (const auto& id : ids_) {
            CHECK(PostOne(stack_, Stack::kFirstPhoneNumberId, id).status == 200);
        }
        return ids_;
    }

private:
    const Stack& stack_;
    std::set<std::string> ids_;
};

// Every webhook of the client and of the probe is in the books, after the end of the load.
void CheckAll(Stack& stack, const WebhookClient& client, Probe& probe) {
    auto expected = client.AcknowledgedIds();
    expected.merge(probe.SendAgain());
    CHECK(CheckBooks(stack, expected) == Complaints{});
}

TEST_CASE("Outage: PostgreSQL is away, what is known is taken on", "[fault]") {
    StackOptions options;
    // The cached look-ups grow old during the outage.
    options.environment = {
        {"UNIBOX_LOOKUPS_REFRESH_MS", "500"}, {"UNIBOX_LOOKUPS_KNOWN_MS_MAX", "1000"}};
    Stack stack(options);
    WebhookClient client(LoadOf(stack, kWebhooksPerSecond));
    client.Start();
    WaitForProgress(client, 200);
    stack.postgres().Stop();
    const auto retries_before = client.retry_count();
    WaitForProgress(client, 700);
    const auto unknown = PostOne(stack, kUnknownPhoneNumberId);
    CHECK(unknown.status == 503);
    CHECK(unknown.Find("Retry-After").has_value());
    SignedWebhook by_token{"telegram", "/v1/hooks/telegram/0123456789abcdef", Secret("x"), "{}"};
    const auto unknown_token = PostWebhook(stack.ingest_address(), by_token);
    REQUIRE_OK(unknown_token);
    CHECK(unknown_token->status == 503);
    WaitForProgress(client, 700);
    CHECK(client.retry_count() == retries_before);
    stack.postgres().Start();
    WaitForProgress(client, 200);
    client.Stop();
    CHECK(CheckBooks(stack, client.AcknowledgedIds()) == Complaints{});
    CHECK(Eventually(seconds(10), [&] {
        return PostOne(stack, kUnknownPhoneNumberId).status == 200;  // Kept raw.
    }));
}

TEST_CASE("Outage: NATS is away, senders are told to come again", "[fault]") {
    Stack stack;
    Probe probe(stack);
    WebhookClient client(LoadOf(stack, kWebhooksPerSecond));
    client.Start();
    WaitForProgress(client, 200);
    stack.nats().Stop();
    probe.CheckRefusesToStore();
    stack.nats().Start();
    WaitForProgress(client, 1'000);
    // Frozen: connections stay open and nothing is answered.
    stack.nats().Pause();
    probe.CheckRefusesToStore();
    stack.nats().Resume();
    WaitForProgress(client, 1'000);
    client.Stop();
    CheckAll(stack, client, probe);
}

TEST_CASE("Outage: the log fills up while PostgreSQL is away, and empties again", "[fault]") {
    StackOptions options;
    options.partition_count = 1;
    Stack stack(options);
    stack.Ctl({"streams", "ensure", "--partitions", "1", "--in-bytes-max", "1048576"});
    Probe probe(stack);
    WebhookClient client(LoadOf(stack, kWebhooksPerSecond));
    client.Start();
    WaitForProgress(client, 200);
    stack.postgres().Stop();
    const auto away_since = client.webhook_count();
    probe.CheckRefusesToStore();  // As soon as the log is full.
    CHECK(client.webhook_count() > away_since);
    stack.postgres().Start();
    // What was committed makes room without an operator.
    WaitForProgress(client, 400);
    client.Stop();
    CheckAll(stack, client, probe);
}

StackOptions GatedStack() {
    StackOptions options;
    options.gates = true;
    options.environment = {{"UNIBOX_NATS_PING_INTERVAL_MS", "1000"}};
    return options;
}

// Only answers get lost, then everything; nothing is ever closed.
template <typename DuringFault>
void MakeBlackHole(TcpGate& gate, const DuringFault& during_fault) {
    for (const auto mode : {TcpGate::Mode::kDropReplies, TcpGate::Mode::kDrop}) {
        gate.SetMode(mode);
        during_fault();
    }
    gate.SetMode(TcpGate::Mode::kPass);
}

TEST_CASE("Outage: black holes between the writer and its servers", "[fault]") {
    Stack stack(GatedStack());
    WebhookClient client(LoadOf(stack, kWebhooksPerSecond));
    client.Start();
    const auto written = [&] { return stack.Ask("SELECT count(*) FROM messages"); };
    const auto goes_on = [&] {
        const auto before = written();
        return Eventually(seconds(40), [&] { return written() != before; });
    };
    REQUIRE(goes_on());
    const auto progress = [&] { WaitForProgress(client, 400); };
    MakeBlackHole(stack.writer_postgres_gate(), progress);
    REQUIRE(goes_on());
    MakeBlackHole(stack.writer_nats_gate(), progress);
    REQUIRE(goes_on());
    client.Stop();
    CHECK(client.retry_count() == 0);
    CHECK(CheckBooks(stack, client.AcknowledgedIds()) == Complaints{});
}

TEST_CASE("Outage: a black hole between webhook-ingest and NATS", "[fault]") {
    Stack stack(GatedStack());
    Probe probe(stack);
    WebhookClient client(LoadOf(stack, kWebhooksPerSecond));
    client.Start();
    WaitForProgress(client, 200);
    MakeBlackHole(stack.ingest_nats_gate(), [&] { probe.CheckRefusesToStore(); });
    WaitForProgress(client, 400);
    client.Stop();
    CheckAll(stack, client, probe);
}

}  // namespace
}  // namespace unibox::test
