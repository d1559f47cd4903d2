// Where an adapter puts what it finds in a body: checks and bounds each event, and turns what it
// cannot take into problems. Thread safety: one owner.
#pragma once

#include "channels/adapter.hpp"
#include "channels/json.hpp"

#include <cstddef>
#include <string>
#include <string_view>

namespace unibox::channels {

inline constexpr std::size_t kProblemCountMax = 16;  // Distinct ones.
inline constexpr std::size_t kProblemDetailBytesMax = 200;

class ParseSink {
public:
    void Add(ProviderEvent&& event);
    void Problem(std::string_view reason, std::string_view detail);
    // `repairs`: of the document; those that lost something are told as problems.
    Parsed Take(const JsonRepairs& repairs = {}) &&;

private:
    Parsed parsed_;
};

// A new event with what every event needs. The thread key is also the contact key until that is
// set.
ProviderEvent NewEvent(
    v1::Provider provider, std::string route_key, std::string_view key_class, std::string thread_key
);

// Fills a control event's attribute; empty values are left out.
void SetAttribute(event::v1::ControlBody& control, std::string_view name, std::string value);

// The body of a message that Unibox cannot show: `type` is the provider's word for it.
void SetUnsupported(event::v1::MessageBody& message, std::string_view type);

}  // namespace unibox::channels
