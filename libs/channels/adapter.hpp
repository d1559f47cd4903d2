// The webhook side of a provider: is a request authentic, and which events does it carry. Pure: no
// I/O, no clock, no state. What each provider's events become is in the README.md of its folder.
//
// A webhook is served so: find the adapter by the URL's provider name, verify with the channel's
// (or app's) live secrets, parse, find the channel of each event (by the URL's token, else by
// provider and route_key), Complete, publish. Thread safety: all functions may be called from any
// thread.
#pragma once

#include "base/ids.hpp"
#include "base/secret.hpp"
#include "base/status.hpp"
#include "domain/provider.hpp"
#include "unibox/event/v1/inbound.pb.h"
#include "unibox/v1/common.pb.h"

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace unibox::channels {

// Views into the caller's request; they must live as long as the call.
struct WebhookRequest {
    std::string_view method;  // "POST", or "GET" where the provider may be configured so (Twilio).
    std::string_view path;    // As received.
    std::string_view query;  // As received, without the question mark; never decoded or re-ordered.
    std::string_view body;   // The raw bytes.
    // The value of a header by its case-insensitive name.
    std::function<std::optional<std::string_view>(std::string_view name)> header;
    std::string_view content_type;
};

struct VerifyInput {
    const WebhookRequest& request;
    std::span<const Secret> secrets;  // The live ones, newest first. Empty secrets never match.
    // Where the signature covers it (source.signature), else empty: the URL under which the
    // provider called, from configuration and never from a header, with the query as received
    // ("https://hooks.example.com/v1/hooks/twilio/TOKEN?a=1").
    std::string public_url;
    std::int64_t now_ms = 0;  // Unix, UTC.
};

// One event as the provider told it. `event` has everything that does not depend on the channel;
// Complete adds the rest.
struct ProviderEvent {
    v1::Provider provider = v1::PROVIDER_UNSPECIFIED;
    // Not UNSPECIFIED: if no channel of `provider` has the route key, look for one of this provider
    // and set `provider` to it (some Instagram apps send their events as object "page").
    v1::Provider alternative_provider = v1::PROVIDER_UNSPECIFIED;
    // By which the channel is found where the URL names none: WhatsApp phone_number_id, page or
    // account id (entry.id), Twilio "AccountSid/address of ours". Empty: only the URL's token tells
    // the channel.
    std::string route_key;
    // WhatsApp: the business account that the event came by, and the phone number of ours in it, as
    // digits ("" = all of its numbers). A notice about an account names no route: it is for the
    // channels whose events came by the same account.
    std::string account_key;
    std::string account_number;
    std::string key_class;  // domain::kClass…
    std::string
        discriminator;  // Part of the event key; empty for class message with a provider id.
    event::v1::InboundEvent event;
};

// Authentic, but not (wholly) understood: the raw body is to be kept.
struct Problem {
    std::string reason;  // A word of raw_reason.hpp.
    std::string detail;  // For operators: where in the body, and what. No message text.
};

struct Parsed {
    // In the order of the body; repeats of one event are left in (their event keys are equal).
    std::vector<ProviderEvent> events;
    // Each one once. Empty, and no events: understood, and deliberately ignored (README.md lists
    // what).
    std::vector<Problem> problems;
};

struct Header {
    std::string name;
    std::string value;
};

struct SignInput {
    const Secret& secret;  // Not empty.
    std::string_view body;
    std::string_view url;         // Twilio: the URL called, with its query.
    std::int64_t now_ms = 0;      // standard: the signed time.
    std::string_view webhook_id;  // standard: `webhook-id`, 1 to 255 characters.
};

// What a provider's folder does; the row of adapter.cpp.
struct Adapter {
    const domain::WebhookSource& source;

    // The index of the secret that matched, or UNAUTHENTICATED (with a message for operators, not
    // for the caller). Works on the raw bytes, in constant time where secrets are compared.
    Result<std::size_t> (*verify)(const VerifyInput& input);

    // Call it only after verify. INVALID_ARGUMENT: the body as a whole is not understood, or has
    // more events than any provider sends (parse_sink.hpp). Where the sender reads errors
    // (source.sender_reads_errors) its field() and message are for the sender (400); on all others
    // the answer is 200 and the raw body is kept.
    Result<Parsed> (*parse)(const WebhookRequest& request);

    // The headers that the provider would send, Content-Type first; see Sign (sign.hpp).
    Result<std::vector<Header>> (*sign)(const SignInput& input);

    // The answer to the GET that checks a URL, or PERMISSION_DENIED (403); nullptr where a GET is
    // something else (source.get). `query` as received; empty verify tokens never match.
    Result<std::string> (*check_url)(std::string_view query, std::span<const Secret> verify_tokens);
};

// One for each of domain::kWebhookSources, in their order.
std::span<const Adapter> Adapters();
// By the name in URLs or a provider's name ("meta", "whatsapp", …); nullptr for an unknown one.
const Adapter* FindAdapter(std::string_view name);

// The one answer to a signature that does not fit; `why` is for operators.
Status BadSignature(std::string why);

// The one header that parse reads, and on `standard` only: it names the POST, and event keys are
// made from it. Who parses a request again must have kept it.
inline constexpr const char* kStandardWebhookIdHeader = "webhook-id";
// Its value, under this name or Svix's; "" if there is none.
std::string_view StandardWebhookId(const WebhookRequest& request);

}  // namespace unibox::channels
