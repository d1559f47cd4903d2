// Reads a stream as a log: from a sequence on, in order, without a gap, at the pace of the caller.
//
// It keeps no state on the server: an ephemeral consumer in memory delivers, and is made anew after
// a reconnect, a lost message, silence or its own loss. The position lives with the caller.
//
// All it returns is of one history. Each consumer begins with the last message that was read, and
// nothing behind it is taken before that one was recognised by its LogMark: a server that came back
// with an older store, and has given the same sequences to other messages since, is noticed before
// the first of them. The proof and what it proves come from the same consumer, which lives in the
// memory of one server process, so no restart can come between them.
//
// Thread safety: one thread at a time. Many readers can share one Connection.
#pragma once

#include "base/clock.hpp"
#include "base/log_mark.hpp"
#include "base/status.hpp"
#include "nats/connection.hpp"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace unibox::nats {

struct LogMessage {
    std::uint64_t sequence = 0;
    std::int64_t stored_unix_ms = 0;
    std::string subject;
    std::string payload;
    std::string msg_id;  // Nats-Msg-Id, empty if it had none.
    std::string traceparent;
};

struct LogReaderSettings {
    // What the server may send ahead of Fetch; two pulls of half the credit each are outstanding. A
    // message that is larger than half the credit is asked for alone. The credit of all readers of
    // a connection must stay below the server's max_pending, or it cuts the connection.
    std::size_t credit_msgs = 2000;
    std::size_t credit_bytes = 8 * 1024 * 1024;
    // 2.5 of them without a sign of life: the consumer is made anew.
    Millis heartbeat{1'000};
    Millis pull_expires{30'000};
    Millis inactive_threshold{60'000};  // Then the server forgets an abandoned consumer.
    // Called when something arrived for Fetch, so that one thread can wait for many readers. It
    // runs on a thread of nats.c: it must not block and must not call the reader. It may come
    // without need.
    std::function<void()> on_arrival;
    // When known: the stream must have been created at this time (StreamInfo::created_unix_us).
    std::optional<std::int64_t> expected_created_unix_us;
    // When known: what the message before the first one wanted must be, unless the stream does not
    // reach back to it any more. Otherwise it is learnt from the first consumer.
    std::optional<LogMark> expected_last;
};

class LogReader {
public:
    // `start_sequence` >= 1 is the first one wanted; last_seq + 1 is the end of the log. Asks the
    // server: NOT_FOUND, UNAVAILABLE, DEADLINE_EXCEEDED, or the two errors of Fetch.
    static Result<std::unique_ptr<LogReader>> Open(
        Connection& connection,
        std::string_view stream,
        std::uint64_t start_sequence,
        const LogReaderSettings& settings,
        obs::Metrics& metrics
    );
    virtual ~LogReader() = default;

    // Waits up to `wait` (0: takes what has arrived) for at least one message, then returns what is
    // there: at most count_max messages and bytes_max bytes of payload, but always at least one
    // message. Empty: nothing new.
    //   DATA_LOSS            GAP: next_sequence() is not in the stream any more, see
    //                        first_available(); stays until SkipTo
    //   FAILED_PRECONDITION  STREAM_RECREATED: created at another time, or its last sequence is
    //                        below next_sequence() - 1, or another message lies there than the one
    //                        that was read; final
    //   NOT_FOUND            the stream does not exist (now)
    //   UNAVAILABLE          the server could not be asked for longer than the request timeout, and
    //                        `wait` is over; call again
    // The reader works only inside Fetch: call it at least every heartbeat while on_arrival is
    // silent.
    virtual Result<std::vector<LogMessage>> Fetch(
        std::size_t count_max, std::size_t bytes_max, Millis wait
    ) = 0;

    // The sequence that the next message must have.
    virtual std::uint64_t next_sequence() const = 0;
    // After "GAP": the first sequence after it; the messages from next_sequence() up to it are
    // lost.
    virtual std::uint64_t first_available() const = 0;
    // Goes on at `sequence` (>= next_sequence()), once somebody answered for the gap.
    virtual Status SkipTo(std::uint64_t sequence) = 0;
    // Messages behind the newest delivered one, as the server said with it.
    virtual std::uint64_t pending() const = 0;
};

}  // namespace unibox::nats
