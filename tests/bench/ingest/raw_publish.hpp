// The events of the same webhooks, built beforehand, published with nats.c alone
// (js_PublishMsgAsync): what JetStream costs without HTTP, signatures and parsing.
// Thread safety: one caller.
#pragma once

#include "base/status.hpp"
#include "bench/common/http_load.hpp"
#include "nats/publisher.hpp"

#include <memory>
#include <string>
#include <vector>

namespace unibox::bench {

class RawPublisher {
public:
    // UNAVAILABLE if there is no server. `in_flight_max`: messages that wait for their answer.
    static Result<std::unique_ptr<RawPublisher>> Connect(
        const std::string& nats_url, std::size_t in_flight_max
    );
    virtual ~RawPublisher() = default;

    // Publishes each message once and waits for all answers.
    virtual Result<LoadResult> Run(const std::vector<nats::Outgoing>& messages) = 0;
};

// The event that webhook-ingest would publish for this WhatsApp webhook of one message.
nats::Outgoing EventOf(const std::string& body, int partition_count);

}  // namespace unibox::bench
