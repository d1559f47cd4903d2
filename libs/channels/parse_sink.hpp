// Where an adapter puts what it finds in a body: checks and bounds each event, and turns what it
// cannot take into problems. Thread safety: one owner.
#pragma once

#include "channels/adapter.hpp"
#include "channels/json.hpp"
#include "channels/raw_reason.hpp"

#include <cstddef>
#include <string>
#include <string_view>

namespace unibox::channels {

// What a POST may hold is bounded by the limit on bodies. This is beyond what a provider can put
// into 4 MiB (32 bytes an event), and stops who has a secret and makes events of two bytes (lists
// of ids): a body over it is refused as a whole, since half of one would be a silent loss. An event
// takes 500 to 900 bytes of memory, so a body at most about 110 MB; at Meta's 1,000 it is 1 MB.
inline constexpr std::size_t kEventCountMax = 131'072;
inline constexpr std::size_t kProblemCountMax = 16;  // Distinct ones.
inline constexpr std::size_t kProblemDetailBytesMax = 200;

class ParseSink {
public:
    void Add(ProviderEvent&& event);
    void Problem(RawReason reason, std::string_view detail);
    // `repairs`: of the document; those that lost something are told as problems.
    // INVALID_ARGUMENT: there were more than kEventCountMax events.
    Result<Parsed> Take(const JsonRepairs& repairs = {}) &&;

private:
    Parsed parsed_;
    std::size_t event_count_ = 0;  // Also of those over the limit.
};

// A new event with what every event needs. The thread key is also the contact key until that is
// set.
ProviderEvent NewEvent(
    v1::Provider provider, std::string route_key, std::string_view key_class, std::string thread_key
);

// Fills a control event's attribute; empty values are left out.
void SetAttribute(event::v1::ControlBody& control, std::string_view name, std::string value);

// A JSON value as an attribute: scalars as text, lists as JSON, of an object every scalar in it
// under its path ("order_info_name"). What is empty is left out.
void SetAttribute(event::v1::ControlBody& control, const std::string& name, const JsonValue& value);
// Every member of an object so.
void SetAttributes(
    event::v1::ControlBody& control, const JsonValue& object, std::string_view prefix = {}
);

// Leaves the body without a context if it says nothing.
void SetContext(v1::MessageContext&& context, event::v1::MessageBody& body);

// The body of a message that Unibox cannot show: `type` is the provider's word for it.
void SetUnsupported(event::v1::MessageBody& message, std::string_view type);

}  // namespace unibox::channels
