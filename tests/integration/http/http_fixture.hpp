// A server with a few routes.
// Thread safety: the test's thread.
#pragma once

#include "base/mutex.hpp"
#include "http/client.hpp"
#include "http/server.hpp"
#include "obs/metrics.hpp"
#include "support/raw_socket.hpp"

#include <memory>
#include <string>
#include <thread>
#include <vector>

namespace unibox::test {

// Holds Respond functions until a test lets them go.
class HeldAnswers {
public:
    void Hold(std::shared_ptr<http::Request> request, http::Respond respond);
    std::size_t count() const;
    // Of those that are held, the requests that nobody waits for any more.
    std::size_t abandoned_count() const;
    // Answers all that are held with 200 and this body, from the calling thread.
    void Release(const std::string& body);
    void DropAll();

private:
    mutable Mutex mutex_;
    std::vector<http::Respond> held_ UNIBOX_GUARDED_BY(mutex_);
    std::vector<std::shared_ptr<http::Request>> requests_ UNIBOX_GUARDED_BY(mutex_);
};

// Routes: POST /echo (limit 1000 bytes) answers the body; POST /big (8 MiB) its size; GET /get;
// POST /held waits in `held`; POST /v1/hooks/{provider} and /hooks/{provider} answer 200;
// GET /throw throws.
struct HttpFixture {
    explicit HttpFixture(
        http::Settings settings = {},
        std::vector<http::Route> more_routes = {},
        const Clock& clock = SystemClock()
    );
    ~HttpFixture();

    double Refused(const std::string& reason);
    // Of a gauge of this listener.
    double Gauge(const std::string& name);

    obs::Metrics metrics;
    HeldAnswers held;
    std::unique_ptr<http::Server> server;
};

// Answers one connection's first request with these bytes, whatever it is, and closes.
class CannedServer {
public:
    explicit CannedServer(const std::string& answer);
    ~CannedServer();
    CannedServer(const CannedServer&) = delete;
    CannedServer& operator=(const CannedServer&) = delete;

    std::string address() const { return "127.0.0.1:" + std::to_string(port_); }

private:
    void Serve(const std::string& answer) const;

    int socket_;
    int port_ = 0;
    std::thread thread_;
};

}  // namespace unibox::test
