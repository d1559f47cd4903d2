// What JetStream answers to a publish, and what it means for the message.
// Thread safety: pure functions.
#pragma once

#include "base/status.hpp"
#include "nats/publisher.hpp"

#include <string_view>

namespace unibox::nats::detail {

enum class Fate {
    kStored,   // `ack` says where.
    kRefused,  // For good, `status` says why.
    kRetry,    // Nobody can store it now; the same message may be stored later.
    kBusy,     // As kRetry, and the server asks for less.
};

struct PubReply {
    Fate fate = Fate::kRefused;
    PubAck ack;
    Status status;
};

// `status_header` is the value of the Status header of the reply ("503", "429"), empty if it has
// none.
PubReply ReadPubReply(std::string_view status_header, std::string_view body);

}  // namespace unibox::nats::detail
