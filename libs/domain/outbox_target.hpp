// Which stream a row of the outbox is for. Thread safety: values.
#pragma once

#include <cstdint>

namespace unibox::domain {

// Stored (outbox.target): a number is never used again. message-writer/outbox_streams.hpp says how
// each is relayed.
enum class OutboxTarget : std::int16_t {
    kFeed = 1,
};

}  // namespace unibox::domain
