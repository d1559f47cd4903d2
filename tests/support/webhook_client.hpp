// A provider as a load: sends signed WhatsApp webhooks at a steady rate from several threads and,
// like a provider, sends each one again until it gets a 2xx. Every message id that was acknowledged
// is remembered. Thread safety: Start and Stop on one thread; the counters from any.
#pragma once

#include "base/secret.hpp"
#include "http/client.hpp"

#include <atomic>
#include <cstdint>
#include <map>
#include <mutex>
#include <random>
#include <set>
#include <string>
#include <thread>
#include <vector>

namespace unibox::test {

// A WhatsApp Cloud webhook of text messages, one change for each.
struct WhatsAppText {
    std::string phone_number_id;
    std::string from;
    std::string id;
    std::string text;
    std::int64_t sent_unix_s = 0;
};
std::string WhatsAppWebhook(const std::vector<WhatsAppText>& messages);

struct WebhookLoad {
    std::string ingest_address;  // host:port
    Secret app_secret;           // of the Meta app
    std::vector<std::string>
        phone_number_ids;  // a webhook carries one message for one or two of them
    int webhooks_per_second = 500;
    int thread_count = 8;
    int contact_count = 50;  // of each phone number
    // Each thread has contacts of its own, as many: what one of them sends comes in its order.
    bool is_ordered = false;
    std::string id_prefix = "wamid";  // of the message ids, which count from 0
};

// A message whose webhook was acknowledged, with the times of the attempt that was.
struct Delivery {
    std::string phone_number_id;
    std::string from;
    std::int64_t begun_unix_ms = 0;
    std::int64_t acknowledged_unix_ms = 0;
};

class WebhookClient {
public:
    explicit WebhookClient(WebhookLoad load) : load_(std::move(load)) {}
    ~WebhookClient() { Stop(); }
    WebhookClient(const WebhookClient&) = delete;
    WebhookClient& operator=(const WebhookClient&) = delete;

    void Start();
    // Sends no new webhook, and returns when each one under way was acknowledged.
    void Stop();

    std::int64_t webhook_count() const { return webhook_count_; }
    std::int64_t retry_count() const { return retry_count_; }
    // Provider ids (wamid…) of all messages in acknowledged webhooks.
    std::set<std::string> AcknowledgedIds() const;
    std::map<std::string, Delivery> Acknowledged() const;  // By provider id.
    // How often each status was the answer; 0: there was none.
    std::map<int, std::int64_t> answer_counts() const;

private:
    void SendFrom(int thread_index);
    std::vector<WhatsAppText> NextMessages(std::mt19937& random, int thread_index, std::int64_t n);
    // Returns when the attempt began that was acknowledged.
    std::int64_t DeliverUntilAccepted(http::Client& client, const std::string& body);

    WebhookLoad load_;
    std::atomic<bool> stopping_{false};
    std::atomic<std::int64_t> webhook_count_{0};
    std::atomic<std::int64_t> retry_count_{0};
    mutable std::mutex mutex_;
    std::map<std::string, Delivery> acknowledged_;
    std::map<int, std::int64_t> answer_counts_;
    std::vector<std::thread> threads_;
};

// One webhook as its provider would send it, signed now. `path` with its query; `provider` as
// channels::Sign takes it; `id` is for standard alone.
struct SignedWebhook {
    std::string provider = "meta";
    std::string path = "/v1/hooks/meta";
    Secret secret;
    std::string body;
    std::string id = "msg_1";
};
Result<http::Response> PostWebhook(const std::string& address, const SignedWebhook& webhook);

}  // namespace unibox::test
