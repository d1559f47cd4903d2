// The client of Redis: one thread that does all input and output, and to each server one connection
// (or connection_count) that all callers share; commands are written one behind the other without
// waiting for answers, and answers are read in that order.
//
// Nothing is kept for later: while Redis is away, commands are refused at once, so that its outage
// is not the caller's. No command is sent twice, but where the server itself did not carry it out
// and says so: MOVED, ASK, NOSCRIPT. No order between two commands is promised, but for those that
// have the same key and were sent from one thread on a connection that lives.
//
// What becomes of a command, by code and reason (reasons.hpp):
//   a Reply                                  Redis answered
//   the table of errors.hpp                  it answered with an error
//   INVALID_ARGUMENT    CROSS_SLOT, NOT_SHARED, TOO_LARGE (over command_bytes_max)
//   RESOURCE_EXHAUSTED  WINDOW_FULL          command_count_max or command_bytes_max is under way
//   UNAVAILABLE         NOT_CONNECTED        no connection to the server that has its key
//                       NOT_SENT             the connection broke before it was written
//                       NO_ANSWER            it broke afterwards: may have been carried out
//                       SHUTTING_DOWN        the client was stopped: may have been carried out
//   DEADLINE_EXCEEDED   NOT_SENT             the time was over before it was written
//                       NO_ANSWER            afterwards: may have been carried out
// A command whose time is over stays under way, for the limits, until its late answer has come and
// was dropped, or the connection is given up (answer_timeout_ms).
//
// Thread safety: all methods from any thread; Call not from inside of a `done`. Stop and the
// destructor from one, not from inside of a `done`.
#pragma once

#include "base/clock.hpp"
#include "base/status.hpp"
#include "redis/command.hpp"
#include "redis/reply.hpp"
#include "redis/settings.hpp"

#include <functional>
#include <memory>

namespace unibox::obs {
class Metrics;
}

namespace unibox::redis {

class Client {
public:
    using Done = std::function<void(Result<Reply>)>;

    // Ok also when no server answers: connecting goes on in the background, for ever, with back-off
    // (also when the login is refused: its files are read anew each time). INVALID_ARGUMENT: the
    // settings are wrong, or a file of TLS cannot be used. `metrics` must outlive the client.
    static Result<std::unique_ptr<Client>> Create(const Settings& settings, obs::Metrics& metrics);
    virtual ~Client() = default;  // Stop().

    // Never blocks. Ok: `done` will run exactly once, on the client's thread, never inside of this
    // call. Otherwise the command is refused at once and `done` never runs. `done` must neither
    // block nor throw: all answers wait for it.
    virtual Status Send(Command command, Millis timeout, Done done) = 0;
    // Commands can be sent now: the server (in a cluster: at least one that is known) is there.
    virtual bool connected() const = 0;
    // Answers what is under way with SHUTTING_DOWN, closes the connections, ends the thread. It
    // waits for a look-up of a host name that the system is busy with.
    virtual void Stop() = 0;

    // Send, and waits for the answer.
    Result<Reply> Call(Command command, Millis timeout);
};

}  // namespace unibox::redis
