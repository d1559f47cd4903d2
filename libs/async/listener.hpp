// Listens on one address and accepts until it is closed, whatever accept() says: out of file
// descriptors (EMFILE, ENFILE) it waits kAcceptPause and goes on, so that no shortage ends it.
// Thread safety: Listen and address from one thread, before the loop runs; Start and Close, and all
// the hooks, on the loop's thread.
#pragma once

#include "async/asio.hpp"
#include "base/status.hpp"

#include <chrono>
#include <functional>
#include <string>

namespace unibox::async {

constexpr std::chrono::milliseconds kAcceptPause{100};

// The network that stands for one client where clients are counted: IPv4 /24, IPv6 /64.
std::string NetworkOf(const asio::ip::address& address);

class Listener {
public:
    struct Hooks {
        // Whose loop the next socket belongs to.
        std::function<asio::io_context&()> loop_of_next;
        std::function<void(tcp::socket socket, const tcp::endpoint& peer)> accepted;
        // accept() failed; `first` if it had not failed since the last connection.
        std::function<void(const error_code& error, bool first)> failed;
    };

    Listener(asio::io_context& loop, Hooks hooks);

    // Binds and listens. INVALID_ARGUMENT (field "listen") for what is no host:port, UNAVAILABLE if
    // the address is taken.
    Status Listen(const std::string& host_port);
    // As bound: host:port. For a wildcard address that is 0.0.0.0 or [::].
    const std::string& address() const { return address_; }
    const tcp::endpoint& endpoint() const { return endpoint_; }

    void Start();
    // No hook is called after it.
    void Close();

private:
    void Accept();
    void Pause(const error_code& error);

    asio::io_context& loop_;
    const Hooks hooks_;
    tcp::acceptor acceptor_;
    asio::steady_timer pause_;
    tcp::endpoint endpoint_;
    std::string address_;
    bool failing_ = false;
};

}  // namespace unibox::async
