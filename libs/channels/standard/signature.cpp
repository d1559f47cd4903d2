// Standard Webhooks: any system that signs `webhook-id`.`webhook-timestamp`.body.
#include "channels/standard/signature.hpp"

#include "base/encoding.hpp"
#include "base/strings.hpp"
#include "channels/standard/standard.hpp"
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
std::string_view HeaderOf(const WebhookRequest& request, const char* name, const char* svix_name) {
    const auto value = request.header(name);
    return value ? *value : request.header(svix_name).value_or(std::string_view());
}

Result<SignedHeaders> ReadHeaders(const WebhookRequest& request) {
    const SignedHeaders headers = {
        StandardWebhookId(request),
        HeaderOf(request, "webhook-timestamp", "svix-timestamp"),
        HeaderOf(request, "webhook-signature", "svix-signature")};
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

}  // namespace

std::optional<std::string> StandardWebhookKey(std::string_view secret) {
    static constexpr std::string_view kPrefix = "whsec_";
    if (secret.starts_with(kPrefix)) secret.remove_prefix(kPrefix.size());
    auto key = Base64Decode(secret);
    if (key && key->empty()) key.reset();
    return key;
}

std::string StandardSignature(
    std::string_view key, std::string_view id, std::string_view timestamp, std::string_view body
) {
    return crypto::HmacSha256(key, {id, ".", timestamp, ".", body});
}

std::string_view StandardWebhookId(const WebhookRequest& request) {
    return HeaderOf(request, kStandardWebhookIdHeader, "svix-id");
}

Result<std::size_t> VerifyStandard(const VerifyInput& input) {
    UNIBOX_ASSIGN_OR_RETURN(const SignedHeaders headers, ReadHeaders(input.request));
    const std::int64_t signed_ms = ParseInt64(headers.timestamp).value_or(0) * 1000;
    // The sender has whole seconds only, so the comparison is in whole seconds too.
    const std::int64_t age_ms = input.now_ms / 1000 * 1000 - signed_ms;
    const auto signatures = ReadSignatures(headers.signatures);
    for (std::size_t i = 0; i < input.secrets.size(); ++i) {
        const auto key = StandardWebhookKey(input.secrets[i].Reveal());
        if (!key) continue;
        const std::string expected =
            Base64Encode(StandardSignature(*key, headers.id, headers.timestamp, input.request.body)
            );
        for (const std::string_view given : signatures) {
            if (!crypto::ConstantTimeEquals(given, expected)) continue;
            if (std::abs(age_ms) > kToleranceMs) return TimeAway(age_ms);
            return i;
        }
    }
    return BadSignature("webhook-signature does not match");
}

Result<std::vector<Header>> SignStandard(const SignInput& input) {
    const auto key = StandardWebhookKey(input.secret.Reveal());
    if (!key)
        return InvalidArgument("the secret must be base64, with or without whsec_")
            .WithField("secret");
    if (input.webhook_id.empty() || input.webhook_id.size() > kWebhookIdBytesMax) {
        return InvalidArgument("webhook_id must have 1 to 255 characters").WithField("webhook_id");
    }
    const std::string timestamp = std::to_string(input.now_ms / 1000);
    const std::string mac = StandardSignature(*key, input.webhook_id, timestamp, input.body);
    return std::vector<Header>{
        {"Content-Type", "application/json"},
        {"webhook-id", std::string(input.webhook_id)},
        {"webhook-timestamp", timestamp},
        {"webhook-signature", "v1," + Base64Encode(mac)}};
}

}  // namespace unibox::channels
