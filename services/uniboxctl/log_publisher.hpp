// Puts events into the ingest log, as webhook-ingest does: for replays.
// Thread safety: one thread.
#pragma once

#include "base/status.hpp"
#include "nats/publisher.hpp"
#include "unibox/event/v1/inbound.pb.h"

#include <memory>
#include <string>

namespace unibox::ctl {

class Context;

class LogPublisher {
public:
    // Reads generation and partition count from the streams and the database. UNAVAILABLE: there is
    // none; FAILED_PRECONDITION: they disagree.
    static Result<std::unique_ptr<LogPublisher>> Create(Context& context);

    // Waits for the PubAck. `msg_id` must differ from the one the event had before, or the stream's
    // dedup window would swallow a replay.
    Result<nats::PubAck> Publish(const event::v1::InboundEvent& event, std::string msg_id);

private:
    LogPublisher(std::unique_ptr<nats::Publisher> publisher, int generation, int partition_count);

    std::unique_ptr<nats::Publisher> publisher_;
    int generation_;
    int partition_count_;
};

}  // namespace unibox::ctl
