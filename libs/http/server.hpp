// An HTTP/1.1 server that faces the internet: strict about framing, bounded in everything.
//
// Bodies are read whole, up to the limit of their route (413 and close beyond it, whether declared
// or chunked). A request head must pass request_head.hpp. Slow clients, crowds and overload are
// refused: see Settings. Keep-alive and pipelining (one request of a connection at a time) and
// "Expect: 100-continue" are spoken; answers are HEAD, 404, 405, 413... as problem+json (RFC 9457).
// A handler may give a body bit by bit (body_stream.hpp) or take the connection over (session.hpp).
// Thread safety: all methods from any thread. Handlers run on net threads and must not block.
#pragma once

#include "base/clock.hpp"
#include "base/status.hpp"
#include "config/listener.hpp"
#include "http/message.hpp"
#include "http/router.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace unibox::obs {
class Metrics;
}

namespace unibox::http {

// With TLS the process must ignore SIGPIPE (runtime does).
struct Settings : config::Listener {
    int net_thread_count = 1;
    std::int64_t connection_count_max = 10'000;
    // Of one client: an IPv4 /24 or an IPv6 /64; 0 = no such limit (behind a proxy).
    std::int64_t connection_count_per_client_max = 1'000;
    std::int64_t in_flight_request_count_max = 10'000;
    std::int64_t in_flight_bytes_max = 256LL << 20;  // Bodies held, arriving or being handled.
    // Of it, what the bodies of one client network may hold; 100 = all (behind a proxy).
    std::int64_t in_flight_bytes_per_client_percent = 50;
    std::int64_t head_bytes_max = 8 << 10;
    std::int64_t header_count_max = 64;
    std::int64_t target_bytes_max = 2 << 10;
    std::int64_t head_timeout_ms = 5'000;
    // In each such time a body that is not complete must grow by at least as much as
    // body_bytes_per_s_min gives in it: a fast beginning buys no silence.
    std::int64_t body_timeout_ms = 10'000;
    std::int64_t body_bytes_per_s_min = 16 << 10;
    std::int64_t body_total_ms_max = 30'000;   // The whole body, however it arrives.
    std::int64_t idle_timeout_ms = 60'000;     // Kept-alive connection without a request.
    std::int64_t handler_timeout_ms = 30'000;  // Then 503; a later answer is dropped.
    std::int64_t write_timeout_ms = 10'000;    // Without any progress of a response.
    std::int64_t request_count_per_connection_max = 1'000'000;
    std::int64_t retry_after_s = 1;  // Told with every 503. The service's choice: no field.

    // The fields as section "http" of a service's configuration.
    void Describe(config::FieldTable& table);

private:
    void DescribeLimits(config::SectionFields& section);
    void DescribeTimes(config::SectionFields& section);
};

class Server {
public:
    // Binds, listens and starts the net threads. `listener` names the server in metrics ("http",
    // "admin"). INVALID_ARGUMENT for settings or routes that cannot be, UNAVAILABLE if the address
    // is taken. `clock` and `metrics` must outlive the server.
    static Result<std::unique_ptr<Server>> Start(
        Settings settings,
        std::vector<Route> routes,
        const Clock& clock,
        obs::Metrics& metrics,
        std::string listener = "http"
    );
    virtual ~Server() = default;  // Stops.

    // The bound host:port.
    virtual std::string address() const = 0;
    // Answers from now on carry "Connection: close", so that clients go elsewhere by themselves;
    // new connections are still taken. For the time in which load balancers learn of the stop.
    virtual void AnnounceStop() = 0;
    // AnnounceStop, closes the listening socket and idle connections, tells sessions. Who takes
    // nothing of an answer, sends nothing of a head, or has gone, is cut off after 5 s. Does not
    // wait.
    virtual void StopAccepting() = 0;
    // StopAccepting, waits up to `grace` for requests, streams and sessions, closes everything,
    // joins. Respond functions still held elsewhere do nothing from then on. Idempotent.
    virtual void Stop(Millis grace) = 0;
};

}  // namespace unibox::http
