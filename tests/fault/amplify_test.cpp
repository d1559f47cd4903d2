// Small webhooks with large effects: one tenant's must not cost more memory than any other batch,
// nor hold up the partitions that share its lane.
#include "base/clock.hpp"
#include "nats/streams.hpp"
#include "support/eventually.hpp"
#include "support/inbound_events.hpp"
#include "support/ledger.hpp"
#include "support/stack.hpp"
#include "support/status_matchers.hpp"
#include "support/webhook_client.hpp"

#include <catch2/catch.hpp>
#include <fmt/format.h>

#include <fstream>

namespace unibox::test {
namespace {

using std::chrono::seconds;

// Measured: 30 and 70 MiB. Without limits on what a batch reads and writes it was 1.3 to 2.0 GiB.
constexpr std::int64_t kWriterKiBMax = 160 * 1024;

// The most memory that the process ever had, in KiB.
std::int64_t PeakKiB(pid_t pid) {
    std::ifstream status(fmt::format("/proc/{}/status", pid));
    for (std::string word; status >> word;) {
        if (word != "VmHWM:") continue;
        std::int64_t kib = 0;
        status >> kib;
        return kib;
    }
    FAIL("no VmHWM of " << pid);
    return 0;
}

class AmplifyStack {
public:
    AmplifyStack() : stack(Options()) {
        nats::Settings settings;
        settings.url = stack.nats().url();
        auto connected = nats::Connection::Connect(settings, metrics);
        REQUIRE_OK(connected);
        connection = std::move(connected).value();
    }

    void Post(const std::string& body) {
        SignedWebhook webhook;
        webhook.secret = Secret(Stack::kAppSecret);
        webhook.body = body;
        const auto response = PostWebhook(stack.ingest_address(), webhook);
        REQUIRE_OK(response);
        REQUIRE(response->status == 200);
    }
    void Say(const std::string& from, const std::string& id, const std::string& text) {
        Post(WhatsAppWebhook({{Stack::kFirstPhoneNumberId, from, id, text, NowMs() / 1000}}));
    }
    // The other tenants' conversations lie in all partitions.
    void OthersGoOn() {
        ++round_;
        for (int i = 0; i < 20; ++i) {
            const std::string id = fmt::format("wamid.other.{}.{}", round_, i);
            Post(WhatsAppWebhook(
                {{Stack::kSecondPhoneNumberId,
                  fmt::format("35192{:07}", i),
                  id,
                  "hello",
                  NowMs() / 1000}}
            ));
        }
        CHECK(Becomes(
            fmt::format(
                "SELECT count(*) FROM messages WHERE provider_id LIKE 'wamid.other.{}.%'", round_
            ),
            "20"
        ));
    }
    bool Becomes(const std::string& sql, const std::string& value) {
        return Eventually(seconds(60), [&] { return stack.Ask(sql) == value; });
    }
    // Nothing was given up, nothing waits.
    void CheckWholeAndSmall() {
        CHECK(stack.Ask("SELECT count(*) FROM dead_letter") == "0");
        CHECK(stack.Ask("SELECT count(*) FROM ingest_partition WHERE stopped_reason <> ''") == "0");
        const std::int64_t peak_kib = PeakKiB(stack.writer(0).pid());
        WARN("message-writer's peak: " << peak_kib / 1024 << " MiB");
        CHECK(peak_kib < kWriterKiBMax);
    }

    Stack stack;
    obs::Metrics metrics;
    std::unique_ptr<nats::Connection> connection;

private:
    static StackOptions Options() {
        StackOptions options;
        options.environment["UNIBOX_BATCH_LANE_COUNT"] = "1";  // all partitions share it
        return options;
    }
    int round_ = 0;
};

std::string ReactionsWebhook(const std::string& from, const std::string& to, int count) {
    std::string body = fmt::format(
        R"({{"object":"whatsapp_business_account","entry":[{{"id":"1","changes":[)"
        R"({{"field":"messages","value":{{"messaging_product":"whatsapp",)"
        R"("metadata":{{"phone_number_id":"{}"}},"messages":[)",
        Stack::kFirstPhoneNumberId
    );
    for (int i = 0; i < count; ++i) {
        body += fmt::format(
            R"({}{{"from":"{}","id":"wamid.reaction.{}","timestamp":"{}","type":"reaction",)"
            R"("reaction":{{"message_id":"{}","emoji":"{}"}}}})",
            i == 0 ? "" : ",",
            from,
            i,
            NowMs() / 1000 + i / 100,
            to,
            i % 2 == 0 ? "a" : "b"
        );
    }
    return body + "]}}]}]}";
}

}  // namespace

TEST_CASE("Amplify: two thousand reactions to a long text", "[fault]") {
    AmplifyStack run;
    run.Say("351910000001", "wamid.long", std::string(500'000, 'x'));
    REQUIRE(run.Becomes("SELECT count(*) FROM messages WHERE length(body) = 500000", "1"));
    run.Post(ReactionsWebhook("351910000001", "wamid.long", 2'000));
    run.OthersGoOn();
    CHECK(run.Becomes(
        "SELECT c.version FROM conversations c JOIN messages m USING (conversation_id) "
        "WHERE m.provider_id = 'wamid.long'",
        "2001"
    ));
    CHECK(run.Becomes("SELECT count(*) FROM outbox", "0"));
    run.CheckWholeAndSmall();
}

TEST_CASE("Amplify: a watermark over a thousand long messages", "[fault]") {
    AmplifyStack run;
    Stack& stack = run.stack;
    const auto tenant = std::stoll(stack.Ask("SELECT min(tenant_id) FROM channels"));
    const auto channel = Uuid::Parse(
        stack.Ask(fmt::format("SELECT channel_id FROM channels WHERE tenant_id = {}", tenant))
    );
    REQUIRE_OK(channel);
    const auto publish = [&](InboundBuilder builder) {
        builder.WithTenant(tenant).WithChannel(ChannelId{*channel}).From("reader");
        REQUIRE_OK(PublishInbound(*run.connection, {1, 4}, {builder.Build()}));
    };
    const std::int64_t start_ms = NowMs();
    const std::string text(260'000, 'x');
    for (int i = 0; i < 1'000; ++i) {
        publish(AMessage(fmt::format("long {}", i)).WithText(text).Outbound().At(start_ms + i));
    }
    REQUIRE(run.Becomes("SELECT count(*) FROM messages WHERE length(body) = 260000", "1000"));
    publish(AWatermark(v1::DELIVERY_STATE_READ, start_ms + 10'000).At(start_ms + 20'000));
    for (int i = 0; i < 1'000; ++i) {
        publish(AReceipt(fmt::format("long {}", i), v1::DELIVERY_STATE_READ));
        if (i % 2 == 0) publish(AReaction(fmt::format("long {}", i), "x"));
    }
    run.OthersGoOn();
    CHECK(run.Becomes(
        "SELECT count(*) FROM messages JOIN conversation_counters USING (conversation_id) "
        "WHERE direction = 2 AND created_at <= read_until",
        "1000"
    ));
    // A message each, the watermark, the reactions; the receipts say nothing new.
    CHECK(run.Becomes("SELECT max(version) FROM conversations", "1501"));
    CHECK(run.Becomes("SELECT count(*) FROM outbox", "0"));
    run.CheckWholeAndSmall();
}

}  // namespace unibox::test
