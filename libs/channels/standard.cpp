// Standard Webhooks: any system that signs `webhook-id`.`webhook-timestamp`.body. See README.md.
#include "base/encoding.hpp"
#include "base/strings.hpp"
#include "channels/adapters.hpp"
#include "channels/json.hpp"
#include "channels/standard_events.hpp"
#include "channels/standard_signature.hpp"
#include "channels/verify_reason.hpp"
#include "crypto/hash.hpp"

#include <cstdlib>

namespace unibox::channels {
namespace {

constexpr std::int64_t kToleranceMs = 300'000;
constexpr std::size_t kWebhookIdBytesMax = 255;
constexpr std::size_t kTimestampDigitsMax = 11;
constexpr int kSignatureCountMax = 32;
constexpr std::size_t kSignatureTextSize = 44;  // Base64 of 32 bytes.
constexpr std::string_view kVersionPrefix = "v1,";

struct SignedHeaders {
    std::string_view id;
    std::string_view timestamp;
    std::string_view signatures;
};

// Svix, where the scheme comes from, sends the same under its own names.
std::string_view Header(const WebhookRequest& request, const char* name, const char* svix_name) {
    const auto value = request.header(name);
    return value ? *value : request.header(svix_name).value_or(std::string_view());
}

Result<SignedHeaders> ReadHeaders(const WebhookRequest& request) {
    const SignedHeaders headers = {
        StandardWebhookId(request),
        Header(request, "webhook-timestamp", "svix-timestamp"),
        Header(request, "webhook-signature", "svix-signature")};
    if (headers.id.empty() || headers.id.size() > kWebhookIdBytesMax) {
        return BadSignature("webhook-id is missing or longer than 255 bytes");
    }
    if (headers.timestamp.empty() || headers.timestamp.size() > kTimestampDigitsMax ||
        headers.timestamp.find_first_not_of("0123456789") != std::string_view::npos) {
        return BadSignature("webhook-timestamp is no number of seconds");
    }
    if (headers.signatures.empty()) return BadSignature("webhook-signature is missing");
    return headers;
}

// The signatures of version 1, in base64; others are passed over.
std::vector<std::string_view> ReadSignatures(std::string_view header) {
    std::vector<std::string_view> signatures;
    int count = 0;
    for (const std::string_view item : Split(header, ' ')) {
        if (++count > kSignatureCountMax) break;
        if (!item.starts_with(kVersionPrefix)) continue;
        const std::string_view text = item.substr(kVersionPrefix.size());
        if (text.size() == kSignatureTextSize) signatures.push_back(text);
    }
    return signatures;
}

// The signature is right: it is not the secret.
Status TimeAway(std::int64_t age_ms) {
    const std::int64_t off_s = std::abs(age_ms) / 1000;
    const std::string side = age_ms > 0 ? " s before ours" : " s after ours";
    return BadSignature("webhook-timestamp is " + std::to_string(off_s) + side)
        .WithReason(std::string(kSignedTimeAway));
}

class Standard final : public Adapter {
public:
    Result<std::size_t> Verify(const VerifyInput& input) const override {
        UNIBOX_ASSIGN_OR_RETURN(const SignedHeaders headers, ReadHeaders(input.request));
        const std::int64_t signed_ms = ParseInt64(headers.timestamp).value_or(0) * 1000;
        // The sender has whole seconds only, so the comparison is in whole seconds too.
        const std::int64_t age_ms = input.now_ms / 1000 * 1000 - signed_ms;
        const auto signatures = ReadSignatures(headers.signatures);
        for (std::size_t i = 0; i < input.secrets.size(); ++i) {
            const auto key = StandardWebhookKey(input.secrets[i].Reveal());
            if (!key) continue;
            const std::string expected = Base64Encode(
                StandardSignature(*key, headers.id, headers.timestamp, input.request.body)
            );
            for (const std::string_view given : signatures) {
                if (!crypto::ConstantTimeEquals(given, expected)) continue;
                if (std::abs(age_ms) > kToleranceMs) return TimeAway(age_ms);
                return i;
            }
        }
        return BadSignature("webhook-signature does not match");
    }

    Result<Parsed> Parse(const WebhookRequest& request) const override {
        const std::string_view webhook_id = StandardWebhookId(request);
        if (webhook_id.empty())
            return InvalidArgument("webhook-id is missing").WithField("webhook-id");
        UNIBOX_ASSIGN_OR_RETURN(const auto document, JsonDocument::ParseStrict(request.body));
        UNIBOX_ASSIGN_OR_RETURN(
            auto event, ReadStandardEvent(document.root(), std::string(webhook_id))
        );
        Parsed parsed;
        parsed.events.push_back(std::move(event));
        return parsed;
    }

    std::string_view route_provider() const override { return "standard"; }
};

}  // namespace

std::string_view StandardWebhookId(const WebhookRequest& request) {
    return Header(request, kStandardWebhookIdHeader, "svix-id");
}

const Adapter& StandardAdapter() {
    static const Standard adapter;
    return adapter;
}

}  // namespace unibox::channels
