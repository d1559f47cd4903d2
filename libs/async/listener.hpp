// Listens on one address and accepts until it is closed, whatever accept() says: out of file
// descriptors (EMFILE, ENFILE) it waits kAcceptPause and goes on, so that no shortage ends it.
// Thread safety: Listen and address from one thread, before the loops run; Start, Close and all the
// hooks on the first loop's thread, Start also before it runs; CloseAndWait as it says.
#pragma once

#include "async/asio.hpp"
#include "base/status.hpp"

#include <chrono>
#include <cstddef>
#include <functional>
#include <string>
#include <vector>

namespace unibox::async {

constexpr std::chrono::milliseconds kAcceptPause{100};

// Of threads that have a loop() each.
template <typename Threads>
std::vector<asio::io_context*> LoopsOf(const Threads& threads) {
    std::vector<asio::io_context*> loops;
    for (const auto& thread : threads) loops.push_back(&thread->loop());
    return loops;
}

class Listener {
public:
    struct Hooks {
        // The socket belongs to the loop of this index.
        std::function<void(std::size_t loop, tcp::socket socket, const tcp::endpoint& peer)>
            accepted;
        // accept() failed; `first` if it had not failed since the last connection.
        std::function<void(const error_code& error, bool first)> failed;
    };

    // Accepts on the first of `loops`; connections go round all of them. They must outlive it.
    Listener(std::vector<asio::io_context*> loops, Hooks hooks);

    // Binds and listens. INVALID_ARGUMENT (field "listen") for what is no host:port, UNAVAILABLE if
    // the address is taken.
    Status Listen(const std::string& host_port);
    // As bound: host:port. For a wildcard address that is 0.0.0.0 or [::].
    const std::string& address() const { return address_; }
    const tcp::endpoint& endpoint() const { return endpoint_; }

    void Start();
    // No hook is called after it.
    void Close();
    // Close, from any thread but that of the first loop, which must run. Returns when it is done.
    void CloseAndWait();

private:
    void Accept();
    void Pause(const error_code& error);

    const std::vector<asio::io_context*> loops_;
    const Hooks hooks_;
    tcp::acceptor acceptor_;
    asio::steady_timer pause_;
    tcp::endpoint endpoint_;
    std::string address_;
    std::size_t next_loop_ = 0;
    bool failing_ = false;
};

}  // namespace unibox::async
