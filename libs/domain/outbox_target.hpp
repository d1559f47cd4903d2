// Which stream a row of the outbox is for. Thread safety: values.
#pragma once

#include <cstdint>
#include <string_view>

namespace unibox::domain {

// Stored (outbox.target): a number is never used again. message-writer/outbox_streams.hpp says how
// each is relayed.
enum class OutboxTarget : std::int16_t {
    kFeed = 1,
    // What is to be sent to customers (UB_OUT_*, unibox.event.v1.SendJob), by the way it goes.
    kChat = 2,
    kSms = 3,
    kEmail = 4,
    kWebhook = 5,
};

// The word for it in subjects and names of streams; "" for a target of a later version.
constexpr std::string_view NameOf(OutboxTarget target) {
    switch (target) {
        case OutboxTarget::kFeed:
            return "feed";
        case OutboxTarget::kChat:
            return "chat";
        case OutboxTarget::kSms:
            return "sms";
        case OutboxTarget::kEmail:
            return "email";
        case OutboxTarget::kWebhook:
            return "webhook";
    }
    return {};
}

}  // namespace unibox::domain
