// One connection to NATS: core publish, subscribe, request. It reconnects for ever by itself, and
// is rebuilt when nats.c gives it up (two equal authentication errors), so that a rotated
// creds_file is picked up; a new password, token or certificate needs a restart. Publisher,
// LogReader and Streams are built on it.
//
// Whoever uses a Connection must die before it.
// Thread safety: all methods may be called from any thread. All handlers of the process run on one
// thread of nats.c, which also brings acknowledgements and answers: they must not block, and must
// not call Request.
#pragma once

#include "base/clock.hpp"
#include "base/status.hpp"
#include "nats/settings.hpp"

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

namespace unibox::obs {
class Metrics;
}

namespace unibox::nats {

namespace detail {
class ConnectionImpl;
}

class Connection {
public:
    using Handler = std::function<void(std::string_view subject, std::string_view payload)>;

    // Ok also when no server answers yet: connecting goes on in the background.
    // Refused credentials are tried again for ever too (a creds_file is read anew each time).
    // INVALID_ARGUMENT: the settings are wrong, for example a certificate that cannot be read.
    // `clock` must outlive the connection; what is built on it goes by the same one.
    static Result<std::unique_ptr<Connection>> Connect(
        const Settings& settings, obs::Metrics& metrics, const Clock& clock = SystemClock()
    );
    ~Connection();
    Connection(const Connection&) = delete;
    Connection& operator=(const Connection&) = delete;

    bool connected() const;
    // Counts the connects: what was sent in an earlier session may be lost, and what was known of
    // the server's streams may be over.
    std::uint64_t session() const;
    // The largest message, headers included, that the server accepts; 0 before the first connect.
    std::int64_t payload_bytes_max() const;

    // Without acknowledgement, at most once. UNAVAILABLE: not connected. RESOURCE_EXHAUSTED: more
    // than write_buffer_bytes_max waits to be sent. INVALID_ARGUMENT reason "TOO_LARGE".
    Status Publish(std::string_view subject, std::string_view payload);
    // Until the connection dies. `handler` sees every message from now on, also after reconnects;
    // what was published while the connection was away is missed. `subject` may have wildcards.
    Status Subscribe(std::string_view subject, Handler handler);
    // `handler` runs after each connect from now on, when the subscriptions are in place: what came
    // while the connection was away was missed. Until the connection dies.
    void OnConnect(std::function<void()> handler);
    // For notices without content ("something was changed") that must not be missed: `changed` runs
    // at each message on `subject`, and after each connect. Until the connection dies.
    Status WatchChanges(std::string_view subject, const std::function<void()>& changed);
    // Such a notice; ok: the server has it. At most `flush_max`; errors of Publish and Flush.
    Status TellChange(std::string_view subject, Millis flush_max);
    // UNAVAILABLE: not connected, or nobody answers (reason "NO_RESPONDERS"). DEADLINE_EXCEEDED.
    Result<std::string> Request(std::string_view subject, std::string_view payload, Millis timeout);
    // Waits until the server has seen all that was published; DEADLINE_EXCEEDED or UNAVAILABLE.
    Status Flush(Millis timeout);

    detail::ConnectionImpl& impl() { return *impl_; }

private:
    explicit Connection(std::unique_ptr<detail::ConnectionImpl> impl);
    std::unique_ptr<detail::ConnectionImpl> impl_;
};

}  // namespace unibox::nats
