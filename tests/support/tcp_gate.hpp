// A TCP proxy on 127.0.0.1 that misbehaves on demand: between a client and a real server.
// Thread safety: all methods from any thread.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

namespace unibox::test {

class TcpGate {
public:
    enum class Mode {
        kPass,    // Forwards both ways.
        kRefuse,  // New connections are closed at once; open ones are closed.
        kDrop,    // Bytes are read and thrown away, both ways; nothing is closed: a black hole.
        kStall,   // Nothing is read: the peers' buffers fill up.
        kDropReplies,  // Requests reach the server; its answers are thrown away.
    };

    explicit TcpGate(int target_port);
    ~TcpGate();
    TcpGate(const TcpGate&) = delete;
    TcpGate& operator=(const TcpGate&) = delete;

    int port() const { return port_; }
    void SetTarget(int port) { target_port_ = port; }
    void SetMode(Mode mode);
    // Each chunk waits this long before it is forwarded (both ways).
    void SetDelay(std::chrono::milliseconds delay) { delay_ms_ = delay.count(); }
    // Resets every open connection; new ones are served according to the mode.
    void CloseAll();
    int connections() const { return connection_count_; }
    std::uint64_t bytes_to_server() const { return bytes_to_server_; }
    std::uint64_t bytes_to_client() const { return bytes_to_client_; }

private:
    struct Link;
    void Accept();
    void Serve(std::shared_ptr<Link> link, bool to_server);

    int listener_ = -1;
    int port_ = 0;
    std::atomic<int> target_port_;
    std::atomic<Mode> mode_{Mode::kPass};
    std::atomic<std::int64_t> delay_ms_{0};
    std::atomic<bool> stopping_{false};
    std::atomic<int> connection_count_{0};
    std::atomic<std::uint64_t> bytes_to_server_{0};
    std::atomic<std::uint64_t> bytes_to_client_{0};
    std::mutex mutex_;
    std::vector<std::shared_ptr<Link>> links_;
    std::thread acceptor_;
};

}  // namespace unibox::test
