// A server with a few routes, and a raw socket that says exactly what a test wants said.
// Thread safety: the test's thread.
#pragma once

#include "base/mutex.hpp"
#include "http/client.hpp"
#include "http/server.hpp"
#include "obs/metrics.hpp"

#include <chrono>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace unibox::test {

// Holds Respond functions until a test lets them go.
class HeldAnswers {
public:
    void Hold(http::Respond respond);
    std::size_t count() const;
    // Answers all that are held with 200 and this body, from the calling thread.
    void Release(const std::string& body);
    void DropAll();

private:
    mutable Mutex mutex_;
    std::vector<http::Respond> held_ UNIBOX_GUARDED_BY(mutex_);
};

// Routes: POST /echo (limit 1000 bytes) answers the body; POST /big (8 MiB) its size; GET /get;
// POST /held waits in `held`; POST /v1/hooks/{provider} and /hooks/{provider} answer 200;
// GET /throw throws.
struct HttpFixture {
    explicit HttpFixture(http::Settings settings = {});
    ~HttpFixture();

    double Refused(const std::string& reason);

    obs::Metrics metrics;
    HeldAnswers held;
    std::unique_ptr<http::Server> server;
};

class RawSocket {
public:
    explicit RawSocket(const std::string& address);
    ~RawSocket();
    RawSocket(const RawSocket&) = delete;
    RawSocket& operator=(const RawSocket&) = delete;

    // False if the peer has closed.
    bool Send(std::string_view data);
    void FinishSending();
    // Reads until `text` has come, the peer closes or `timeout` passes; all that came since the
    // last call.
    std::string ReadUntil(
        std::string_view text, std::chrono::milliseconds timeout = std::chrono::seconds(5)
    );
    // Reads until the peer closes; false after `timeout`. What came is in `received`.
    bool ReadToEnd(
        std::string* received, std::chrono::milliseconds timeout = std::chrono::seconds(5)
    );

private:
    int socket_ = -1;
};

// Status of the first response in `text`, 0 if there is none.
int StatusOf(std::string_view text);
std::size_t CountOf(std::string_view text, std::string_view part);

}  // namespace unibox::test
