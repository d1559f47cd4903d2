// What the relay asks before it publishes, and tells afterwards: whether the feed's stream is the
// one that consumers have positions in, and which epoch events must carry.
// Thread safety: any thread. Implementations never call the relay from inside these calls.
#pragma once

#include "base/clock.hpp"
#include "nats/publisher.hpp"

#include <cstdint>
#include <optional>
#include <string>

namespace unibox::writer {

class FeedGate {
public:
    // Of one look at the stream.
    struct Ticket {
        std::uint64_t number = 0;  // greater than those before
        std::string epoch;         // 16 bytes
        SteadyTime begun_at{};     // An epoch that was read before this is not newer.
    };

    virtual ~FeedGate() = default;
    // Nothing: it is not known whose history the stream holds, so nothing may be published now.
    virtual std::optional<Ticket> Open() = 0;
    // The stream stored what was sent with this ticket.
    virtual void Acknowledged(
        std::uint64_t ticket, const nats::PubAck& ack, const std::string& msg_id
    ) = 0;
    // The stream may be another than it was at that look: closes until the next.
    virtual void Doubt(std::uint64_t ticket) = 0;
    // Whether PostgreSQL would notice, should the stream lose what was acknowledged. Before that
    // an event must stay in the outbox.
    virtual bool IsSafe(std::uint64_t ticket, std::uint64_t sequence) = 0;
};

}  // namespace unibox::writer
