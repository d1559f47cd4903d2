#include "bench/common/seeded_stack.hpp"

#include "base/assert.hpp"
#include "base/clock.hpp"
#include "bench/common/cpu_seconds.hpp"
#include "bench/common/http_load.hpp"
#include "bench/common/must.hpp"
#include "bench/common/signed_webhook.hpp"
#include "crypto/random.hpp"
#include "support/eventually.hpp"

#include <fmt/format.h>

#include <chrono>
#include <cmath>
#include <functional>
#include <sstream>
#include <thread>
#include <utility>

namespace unibox::bench {
namespace {

constexpr double kWordsLog = 10.8;  // 49,000 words
constexpr int kWordsOfMessage = 12;
constexpr int kFirstNumber = 5'000;  // of the tenants' telephones
constexpr std::int64_t kFirstContact = 351'900'000'000;
constexpr std::size_t kWebhooksAtOnce = 20'000;
constexpr std::chrono::minutes kPatience(10);
// Looking costs the server processor time too.
constexpr std::chrono::milliseconds kLookInterval(200);

std::vector<std::string> MakeKeys(int count) {
    std::vector<std::string> keys;
    for (int i = 0; i < count; ++i) keys.emplace_back(crypto::NewApiKey().Reveal());
    return keys;
}

std::string NumberOf(int tenant) {
    return std::to_string(kFirstNumber + tenant);
}

std::string TenantsYaml(const std::vector<std::string>& keys) {
    std::string yaml = fmt::format(
        "apps:\n  - {{name: meta, provider: meta, secret: {}, verify_token: "
        "verify-me}}\ntenants:\n",
        test::Stack::kAppSecret
    );
    for (std::size_t i = 0; i < keys.size(); ++i) {
        yaml += fmt::format(
            "  - name: t{}\n"
            "    channels: [{{name: wa, provider: whatsapp, route: \"{}\"}}]\n"
            "    api_keys: [{{name: bench, scopes: [\"inbox:read\", \"inbox:write\"], key: {}}}]\n",
            i,
            NumberOf(static_cast<int>(i)),
            keys[i]
        );
    }
    return yaml;
}

test::StackOptions WithTenants(test::StackOptions options, const std::vector<std::string>& keys) {
    options.tenants_yaml = TenantsYaml(keys);
    return options;
}

int PortOf(const std::string& address) {
    return std::stoi(address.substr(address.rfind(':') + 1));
}

void Await(const std::string& what, const std::function<bool()>& is_done) {
    const bool done = test::Eventually(kPatience, [&] {
        std::this_thread::sleep_for(kLookInterval);
        return is_done();
    });
    if (!done) Fail("does not come to an end: " + what);
}

}  // namespace

std::string SomeWords(std::mt19937& random, int count) {
    std::uniform_real_distribution<double> part(0, kWordsLog);
    std::string words;
    for (int i = 0; i < count; ++i) {
        if (i > 0) words += ' ';
        words += "w" + std::to_string(static_cast<int>(std::exp(part(random))));
    }
    return words;
}

SeededStack::SeededStack(test::StackOptions options, const InboxSize& size)
    : size_(size),
      keys_(MakeKeys(size.tenant_count)),
      gateway_count_(static_cast<std::size_t>(options.gateway_count)),
      writer_count_(static_cast<std::size_t>(options.writer_count)),
      stack_(WithTenants(std::move(options), keys_)) {
    Seed();
    ReadConversations();
}

int SeededStack::gateway_port() const {
    return PortOf(stack_.gateway_address());
}

void SeededStack::Seed() {
    std::mt19937 random(1);
    std::vector<std::string> webhooks;
    for (int round = 0; round < size_.message_count; ++round) {
        for (int contact = 0; contact < size_.contact_count; ++contact) {
            for (int tenant = 0; tenant < size_.tenant_count; ++tenant) {
                webhooks.push_back(Webhook(tenant, contact, SomeWords(random, kWordsOfMessage)));
            }
            if (webhooks.size() >= kWebhooksAtOnce) Send(std::exchange(webhooks, {}));
        }
    }
    Send(webhooks);
    const std::int64_t wanted = serial_;
    Await("writing the inbox", [&] {
        return stack_.AskNumber("SELECT sum(last_seq) FROM conversation_counters") == wanted;
    });
}

void SeededStack::Send(const std::vector<std::string>& webhooks) const {
    LoadSettings settings;
    settings.port = stack_.ingest_port();
    settings.timeout_ms = 600'000;
    const LoadResult load = Must(RunHttpLoad(settings, webhooks));
    if (load.ok_count == static_cast<std::int64_t>(webhooks.size())) return;
    Fail("the inbox cannot be filled: webhooks were refused");
}

void SeededStack::ReadConversations() {
    std::istringstream rows(stack_.Ask(
        "SELECT string_agg(substr(t.slug, 2) || ' ' || c.conversation_id, ' ' "
        "ORDER BY c.conversation_id) FROM conversations c JOIN tenants t USING (tenant_id)"
    ));
    for (OpenConversation one; rows >> one.tenant >> one.id;) conversations_.push_back(one);
    const auto wanted = static_cast<std::size_t>(size_.tenant_count * size_.contact_count);
    if (conversations_.size() != wanted) Fail("the inbox has not one conversation a contact");
}

void SeededStack::AwaitFeed() {
    Await("publishing the feed", [this] {
        return stack_.Ask(
                   "SELECT NOT EXISTS (SELECT FROM outbox o JOIN writer_slots s "
                   "ON o.shard = -1 - s.slot WHERE o.target = 1)"
               ) == "true";
    });
}

void SeededStack::AwaitSearch() {
    Await("indexing what is searched", [this] {
        return stack_.Ask(
                   "SELECT NOT EXISTS (SELECT FROM search_pending) AND NOT EXISTS "
                   "(SELECT FROM search_walk WHERE month > '-infinity')"
               ) == "true";
    });
}

std::string SeededStack::Get(int tenant, const std::string& target) const {
    return fmt::format(
        "GET {} HTTP/1.1\r\nHost: api.example.com\r\nAuthorization: Bearer {}\r\n\r\n",
        target,
        keys_.at(static_cast<std::size_t>(tenant))
    );
}

std::string SeededStack::Reply(
    const OpenConversation& where, const std::string& text, const std::string& request_id
) const {
    const std::string body = "{\"text\": \"" + text + "\"}";
    const std::string key_line =
        request_id.empty() ? "" : "Idempotency-Key: " + request_id + "\r\n";
    return fmt::format(
        "POST /v1/conversations/{}/messages HTTP/1.1\r\nHost: api.example.com\r\n"
        "Authorization: Bearer {}\r\nContent-Type: application/json\r\n{}Content-Length: {}\r\n"
        "\r\n{}",
        where.id,
        keys_.at(static_cast<std::size_t>(where.tenant)),
        key_line,
        body.size(),
        body
    );
}

std::string SeededStack::Webhook(int tenant, int contact, const std::string& text) {
    test::WhatsAppText message;
    message.phone_number_id = NumberOf(tenant);
    message.from = std::to_string(kFirstContact + contact);
    message.id = fmt::format("wamid.bench.{:010}", serial_++);
    message.text = text;
    message.sent_unix_s = SystemClock().UnixMillis() / 1'000;
    return SignedRequest(message);
}

std::vector<ProcessCpu> SeededStack::CpuSeconds() {
    std::vector<ProcessCpu> all = {{"load", OwnCpuSeconds()}};
    ProcessCpu gateways{"gateway"};
    for (std::size_t i = 0; i < gateway_count_; ++i) {
        gateways.seconds += CpuSecondsOfTree(stack_.gateway(i).pid());
    }
    ProcessCpu writers{"message-writer"};
    for (std::size_t i = 0; i < writer_count_; ++i) {
        writers.seconds += CpuSecondsOfTree(stack_.writer(i).pid());
    }
    all.push_back(gateways);
    all.push_back(writers);
    all.push_back({"webhook-ingest", CpuSecondsOfTree(stack_.ingest().pid())});
    all.push_back({"postgres", CpuSecondsOfTree(stack_.postgres().pid())});
    all.push_back({"nats-server", CpuSecondsOfTree(stack_.nats().pid())});
    all.push_back({"redis-server", CpuSecondsOfTree(stack_.redis().pid())});
    return all;
}

}  // namespace unibox::bench
