// What webhook-ingest spends on one signed WhatsApp webhook of 1 KB before it publishes: Verify,
// Parse, Complete and Serialize, alone and together.
#include "base/assert.hpp"
#include "channels/adapter.hpp"
#include "channels/complete.hpp"
#include "channels/sign.hpp"

#include <benchmark/benchmark.h>

#include <string>
#include <vector>

namespace unibox::channels {
namespace {

constexpr std::int64_t kNow = 1'785'412'800'000;
constexpr std::size_t kBodyBytes = 1024;
const ChannelId kChannel{Uuid::Parse("0190f6c2-1111-7222-8333-444455556666").value()};

std::string ABody(std::size_t size) {
    const std::string head =
        R"({"object":"whatsapp_business_account","entry":[{"id":"102290129340398","changes":[{)"
        R"("value":)"
        R"({"messaging_product":"whatsapp","metadata":{"display_phone_number":"15550783881",)"
        R"("phone_number_id":"106540352242922"},"contacts":[{"profile":{"name":)"
        R"("In\u00eas \u00c1lvares"},)"
        R"("wa_id":"351911222333"}],"messages":[{"from":"351911222333",)"
        R"("id":"wamid.HBgMMzUxOTExMjIyMzMzFQIAEhgUM0EyRkU0001AA==","timestamp":"1785412800",)"
        R"("type":"text","text":{"body":")";
    const std::string tail = R"("}}]},"field":"messages"}]}]})";
    const std::size_t used = head.size() + tail.size();
    return head + std::string(size > used ? size - used : 0, 'x') + tail;
}

struct Webhook {
    Webhook() {
        const auto headers = Sign("meta", {secrets[0], body, "", kNow, ""});
        UNIBOX_ASSERT(headers.ok());
        signature = (*headers)[1].value;
        request.method = "POST";
        request.body = body;
        request.content_type = "application/json";
        request.header = [this](std::string_view name) -> std::optional<std::string_view> {
            if (name == "X-Hub-Signature-256") return signature;
            return std::nullopt;
        };
    }
    std::string body = ABody(kBodyBytes);
    std::vector<Secret> secrets = {Secret("meta-app-secret-for-benches-0001")};
    std::string signature;
    WebhookRequest request;
    const Adapter& adapter = *FindAdapter("meta");
};

std::size_t Receive(const Webhook& webhook) {
    const auto secret = webhook.adapter.verify({webhook.request, webhook.secrets, "", kNow});
    auto parsed = webhook.adapter.parse(webhook.request);
    UNIBOX_ASSERT(secret.ok() && parsed.ok() && parsed->events.size() == 1);
    const auto event = Complete(
        std::move(parsed->events[0]),
        TenantId{42},
        kChannel,
        kNow,
        "00-4bf92f3577b34da6-00f067aa0ba902b7-01"
    );
    return event.SerializeAsString().size();
}

void Verify(benchmark::State& state) {
    const Webhook webhook;
    for (auto _ : state) {
        benchmark::DoNotOptimize(webhook.adapter.verify({webhook.request, webhook.secrets, "", kNow}
        ));
    }
}
BENCHMARK(Verify);

void Parse(benchmark::State& state) {
    const Webhook webhook;
    for (auto _ : state) benchmark::DoNotOptimize(webhook.adapter.parse(webhook.request));
}
BENCHMARK(Parse);

void VerifyParseCompleteSerialize(benchmark::State& state) {
    const Webhook webhook;
    for (auto _ : state) benchmark::DoNotOptimize(Receive(webhook));
    state.SetItemsProcessed(state.iterations());
}
BENCHMARK(VerifyParseCompleteSerialize);

}  // namespace
}  // namespace unibox::channels
