// What is known of each provider, in one row: whoever treats providers differently reads it here. A
// new provider is a row of this file and a folder of libs/channels; a row that is missing or out of
// its place does not compile.
// Thread safety: constants and pure functions.
#pragma once

#include "domain/outbox_target.hpp"
#include "unibox/v1/common.pb.h"

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

namespace unibox::domain {

// What a GET of a webhook's URL is.
enum class GetRequest {
    kRefused,    // 405.
    kIsWebhook,  // Another way to call, with everything in the query.
    kChecksUrl,  // Whether the URL is ours: answered with what the provider wants to read.
};

// What the sender's signature covers.
enum class Signature {
    kIsTheSecret,    // Nothing: the secret itself is sent.
    kBody,           // The raw bytes.
    kUrlAndFields,   // The URL as the sender knows it, hence from configuration, and the fields.
    kIdTimeAndBody,  // The id of the request, of which event keys are made, besides the body.
};

// What sends webhooks to one name in URLs: one provider, or the three of Meta.
struct WebhookSource {
    std::string_view url_name;   // /v1/hooks/<url_name>
    std::size_t body_bytes_max;  // Larger ones are answered 413; a setting may say otherwise.
    Signature signature;
    GetRequest get;
    // Channels may be served through an app of the operator's, with one URL and one secret for all.
    bool has_apps;
    // A sender that can act on an error: 400 with the field for what cannot be read, 429 over the
    // tenant's rate. The others could only repeat, so they are answered 200 and the body is kept.
    bool sender_reads_errors;
    // Behind the URL that is to be entered at the provider, neither sent nor signed: what makes it
    // repeat a webhook that was not stored.
    std::string_view retry_fragment;
    // Members of a JSON body whose values are times, for moving a recorded one to now.
    std::span<const std::string_view> time_members;
};

struct ProviderTraits {
    v1::Provider provider;
    std::string_view name;  // In the directory, in tenants.yaml and for people.
    const WebhookSource& source;
    std::string_view route;   // By what an app's events find their channel, for people; "" = none.
    bool has_many_reactions;  // A contact's reactions to a message: one an emoji, or one in all.
    OutboxTarget sends_to;    // Whose stream gets what is to be sent.
    bool has_templates;       // It takes texts that it approved beforehand, at any time.
    // How long after a customer's message it takes free text; 0 = always.
    std::int64_t reply_window_ms;
};

inline constexpr std::int64_t kMetaReplyWindowMs = 24LL * 3600 * 1000;

inline constexpr std::array<std::string_view, 2> kTelegramTimeMembers = {"date", "edit_date"};
inline constexpr WebhookSource kTelegramWebhooks = {
    .url_name = "telegram",
    .body_bytes_max = 1 << 20,
    .signature = Signature::kIsTheSecret,
    .get = GetRequest::kRefused,
    .has_apps = false,
    .sender_reads_errors = false,
    .retry_fragment = "",
    .time_members = kTelegramTimeMembers,
};

inline constexpr std::array<std::string_view, 3> kMetaTimeMembers = {
    "time", "timestamp", "watermark"};
inline constexpr WebhookSource kMetaWebhooks = {
    .url_name = "meta",
    .body_bytes_max = 4 << 20,  // Many events of many tenants.
    .signature = Signature::kBody,
    .get = GetRequest::kChecksUrl,
    .has_apps = true,
    .sender_reads_errors = false,
    .retry_fragment = "",
    .time_members = kMetaTimeMembers,
};

inline constexpr WebhookSource kTwilioWebhooks = {
    .url_name = "twilio",
    .body_bytes_max = 1 << 20,
    .signature = Signature::kUrlAndFields,
    .get = GetRequest::kIsWebhook,
    .has_apps = false,
    .sender_reads_errors = false,
    // Connection overrides: five retries (the most there are), on every kind of failure.
    .retry_fragment = "#rc=5&rp=all",
    .time_members = {},  // Forms that tell no time.
};

inline constexpr std::array<std::string_view, 1> kStandardTimeMembers = {"timestamp"};
inline constexpr WebhookSource kStandardWebhooks = {
    .url_name = "standard",
    .body_bytes_max = 1 << 20,
    .signature = Signature::kIdTimeAndBody,
    .get = GetRequest::kRefused,
    .has_apps = false,
    .sender_reads_errors = true,
    .retry_fragment = "",
    .time_members = kStandardTimeMembers,
};

inline constexpr std::array<const WebhookSource*, 4> kWebhookSources = {
    &kTelegramWebhooks, &kMetaWebhooks, &kTwilioWebhooks, &kStandardWebhooks};

// In the order of their numbers, none left out.
inline constexpr std::array<ProviderTraits, v1::Provider_MAX> kProviders = {{
    {.provider = v1::PROVIDER_TELEGRAM,
     .name = "telegram",
     .source = kTelegramWebhooks,
     .route = "",
     .has_many_reactions = true,
     .sends_to = OutboxTarget::kChat,
     .has_templates = false,
     .reply_window_ms = 0},
    {.provider = v1::PROVIDER_WHATSAPP,
     .name = "whatsapp",
     .source = kMetaWebhooks,
     .route = "the phone number id",
     .has_many_reactions = false,
     .sends_to = OutboxTarget::kChat,
     .has_templates = true,
     .reply_window_ms = kMetaReplyWindowMs},
    {.provider = v1::PROVIDER_MESSENGER,
     .name = "messenger",
     .source = kMetaWebhooks,
     .route = "the page id",
     .has_many_reactions = false,
     .sends_to = OutboxTarget::kChat,
     .has_templates = false,
     .reply_window_ms = kMetaReplyWindowMs},
    {.provider = v1::PROVIDER_INSTAGRAM,
     .name = "instagram",
     .source = kMetaWebhooks,
     .route = "the account id",
     .has_many_reactions = false,
     .sends_to = OutboxTarget::kChat,
     .has_templates = false,
     .reply_window_ms = kMetaReplyWindowMs},
    {.provider = v1::PROVIDER_TWILIO,
     .name = "twilio",
     .source = kTwilioWebhooks,
     .route = "",
     .has_many_reactions = false,
     .sends_to = OutboxTarget::kSms,
     .has_templates = false,
     .reply_window_ms = 0},
    {.provider = v1::PROVIDER_STANDARD,
     .name = "standard",
     .source = kStandardWebhooks,
     .route = "",
     .has_many_reactions = true,
     .sends_to = OutboxTarget::kWebhook,
     .has_templates = false,
     .reply_window_ms = 0},
}};

// nullptr: UNSPECIFIED, or a provider of a later version.
const ProviderTraits* FindProvider(v1::Provider provider);
const ProviderTraits* FindProvider(std::string_view name);
const WebhookSource* FindWebhookSource(std::string_view url_name);
// "" where there is none.
std::string_view ProviderName(v1::Provider provider);
// For people, in the order of the rows: all; those whose channels may be served through an app.
std::vector<std::string_view> ProviderNames();
std::vector<std::string_view> SourcesWithApps();

}  // namespace unibox::domain
