#include "support/webhook_client.hpp"

#include "base/clock.hpp"
#include "channels/sign.hpp"

#include <fmt/format.h>

#include <chrono>

namespace unibox::test {

std::string WhatsAppWebhook(const std::vector<WhatsAppText>& messages) {
    std::string changes;
    for (const auto& message : messages) {
        if (!changes.empty()) changes += ',';
        changes += fmt::format(
            R"({{"value":{{"messaging_product":"whatsapp","metadata":{{"display_phone_number":"1",)"
            R"("phone_number_id":"{0}"}},"contacts":[{{"profile":{{"name":"Contact {1}"}},)"
            R"("wa_id":"{1}"}}],)"
            R"("messages":[{{"from":"{1}","id":"{2}","timestamp":"{3}","type":"text",)"
            R"("text":{{"body":"{4}"}}}}]}},"field":"messages"}})",
            message.phone_number_id,
            message.from,
            message.id,
            message.sent_unix_s,
            message.text
        );
    }
    return R"({"object":"whatsapp_business_account","entry":[{"id":"102290129340398","changes":[)" +
           changes + "]}]}";
}

Result<http::Response> PostWebhook(const std::string& address, const SignedWebhook& webhook) {
    const std::string url = "http://" + address + webhook.path;
    const channels::SignInput input{
        webhook.secret, webhook.body, url, SystemClock().UnixMillis(), webhook.id};
    UNIBOX_ASSIGN_OR_RETURN(const auto signatures, channels::Sign(webhook.provider, input));
    std::vector<http::Header> headers;
    for (const auto& header : signatures) headers.push_back({header.name, header.value});
    return http::Send("POST", url, headers, webhook.body, Millis(10'000));
}

void WebhookClient::Start() {
    for (int i = 0; i < load_.thread_count; ++i) threads_.emplace_back([this, i] { SendFrom(i); });
}

void WebhookClient::Stop() {
    stopping_ = true;
    for (auto& thread : threads_) thread.join();
    threads_.clear();
}

std::set<std::string> WebhookClient::AcknowledgedIds() const {
    std::set<std::string> ids;
    const std::lock_guard lock(mutex_);
    for (const auto& [id, delivery] : acknowledged_) ids.insert(id);
    return ids;
}

std::map<std::string, Delivery> WebhookClient::Acknowledged() const {
    const std::lock_guard lock(mutex_);
    return acknowledged_;
}

std::map<int, std::int64_t> WebhookClient::answer_counts() const {
    const std::lock_guard lock(mutex_);
    return answer_counts_;
}

// Each thread sends its share at a steady pace. While the service is away a thread repeats one
// webhook and then catches up, as a provider's queue does.
void WebhookClient::SendFrom(int thread_index) {
    http::Client client(load_.ingest_address);
    std::mt19937 random(static_cast<unsigned>(thread_index));
    const auto start = std::chrono::steady_clock::now();
    const auto pace =
        std::chrono::nanoseconds(1'000'000'000LL * load_.thread_count / load_.webhooks_per_second);
    for (std::int64_t n = 0; !stopping_; ++n) {
        std::this_thread::sleep_until(start + n * pace);
        auto messages = NextMessages(random, thread_index, n);
        const std::int64_t begun_ms = DeliverUntilAccepted(client, WhatsAppWebhook(messages));
        const std::int64_t acknowledged_ms = SystemClock().UnixMillis();
        ++webhook_count_;
        const std::lock_guard lock(mutex_);
        for (auto& message : messages) {
            acknowledged_[message.id] = {
                message.phone_number_id, message.from, begun_ms, acknowledged_ms};
        }
    }
}

std::vector<WhatsAppText> WebhookClient::NextMessages(
    std::mt19937& random, int thread_index, std::int64_t n
) {
    std::vector<WhatsAppText> messages;
    const std::size_t message_count = 1 + random() % 2;
    const int first_contact = load_.is_ordered ? thread_index * load_.contact_count : 0;
    for (std::size_t i = 0; i < message_count; ++i) {
        WhatsAppText message;
        message.phone_number_id =
            load_.phone_number_ids[(random() + i) % load_.phone_number_ids.size()];
        const auto contact = random() % static_cast<unsigned>(load_.contact_count);
        message.from = std::to_string(351'900'000'000 + first_contact + contact);
        message.id = fmt::format("{}.{}.{}.{}", load_.id_prefix, thread_index, n, i);
        message.text = fmt::format("message {} of thread {}", n, thread_index);
        message.sent_unix_s = SystemClock().UnixMillis() / 1000;
        messages.push_back(std::move(message));
    }
    return messages;
}

std::int64_t WebhookClient::DeliverUntilAccepted(http::Client& client, const std::string& body) {
    std::vector<http::Header> headers;
    const auto signature = channels::Sign("meta", {load_.app_secret, body, "", 0, ""});
    for (const auto& header : signature.value()) headers.push_back({header.name, header.value});
    for (;;) {
        const std::int64_t begun_ms = SystemClock().UnixMillis();
        const auto answer = client.Send("POST", "/v1/hooks/meta", headers, body, Millis(15'000));
        const int status = answer.ok() ? answer->status : 0;
        {
            const std::lock_guard lock(mutex_);
            ++answer_counts_[status];
        }
        if (status / 100 == 2) return begun_ms;
        ++retry_count_;
        std::this_thread::sleep_for(Millis(50));
    }
}

}  // namespace unibox::test
