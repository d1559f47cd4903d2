// Any body, as one provider's adapter sees it after its signature was right: the same events each
// time, all within the limits that Complete promises. Built once for each provider.
#include "base/assert.hpp"
#include "channels/adapter.hpp"
#include "channels/complete.hpp"

#include <google/protobuf/util/message_differencer.h>

#include <cstddef>
#include <cstdint>

namespace unibox::channels {
namespace {

// Below NATS' max_payload of 1 MB with the message's headers (complete.hpp).
constexpr std::size_t kEventBytesMax = 1'000'000;
constexpr std::int64_t kReceivedMs = 1'785'000'000'000;

WebhookRequest RequestOf(std::string_view provider, std::string_view body) {
    WebhookRequest request;
    request.method = "POST";
    request.path = "/v1/hooks/fuzz";
    request.body = body;
    request.content_type =
        provider == "twilio" ? "application/x-www-form-urlencoded" : "application/json";
    request.header = [](std::string_view name) -> std::optional<std::string_view> {
        if (name == "webhook-id") return "msg_fuzz";
        return std::nullopt;
    };
    return request;
}

void CheckNotAuthentic(const Adapter& adapter, const WebhookRequest& request) {
    const std::vector<Secret> secrets{Secret("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")};
    const VerifyInput input{request, secrets, "https://hooks.example.com/fuzz", kReceivedMs};
    UNIBOX_ASSERT(!adapter.verify(input).ok());
}

void CheckEvent(ProviderEvent&& event) {
    UNIBOX_ASSERT(CheckIdentity(event.event).ok());
    const auto complete = Complete(std::move(event), TenantId{1}, ChannelId{}, kReceivedMs, "");
    UNIBOX_ASSERT(complete.event_key().size() == 16);
    UNIBOX_ASSERT(complete.ByteSizeLong() <= kEventBytesMax);
}

void Run(std::string_view body) {
    const Adapter* const adapter = FindAdapter(UNIBOX_FUZZ_PROVIDER);
    const WebhookRequest request = RequestOf(UNIBOX_FUZZ_PROVIDER, body);
    CheckNotAuthentic(*adapter, request);
    auto parsed = adapter->parse(request);
    const auto again = adapter->parse(request);
    UNIBOX_ASSERT(parsed.ok() == again.ok());
    if (!parsed.ok()) return;
    UNIBOX_ASSERT(parsed->events.size() == again->events.size());
    for (std::size_t i = 0; i < parsed->events.size(); ++i) {
        UNIBOX_ASSERT(google::protobuf::util::MessageDifferencer::Equals(
            parsed->events[i].event, again->events[i].event
        ));
        CheckEvent(std::move(parsed->events[i]));
    }
}

}  // namespace
}  // namespace unibox::channels

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    unibox::channels::Run({reinterpret_cast<const char*>(data), size});
    return 0;
}
