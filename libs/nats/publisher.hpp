// Publishes to JetStream without waiting, and tells the outcome of each message exactly once.
//
// A message stays in the window until the server acknowledged it, refused it, or its deadline
// passed. After a reconnect every message of the window is sent again with the same Nats-Msg-Id, so
// the stream stores it once (inside its dedup window). DEADLINE_EXCEEDED therefore means "unknown":
// it may be stored, and publishing it again with the same msg_id is right.
//
// Thread safety: all methods may be called from any thread, also from inside `done`.
#pragma once

#include "base/clock.hpp"
#include "base/status.hpp"
#include "nats/connection.hpp"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace unibox::nats {

struct PubAck {
    std::string stream;
    std::uint64_t sequence = 0;
    bool duplicate = false;  // It was already stored, at `sequence`.
};

struct Outgoing {
    std::string subject;
    std::string msg_id;           // Nats-Msg-Id; the dedup key of the stream. Empty: none.
    std::string expected_stream;  // Nats-Expected-Stream; a mismatch is refused. Empty: any.
    std::string payload;
    std::string traceparent;  // W3C trace context header. Empty: none.
};

inline constexpr std::size_t kPublishWindowCountMax = 65'000;

struct PublisherSettings {
    std::size_t window_count_max = 4096;
    std::size_t window_bytes_max = 16 * 1024 * 1024;
    // A retried refusal (no stream, no leader, "in process") waits this long, doubling up to 16
    // times it.
    Millis retry_wait{50};
    // Send again, on a healthy connection, what is unanswered for so long (a lost answer). 0:
    // never.
    Millis republish_after{1'000};
    // False: each message is sent once. Where it would be sent again (a new session, a retried
    // refusal, a lost answer) it ends instead, so that the caller can look first where it goes.
    bool resend = true;
};

// The outcome of a message that is not a PubAck, by code and reason:
//   RESOURCE_EXHAUSTED  WINDOW_FULL             at once: nothing was sent
//                       SERVER_BUSY             it sheds load (10167, 429) until the deadline
//   UNAVAILABLE         STREAM_FULL             a limit of a stream that discards new (10077)
//                       INSUFFICIENT_RESOURCES  disk or account full (10023, 10002)
//                       NO_STREAM               no stream or no leader until the deadline (503,
//                                               10076)
//                       NOT_CONNECTED           no connection until the deadline; not sent
//                       NOT_SENT_AGAIN          without `resend`; may be stored
//                       SHUTTING_DOWN           the publisher was destroyed; may be stored
//   DEADLINE_EXCEEDED                           sent, unanswered: may be stored
//   INVALID_ARGUMENT    TOO_LARGE               over max_payload or max_msg_size (10054)
//                       BAD_SUBJECT             empty, with blanks or wildcards
//   FAILED_PRECONDITION WRONG_STREAM            another stream owns the subject (10060)
//   ABORTED             WRONG_LAST_SEQUENCE     (10071)
//   UNKNOWN                                     any other refusal, the server's text in the message
class Publisher {
public:
    using Done = std::function<void(Result<PubAck>)>;
    // One result for each message, in the same order.
    using AllDone = std::function<void(std::vector<Result<PubAck>>)>;

    static Result<std::unique_ptr<Publisher>> Create(
        Connection& connection, const PublisherSettings& settings, obs::Metrics& metrics
    );
    virtual ~Publisher() = default;  // Ends what is in the window with "SHUTTING_DOWN".

    // Never blocks. `done` runs exactly once, on a thread of the library that is not the network's,
    // never inside this call, one at a time. It must not block: all deliveries wait for it.
    virtual void Publish(Outgoing message, SteadyTime deadline, Done done) = 0;
    // All messages of one request; `done` runs once, when the last of them is decided. One that can
    // never be sent ("TOO_LARGE", "BAD_SUBJECT") is refused alone. When the others do not all fit
    // into the window none is sent and each of them is "WINDOW_FULL". Empty: done with {}.
    virtual void PublishAll(std::vector<Outgoing> messages, SteadyTime deadline, AllDone done) = 0;

    virtual std::size_t in_flight() const = 0;  // Messages in the window.
    virtual std::size_t in_flight_bytes() const = 0;
};

}  // namespace unibox::nats
